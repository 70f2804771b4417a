"""What the office's tree says no with: each a sentence of the catalogue, and the kind of no it is."""

from __future__ import annotations

from gateway.doors.sftp.status import Denied, Hint

ABSENT = Denied.of(Hint.ABSENT, "absent")
TAKEN = Denied.of(Hint.IMPOSSIBLE, "taken")
BUSY = Denied.of(Hint.IMPOSSIBLE, "busy")
IS_FOLDER = Denied.of(Hint.IMPOSSIBLE, "is-folder")
FIXED = Denied.of(Hint.REFUSED, "fixed")
MADE_HERE = Denied.of(Hint.REFUSED, "made-here")
NOT_HERE = Denied.of(Hint.REFUSED, "not-here")
HANDED_IN = Denied.of(Hint.REFUSED, "handed-in")
HANDED_OVER = Denied.of(Hint.REFUSED, "handed-over")
IN_PART = Denied.of(Hint.REFUSED, "in-part")
FULL = Denied.of(Hint.FULL, "full")
UNFINISHED = Denied.of(Hint.IMPOSSIBLE, "unfinished")
NOT_NOW = Denied.of(Hint.REFUSED, "not-now")
