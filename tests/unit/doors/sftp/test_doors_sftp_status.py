"""Refusals: moment by client (handbook `files.md` §4)."""

from __future__ import annotations

import pytest

from gateway.doors.sftp.status import MAX_TEXT, Client, Code, Hint, client_of, code_for, shown


@pytest.mark.parametrize(
    ("ident", "client"),
    [
        ("SSH-2.0-OpenSSH_9.6p1 Ubuntu-3", Client.OPENSSH),
        ("SSH-2.0-OpenSSH_for_Windows_9.5", Client.OPENSSH),
        ("SSH-2.0-WinSCP_release_6.3.5", Client.WINSCP),
        ("SSH-2.0-FileZilla_3.67.0", Client.FILEZILLA),
        ("SSH-2.0-PuTTY_Release_0.81", Client.PUTTY),
        ("SSH-2.0-Cyberduck/9.0.1.41896", Client.CYBERDUCK),
        ("SSH-2.0-paramiko_3.4.0", Client.OTHER),
        ("SSH-2.0-xOpenSSH", Client.OTHER),
        ("", Client.OTHER),
    ],
)
def test_a_client_is_known_by_its_identification(ident: str, client: Client) -> None:
    """By how the software's name starts; anything else is some other."""
    assert client == client_of(ident)


@pytest.mark.parametrize("client", Client)
@pytest.mark.parametrize("hint", Hint)
def test_every_reason_has_a_code_for_every_client(hint: Hint, client: Client) -> None:
    """No combination is forgotten, and none reads as success or as the end of a file."""
    assert code_for(hint, client) not in {Code.OK, Code.EOF}


def test_a_text_is_one_printable_line_of_bounded_length() -> None:
    """Names of strangers end up in sentences: controls become spaces, length is cut."""
    assert "a b  c" == shown("a\tb\r\nc")
    assert MAX_TEXT == len(shown("x" * 500))
