"""What each key of a rule file is for, in a sentence: what an editor shows beside it (`schema`).

Keys that stand in several tables and mean the same everywhere are told once, in `EVERYWHERE`.
"""

from __future__ import annotations

from collections.abc import Mapping

EVERYWHERE: Mapping[str, str] = {
    "id": "Names the rule in the ledger for ever; never used again for another.",
    "because": "Why the rule is there: whoever is refused reads it.",
    "who": "Any of these roles, or outsider. Left out: anybody.",
    "to": "Any of these groups, staff, strangers or partner:ID. Left out: anybody.",
    "labels": "Any of these labels. Left out: every label.",
    "by": "Any of these ways out. Left out: every way.",
    "for": "Any of these purposes. Left out: every purpose.",
    "when": "All of these facts must be yes. One that cannot be determined holds.",
    "unless": "Exempts only if all of these facts are yes.",
    "until": "The last day on which it counts, that day included.",
    "owner": "Who can renew it, by address; asked when it is missed.",
    "mode": "watch: judged and recorded, without effect.",
    "families": "Of these kinds of document alone.",
}

BY_TABLE: Mapping[str, Mapping[str, str]] = {
    "RoleTable": {
        "may-handle": "The highest label somebody with this role may send.",
        "powers": "What they may do beside sending.",
        "sign-in": "How they sign in at the file door. Left out: in any way.",
    },
    "PersonTable": {
        "name": "What people call them.",
        "roles": "What they are; what each may counts up to its own may-handle.",
        "until": "The last day of the account.",
        "also": "Further addresses of theirs.",
        "unit": "The part of the office whose supervisor sees what they sent.",
    },
    "LabelsFile": {
        "labels": "Every label, the least confidential first.",
        "purposes": "Everything papers are sent for.",
        "spotting": "How label and purpose are recognised.",
    },
    "SpottingTable": {
        "unlabelled": "The label of a paper that shows none.",
        "unstated": "The purpose of a paper that states none.",
        "incoming": "The label of what comes from outside; outsiders' own tags never count.",
        "subject": "Tags in a subject or a file's name, letter for letter, and their labels.",
        "folder": "Folders of the file door, and their labels.",
        "purpose": "Tags in a subject or a file's name, and their purposes.",
        "guid": "Sensitivity marks of office programs by their number, and their labels.",
        "header": "The header field in which a program may write the label.",
    },
    "PartnersFile": {
        "groups": "What rules write to; a partner belongs to some.",
        "partner": "The offices we exchange papers with, by id.",
    },
    "PartnerTable": {
        "name": "What people call the partner.",
        "groups": "The groups it belongs to.",
        "domains": "Its whole domains, without their subdomains.",
        "addresses": "Single mailboxes of its; looked at before domains.",
        "agreement": "What allows us to write.",
        "verified": "Who made sure that the address is theirs, when and how. Never by mail.",
        "sign-in": "How it signs in at our file door. Left out: in any way.",
    },
    "Agreement": {"kind": "What it is: a protocol, an NDA.", "signed": "Its first day.", "until": "Its last day."},
    "Verified": {
        "on": "The day.",
        "by": "Who, by address; needs the power vouch.",
        "how": "Rang the number on file, read the fingerprint by phone. Never by mail: a forger answers mail too.",
        "mx": "The mail servers of its domains as noted that day; another one ends it. Left out: none is compared.",
    },
    "AllowTable": {
        "mixed": "lawful-part: what may go goes, although another recipient is refused.",
        "seldom": "Does not fade when nobody uses it.",
        "sender-sealed": "May go although its sender encrypted it, so that it cannot be cleaned.",
    },
    "ForbidTable": {"say": "What whoever is refused reads, instead of our words."},
    "RequireTable": {"then": "What is asked for; demands of all rules that match add up."},
    "FactsTable": {
        "verified-for": "So long a verified address stays verified.",
        "many-recipients": "More outsiders than this in To and Cc are many.",
        "lookalike-distance": "So many letters may differ in an address that imitates a partner's.",
        "personal-data": "When personal data counts as found.",
        "working-hours": "When it is within working hours, by the office's clock.",
    },
    "PersonalData": {"level": "Identifiers as sure as this, or surer.", "count": "So many of them."},
    "WorkingHours": {
        "days": "The days.",
        "from": "From this time on.",
        "to": "Up to this time; below from, of the next day.",
    },
    "BreakGlass": {"review": "So soon somebody must review what two people broke the glass for."},
    "HalfLife": {
        "warn": "Unused for so long, its owner is told.",
        "watch": "Unused for so long, it goes on trial.",
        "remove": "Unused for so long, its removal lies there to be signed.",
    },
    "Expect": {
        "that": "What this case shows, in words.",
        "outcome": "What the rules must say.",
        "from": "The sender's address.",
        "to": "The recipient's address, or partner:ID for its box.",
        "label": "The label.",
        "by": "The way.",
        "for": "The purpose.",
        "on": "The day.",
        "facts": 'true, false or "unknown" by fact; what is left out is computed, or harmless.',
        "rules": "Exactly the rules that decide.",
        "unknown": "Exactly what cannot be determined.",
        "then": "Exactly what is asked for.",
        "nearest": "The allow that almost fits, and what it misses.",
    },
    "StripTable": {"what": "What is taken out instead of waiting for a person.", "as": "flatten: drawn as it looks."},
    "KeepTable": {"keep": "What stays in.", "as": "negotiation: between parties who edit one text."},
    "ProtectionFile": {
        "floor": "The least protection of each label.",
        "ways": "The ways of encrypting the office uses, the best first.",
        "transport": "What the next mail server must prove, where no [[hop]] says otherwise.",
        "trust": "The least trust in a recipient's key, by label.",
        "hop": "What the next server of some recipients must prove.",
        "pickup": "How things lie ready to be collected.",
    },
    "HopTable": {"level": "What the next server must prove.", "pin": "The keys it may show, as SHA-256 of each."},
    "PickupTable": {
        "keep": "So long something waits to be collected.",
        "tries": "So often a code may be wrong.",
        "code-by": "How the code reaches the recipient.",
    },
    "MailTable": {
        "via": "mx, or a host and port that takes all mail.",
        "first-retry": "So long after the first failure it is tried again.",
        "give-up": "So long it is tried.",
        "park-from": "From this label up, a delivery in doubt waits for a person.",
    },
    "RouteTable": {
        "partner": "Whose box it is.",
        "at": "Its server, host and port.",
        "host-keys": "The keys the server may show; from and until for the day it changes them.",
        "user": "As whom we sign in.",
        "credential": "The name of our key for it; never a secret.",
        "folder": "Into which folder.",
        "sweeps": "What is delivered there is taken away at once: gone does not mean lost.",
    },
    "RetentionTable": {
        "what": "Classes of values.",
        "for": "So long they are kept, from the day it ended; the longest that fits counts.",
        "purposes": "What was sent for these purposes. Left out: for any.",
        "of": "What left, what never reached anybody, the gateway's own notes, what auditors asked. Left out: all.",
        "owner": "Who hears of it before it is destroyed, by address.",
        "warn": "So long before, the owner hears of it. Left out: nobody does.",
    },
    "HoldTable": {
        "partners": "What has to do with these partners.",
        "people": "What has to do with these people of the office.",
        "addresses": "What has to do with these people outside.",
        "purposes": "What was sent for these purposes.",
    },
    "OfficeTable": {
        "name": "What the office is called.",
        "domains": "Its own mail domains.",
        "zone": "Where its days begin and end, such as Europe/London.",
        "language": "In which people are told what is refused and what waits.",
    },
    "StorageTable": {
        "records": "A kind and a place: sqlite:var/records/records.db.",
        "blobs": "A kind and a place: files:var/blobs.",
    },
    "LedgerTable": {
        "origin": "The ledger's name in every checkpoint.",
        "witnesses": "Who cosigns.",
        "anchor": "A folder on other storage where the last head is noted: a backup put back shows.",
        "stamps": "An authority that is asked for the time.",
        "wait-for-witness": "Nothing leaves before a witness has cosigned its intent.",
        "unsigned": "As what somebody at the machine looks who has not signed in; auditor: for an office on trial.",
    },
    "DoorTable": {
        "listen": "Hosts and ports.",
        "cert": "The door's own certificate. Left out: the office's.",
        "url": "What people type to come here.",
    },
    "ScanTable": {
        "clamd": "Where ClamAV's daemon listens: its socket's path, or 127.0.0.1 and a port.",
        "within": "So long it may take over one message or file; then that waits.",
    },
    "BackupTable": {
        "to": "A folder on other storage: not on this disk.",
        "custodians": "Two people or more, each of whom can open the escrow of the office's keys with their own.",
        "keep": "So many backups stay; older ones go.",
    },
    "VolumeAlarm": {
        "hour": "So many within an hour at least.",
        "day": "So many within a day at least.",
        "times": "And more than so many times the most that was ever seen of them; from 2 on.",
        "act": "alert: tell people. hold: and what they hand in waits until somebody has looked. off: nothing.",
    },
    "CollectionsAlarm": {
        "hour": "So many within an hour at least.",
        "day": "So many within a day at least.",
        "times": "And more than so many times the most that was ever seen of it; from 2 on.",
        "act": "alert, off, or hold: and what it would collect or hand in waits until somebody has looked.",
    },
    "HoursAlarm": {"least": "So many transfers within the hour.", "act": "alert, hold or off."},
    "NewRecipientsAlarm": {"hour": "So many within an hour.", "act": "alert, hold or off."},
    "RefusalsAlarm": {
        "row": "So many, nothing accepted in between.",
        "within": "So soon after each other, all of them.",
        "act": "alert, hold or off.",
    },
    "SignInsAlarm": {
        "wrong": "So many wrong tries before the right one.",
        "within": "All of them within this time.",
        "act": "alert, hold or off.",
    },
    "AlarmsTable": {
        "tell": "Who gets the letter. Left out: everybody who may contain.",
        "past": "So long what somebody usually does is remembered.",
        "quiet": "So long after the last sign the next one is another alarm.",
        "volume": "Many transfers of one person.",
        "hours": "Transfers at a time at which they never work.",
        "new-recipients": "Many outsiders they had not written to.",
        "refusals": "Many refusals in a row.",
        "sign-ins": "Wrong tries to sign in, and then a right one.",
        "collections": "Much collected by one partner.",
    },
    "WorkshopTable": {"level": "The weakest confinement under which hostile documents may be opened."},
}


def meaning(table: str, key: str) -> str:
    """What a key of a table is for; empty where nobody has said."""
    return BY_TABLE.get(table, {}).get(key) or EVERYWHERE.get(key, "")
