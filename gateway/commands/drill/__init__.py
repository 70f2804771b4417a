"""The tamper drill: the ledger is cloned, the clone is attacked in eight ways, and whoever guards it has to notice.

verb      `sealgate ledger drill`
clone     a copy that nobody would miss
attacks   what is done to it
guards    who looks: the start, fsck, a watcher elsewhere, a witness
"""
