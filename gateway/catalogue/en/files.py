"""What the file door says no with, in English: a sentence for the person, in the status of a request."""

from __future__ import annotations

from collections.abc import Mapping

FILES: Mapping[str, str] = {
    "sftp.absent": "There is no such file or folder.",
    "sftp.taken": "There is something of that name already.",
    "sftp.busy": "This file is being written by another session of yours.",
    "sftp.is-folder": "This is a folder.",
    "sftp.fixed": "Folders are partners, labels and purposes; the rules name them.",
    "sftp.made-here": "The gateway writes this page; nobody changes it.",
    "sftp.not-here": "No files are taken here. Put them into a partner's folder under /to.",
    "sftp.handed-in": "This was handed in. What became of it is in /receipts.",
    "sftp.handed-over": "This was handed over under this name. Send it again, whole.",
    "sftp.in-part": "The file before was longer, so this may be a part of it. Remove it, then send it.",
    "sftp.full": "Your unfinished files have used up their room. Remove one, or finish one.",
    "sftp.unfinished": "This file is not complete. Go on with it, or remove it.",
    "sftp.not-now": "This may not be given out at present. Ask the office.",
    "sftp.gone": "This is no longer here.",
    "sftp.scattered-reading": "It is read in too many pieces. Read it in order.",
    "sftp.unreadable": "The request could not be read.",
    "sftp.too-large": "A file can have at most {most} bytes here.",
    "sftp.scattered": "The parts of the file came too scattered. Send it in order.",
    "sftp.missing-parts": "Parts of the file are missing. It was not taken; send it again.",
    "sftp.other-size": "{promised} bytes were announced, {extent} came. It was not taken; send it again.",
    "sftp.not-open": "This is not open.",
    "sftp.not-writable": "This is not open for writing.",
    "sftp.not-readable": "This is not open for reading.",
    "sftp.too-many-open": "Too many files are open at once. Close some and try again.",
    "sftp.unsupported": "This is not offered here.",
    "sftp.odd-flags": "A file is opened for reading or for writing.",
    "sftp.fixed-size": "The size of a file is set by writing it.",
    "sftp.path-long": "The path is too long.",
    "sftp.path-not-utf8": "The path is not UTF-8.",
    "sftp.path-deep": "The path has too many folders.",
    "sftp.path-climbs": 'A path cannot hold "..".',
    "sftp.name-long": "A name can have at most 255 bytes.",
    "sftp.name-odd": "A name cannot hold control characters, a colon or a backslash.",
    "sftp.name-end": "A name cannot end with a space or a full stop.",
    "sftp.name-reserved": "This name is reserved on Windows.",
}
