"""What the office's tree says no with: each a sentence for the person, and the kind of no it is."""

from __future__ import annotations

from gateway.doors.sftp.status import Denied, Hint

ABSENT = Denied(hint=Hint.ABSENT, text="There is no such file or folder.")
TAKEN = Denied(hint=Hint.IMPOSSIBLE, text="There is something of that name already.")
BUSY = Denied(hint=Hint.IMPOSSIBLE, text="This file is being written by another session of yours.")
IS_FOLDER = Denied(hint=Hint.IMPOSSIBLE, text="This is a folder.")
FIXED = Denied(hint=Hint.REFUSED, text="Folders are partners, labels and purposes; the rules name them.")
MADE_HERE = Denied(hint=Hint.REFUSED, text="The gateway writes this page; nobody changes it.")
NOT_HERE = Denied(hint=Hint.REFUSED, text="No files are taken here. Put them into a partner's folder under /to.")
HANDED_IN = Denied(hint=Hint.REFUSED, text="This was handed in. What became of it is in /receipts.")
HANDED_OVER = Denied(hint=Hint.REFUSED, text="This was handed over under this name. Send it again, whole.")
IN_PART = Denied(
    hint=Hint.REFUSED, text="The file before was longer, so this may be a part of it. Remove it, then send it."
)
FULL = Denied(hint=Hint.FULL, text="Your unfinished files have used up their room. Remove one, or finish one.")
UNFINISHED = Denied(hint=Hint.IMPOSSIBLE, text="This file is not complete. Go on with it, or remove it.")
NOT_NOW = Denied(hint=Hint.REFUSED, text="This may not be given out at present. Ask the office.")
