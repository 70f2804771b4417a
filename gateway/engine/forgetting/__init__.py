"""Erasing on purpose: ordered in the ledger, durable, destroyed, said to be done.

scope      what an erasure reaches;  retention: what stands against it
erasure    does it, and finishes after a crash;  redacting: a fact without what was erased
certificate  proof of it, for whoever asked
"""
