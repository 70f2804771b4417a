"""Files, in and out: the same stations as mail's, and the folders people see.

depositing   takes a closed file, hands it over once its name has settled;  staging, spans, share: while it is written
filing       a file's work on a voyage;  pushing: into a partner's box, or onto our shelf
pigeonholes  which folders somebody has;  shelf, offers: what lies in them
pages        what folders explain: receipts, and statussheet for a spreadsheet
"""
