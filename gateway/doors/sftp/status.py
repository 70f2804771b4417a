"""What a client is told when something did not work: one table from reason and client to code.

Version 3 has few codes, and each client shows its person the text of some of them only (handbook `files.md` §4), so the
code is chosen by who asks. Promises: a text is one line of at most 200 characters, printable, whatever it was made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from gateway.catalogue.texts import ENGLISH, Texts

MAX_TEXT = 200


class Code(IntEnum):
    """Status codes of version 3 (draft-ietf-secsh-filexfer-02 §7)."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    OP_UNSUPPORTED = 8


class Hint(StrEnum):
    """Why something was not done. The session and the tree say this; the code follows from it and from the client."""

    ABSENT = "absent"
    """There is no such thing, or none this person may see: the two are told alike."""
    REFUSED = "refused"
    """A rule, a right or the shape of the name is against it."""
    FULL = "full"
    """Too big, over quota, too many handles."""
    IMPOSSIBLE = "impossible"
    """It exists already, is not empty, is a folder, is somebody else's turn."""
    AWAY = "away"
    """The gateway cannot now; later it may."""
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"
    """The request could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A no, as a value: why, and the sentence the person should see (what, which rule, what would help, who)."""

    hint: Hint
    text: str
    code: str = ""
    """Of the catalogue, if the text is one of ours and no rule's; `text` is it in English."""
    about: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, hint: Hint, code: str, **about: str) -> Denied:
        """A no whose sentence stands in the catalogue, as `sftp.CODE`."""
        code = f"sftp.{code}"
        return cls(hint=hint, text=ENGLISH.say(code, **about), code=code, about=tuple(about.items()))

    def said(self, texts: Texts) -> str:
        """The sentence, in a language."""
        return texts.say(self.code, **dict(self.about)) if self.code else self.text


class Client(StrEnum):
    """Who asks, as far as the SSH identification tells. It is a courtesy, never a right: anybody can claim any."""

    OPENSSH = "openssh"
    """Also sshfs and lftp, which run it."""
    WINSCP = "winscp"
    CYBERDUCK = "cyberduck"
    FILEZILLA = "filezilla"
    PUTTY = "putty"
    OTHER = "other"


_IDENTS: tuple[tuple[str, Client], ...] = (
    ("openssh", Client.OPENSSH),
    ("winscp", Client.WINSCP),
    ("cyberduck", Client.CYBERDUCK),
    ("filezilla", Client.FILEZILLA),
    ("putty", Client.PUTTY),
)


def client_of(untrusted_ident: str) -> Client:
    """The client that calls itself so: `SSH-2.0-WinSCP_release_6.5` is WinSCP."""
    software = untrusted_ident[:255].partition("-")[2].partition("-")[2].casefold()
    return next((client for start, client in _IDENTS if software.startswith(start)), Client.OTHER)


_FIXED = {
    Hint.ABSENT: Code.NO_SUCH_FILE,
    Hint.FULL: Code.FAILURE,
    Hint.IMPOSSIBLE: Code.FAILURE,
    Hint.AWAY: Code.FAILURE,
    Hint.UNSUPPORTED: Code.OP_UNSUPPORTED,
    Hint.UNREADABLE: Code.BAD_MESSAGE,
}

# WinSCP, Cyberduck and lftp show the text of 3 as it is, and guess at reasons with 4; FileZilla and psftp show text
# with 4 only; OpenSSH shows none, and 3 at least reads "permission denied".
_REFUSED = {
    Client.OPENSSH: Code.PERMISSION_DENIED,
    Client.WINSCP: Code.PERMISSION_DENIED,
    Client.CYBERDUCK: Code.PERMISSION_DENIED,
    Client.FILEZILLA: Code.FAILURE,
    Client.PUTTY: Code.FAILURE,
    Client.OTHER: Code.FAILURE,
}


def code_for(hint: Hint, client: Client) -> Code:
    """The code with which this client says most."""
    return _REFUSED[client] if hint is Hint.REFUSED else _FIXED[hint]


def shown(text: str) -> str:
    """The text as it may go out: one printable line, cut where it must be."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= MAX_TEXT else line[: MAX_TEXT - 1] + "…"
