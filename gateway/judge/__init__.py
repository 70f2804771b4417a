"""May this leg travel? The rule files as values, the facts of a case, and the one function that decides.

Pure: files arrive as text, the day and the facts as arguments; nothing here reads a disk, a clock or the network.

    files ──rulebook.read──> Rulebook ─┐
                                       ├─decide.decide──> Verdict ──explain──> words   (ruling: by situation)
    what is known ────────────> Case ──┘

    Rulebook ──universe──> boxes ──permitted──> regions ──prove──> Proof ──prooftext──> words

Promises P1 and P8: nothing is allowed unless a rule says so, block and send need certainty, and what cannot be
determined holds. `decide` is called at RCPT, at DATA, and again just before the first byte; it is the same function.
"""
