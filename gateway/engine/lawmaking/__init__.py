"""How rules come into force, and what use was made of them.

examination  check, test, prove, diff: whether a set may come into force, and whose word it needs
rulemaking   signs it, writes it down, swaps it;  proposals: what waits for a second signature;  petitions: what the
             ledger knows of it
rulewatch    whether the folder still says what is in force
decisions    what was decided, read again;  usage: how often each rule was used;  replay: what others had said
rights       who may what, and does;  reminding: tells owners in time
"""
