"""The transmission ledger as mathematics and formats: no I/O, no clock, no randomness.

Start with `leaf` (what an entry says), `merkle` (the tree), `checkpoint` (the signed head), `proof` (what an auditor
carries away) and `verify` (what anyone can check with the public key and nothing else).
"""
