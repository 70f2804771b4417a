"""What auditors ask the ledger, answered from its own entries.

searching   legs by who, whom, when, rule and result;  period: a stretch of the ledger's time
accounting  what left to or about a person;  custody: whose hands it went through;  exceptions: what did not simply go
looks       who looked;  weekly: the review that is signed off;  blast: what a stolen credential opened
absence     that nothing else went to somebody
"""
