"""Erasing on purpose: ordered in the ledger, durable, destroyed, said to be done.

scope      what an erasure reaches
erasure    does it, and finishes after a crash;  redacting: a fact without what was erased
certificate  proof of it, for whoever asked

retention  the office's periods and holds;  subjects, holdings: what is left, as they ask about it
clearing   from what is due to what is destroyed;  disposing: does it, day by day
disposals  what went under which rule, read back;  forewarning: who hears of it before
"""
