"""The only place with a loop of its own: it does the work that facts call for, and writes what happened.

As a transfer meets it, in modules:

    reception   what the engine does for a door, as a Protocol;  desk takes mail in;  signing_in, ssh_sign_in, admission
    writing     how anything is written;  scribe: the one who does;  scribing: its process, over the
                scribewire;  entries, context
    voyage      a transfer under way;  runner drives each;  precedence: who goes first;  dispatch: by whose stations
    stations    mail's work on a voyage;  verdicts: what follows from the judge's word
    inquiry     asks the judge;  policy, rulesets: what is and was in force;  finding: the facts it needs, from
                keyholders, acquaintance, correspondence and inside, and by probing
    contents    what is open;  preparing, sealing: a parcel;  vault: content, sealed
    delivering  mail goes out;  outcomes: what is appended;  notes and wording: who is told what
    orders      what people decide;  answers: what senders reply, to a returnaddress;  emergencies: against the rules,
                by glass that is broken;  couriers: what goes by hand
    archive     reads what was written;  attested, evidence: for auditors, as far as viewing lets them
    fsck        all again: recount, shelves and rereading
    publication the ledger for anybody;  dayclosing: how much left on each day
    caretaker   does the chores;  clock: time and randomness;  incident: a bug, as the log may tell it

and in folders:

    files       the same for files, between a client that writes and a box that is filled
    scanning    is there a virus in it
    workshop    hostile documents, opened in confined processes
    lawmaking   how rules come into force, and what use was made of them
    questions   what auditors ask
    outsiders   who can tell that the ledger is what it was, and what is done when they say it is not
    forgetting  erasing on purpose
    containment what is stopped at once, whatever the rules say
    alarms      does somebody do what they never do
    response    what people do when something has gone wrong
    safekeeping so that nothing is lost with a machine, and nothing erased comes back with a copy
    health      is the office well
"""
