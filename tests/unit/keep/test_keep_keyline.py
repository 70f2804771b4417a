"""Lines of public-key files: one meaning or none."""

from __future__ import annotations

import base64

import pytest

from gateway.keep.keyline import KeyLine, read_line

BLOB = b"\0\0\0\x0bssh-ed25519" + bytes(36)
TEXT = base64.b64encode(BLOB).decode()


@pytest.mark.parametrize("line", [f"ssh-ed25519 {TEXT}", f"verify-required ssh-ed25519 {TEXT} Ruth's red key"])
def test_a_line_reads_and_prints_the_same(line: str) -> None:
    """What was read prints as it stood."""
    assert line == str(read_line(line))


def test_the_parts_of_a_line() -> None:
    """Kind, key, comment and the one option that is taken."""
    expected = KeyLine(kind="ssh-ed25519", blob=BLOB, comment="a b", must_verify=True)

    assert expected == read_line(f"  verify-required  ssh-ed25519 {TEXT} a b\n")
    assert expected.fingerprint.startswith("SHA256:")
    assert 50 == len(expected.fingerprint)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        TEXT,
        f"no-touch-required ssh-ed25519 {TEXT}",
        f'from="10.0.0.0/8" ssh-ed25519 {TEXT}',
        f"cert-authority ssh-ed25519 {TEXT}",
        f"ssh-rsa {TEXT}",
        "ssh-ed25519 !!!!",
        f"ssh-ed25519 {TEXT} a\x1b[2Jb",
        f"ssh-ed25519 {TEXT} " + "x" * 20_000,
        "verify-required",
    ],
)
def test_what_could_be_read_two_ways_is_no_key(line: str) -> None:
    """Other options, a kind that is not the key's own, controls, and what is no key at all."""
    assert read_line(line) is None
