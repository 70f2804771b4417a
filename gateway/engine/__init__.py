"""The only place with a loop of its own: it does the work that facts call for, and writes what happened.

As a transfer meets it:

    reception   what the engine does for a door, as a Protocol;  desk takes mail in;  signing_in, ssh_sign_in, admission
    depositing  takes files in: staging and spans until they are closed, shelf, offers and pigeonholes as folders,
                pages, receipts and statussheet as what folders explain
    writing     how anything is written;  scribe: the one who does;  scribing: its process;  entries, context
    voyage      a transfer under way;  runner drives each;  precedence: who goes first;  dispatch: by whose stations
    stations    mail's work on a voyage, as filing is files';  verdicts: what follows from the judge's word
    inquiry     asks the judge;  policy: the rules in force;  keyholders, acquaintance
    workshop    opens hostile documents in confined processes;  contents: what is open;  preparing, sealing: a parcel
    delivering  mail goes out;  pushing: files do; outcomes: what is appended; notes and wording: who is told what
    orders      what people decide
    archive     reads what was written;  attested, searching, evidence: for auditors; fsck, recount, shelves: all again
    vault       content, sealed;  publication: the ledger for anybody
    caretaker   publishes and sweeps;  clock: time and randomness;  incident: a bug, as the log may tell it
"""
