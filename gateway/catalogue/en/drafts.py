"""Drafts of the letters after an incident, in English: what the ledger knows, and a gap for what only a person knows.

A gap stands in `[[ ]]`. Nothing here is sent by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

DRAFTS: Mapping[str, str] = {
    "draft.note": "DRAFT of {day}, made from the ledger of {office} about {id}. Nobody has been sent this. Fill in "
    "what stands in [[ ]], strike what is not so, and send it yourself.",
    "draft.from": "{office}",
    "draft.date": "[[ date ]]",
    "draft.sign": "[[ name and office of who signs ]]",
    # ── to the authority ─────────────────────────────────────────────────────────────────────────────────────────
    "draft.authority.title": "Notification of a personal data breach (GDPR Art. 33)",
    "draft.authority.to": "To: [[ the competent supervisory authority ]]",
    "draft.authority.when": "1. When. We stopped it on {contained}. We take it to have begun on {first} at the "
    "earliest [[ when and how you learnt of it, if before that ]]. Seventy-two hours after we learnt of it end on "
    "{deadline} [[ if this is later than that: why ]].",
    "draft.authority.nature": "2. What happened. {what} [[ what happened, in your words ]]. Our reason when we stopped "
    "it: {because}",
    "draft.authority.scope": "3. How much. By our ledger, between {first} and {last}: transfers that could be "
    "affected, {transfers} ({sealed} of them encrypted to the recipient); addresses they were from or to, {people}; "
    "entries, {rows}; labels, {labels}. [[ how many persons the papers are about, and of what kinds; what kinds of "
    "data ]]",
    "draft.authority.contact": "4. Whom to ask. [[ name and contact of the data protection officer ]]",
    "draft.authority.consequences": "5. Likely consequences. [[ what it may mean for the persons concerned ]]",
    "draft.authority.measures": "6. Measures. On {contained} everything of it was stopped: sign-in, new transfers, and "
    "what was under way ({id} in our ledger). What left before was protected as the list shows. The ledger is signed, "
    "and can be proved to anyone. [[ what else was done, and is planned ]]",
    "draft.authority.list": "7. The transfers, one by one, are in affected.csv.",
    # ── to a partner ─────────────────────────────────────────────────────────────────────────────────────────────
    "draft.partner.title": "Information about a security incident",
    "draft.partner.to": "To: {partner}",
    "draft.partner.what": "On {contained} we stopped what is described here. {what} [[ what happened, in your words ]]",
    "draft.partner.own": "It concerns your own access to us, which is closed until it is clear that it is in nobody "
    "else's hands. Please look on your side, and ring us on the number you know: [[ name ]].",
    "draft.partner.scope": "The following transfers between us, from {first} to {last}, could be affected. Those "
    "marked as encrypted could be read only with your key.",
    "draft.partner.none": "We found no transfer between us in that time.",
    "draft.partner.ask": "Please treat as doubtful what came from us in that time, ring back before you act on it, and "
    "tell us what you find. [[ whom to ring, and by when ]]",
    # ── to the people it is about ────────────────────────────────────────────────────────────────────────────────
    "draft.people.title": "Information about your personal data (GDPR Art. 34)",
    "draft.people.to": "To: [[ name and address ]]",
    "draft.people.what": "We are writing because papers about you may have been seen by somebody who had no right to. "
    "[[ what happened, in plain words ]]",
    "draft.people.which": "It happened between {first} and {last}. It concerns: [[ which papers of the list, and what "
    "they say of this person ]].",
    "draft.people.consequences": "What it may mean for you: [[ likely consequences ]].",
    "draft.people.measures": "What we have done: on {contained} we stopped all access. of {transfers} "
    "transfers, {sealed} had been encrypted so that only the recipient could read them. [[ what else; whether this "
    "person's papers were among them ]]",
    "draft.people.advice": "What you can do: [[ advice ]].",
    "draft.people.contact": "You can reach us here: [[ the data protection officer, telephone and address ]].",
    "draft.people.needed": "(Art. 34 (3): no such letter is due where the data was unintelligible to who had it, for "
    "example encrypted. Say here why you send or do not send it: [[ reason ]].)",
    # ── what was contained ───────────────────────────────────────────────────────────────────────────────────────
    "draft.what.person": "The access of {who} to our gateway, and what went to their mailbox, may have been in "
    "somebody else's hands.",
    "draft.what.account": "The account of {who} at our gateway may have been in somebody else's hands.",
    "draft.what.pause": "{who} sent otherwise than usual, so that it was held.",
    "draft.what.partner": "The access of {who} to our gateway, and its mailboxes, may have been in somebody else's "
    "hands.",
    "draft.what.key": "The private part of {who} may have been in somebody else's hands.",
    "draft.row": "- {at} UTC, {sender} to {recipient}, {label}, '{content}': {how}; {protection}",
    "draft.row.open": "not encrypted to the recipient",
    "draft.row.sealed": "encrypted to the recipient ({protection})",
}
