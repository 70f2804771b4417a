"""Those outside who can tell that this ledger is what it was, and what is done when they say it is not.

anchors    never sign at or below what is anchored elsewhere;  recovery: when an older copy was put back all the same
vouching   asks witnesses to cosign;  witness: is one for others;  stamping: asks a clock's authority
handover   one key of the ledger hands over to another;  following: and a witness follows
assurance  nothing leaves before a witness vouched
letters    the head, once a day, to whoever may audit;  testimony: since when who vouches
"""
