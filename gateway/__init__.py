"""Sealgate: a secure file-transfer gateway and mail proxy for offices that handle confidential records.

Read the folder in alphabetical order and you have read the voyage of a transfer; `docs/OVERVIEW.md` tells it in prose.
"""
