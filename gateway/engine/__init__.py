"""The only place with a loop of its own: it does the work that facts call for, and writes what happened.

`scribe` is the ledger's one writer and `archive` reads what it wrote; `desk` receives for the doors; `runner` drives
each transfer through the stations; `inquiry` finds out what the judge needs to know; `workshop` opens hostile documents
in confined processes; `caretaker` publishes, sweeps and wakes; `clock` is where time and randomness come from.
"""
