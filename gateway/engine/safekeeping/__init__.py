"""So that nothing is lost with a machine, and nothing that was erased comes back with a copy.

pacing, snapshots    the records, copied while they are written
layout, sealing      a folder of backups, and a file in it;  manifest: what one backup holds, signed
making               a backup;  belongings: what of an office is neither records nor content
escrow               the keys, apart, for custodians
disposals            what was erased, for whoever restores an older copy
restoring            an office from a backup;  parking: what of it may have left since;  overdue: what must go again
drilling             a backup, opened and held against the ledger
"""
