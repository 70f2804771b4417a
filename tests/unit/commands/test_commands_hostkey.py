"""The file door's host key: there, private and a key, or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from gateway.commands.hostkey import host_key_at, make_host_key
from gateway.errors import Misconfigured


def test_what_was_made_is_read(tmp_path: Path) -> None:
    """The key that was made is the key that is found."""
    made = make_host_key(tmp_path / "key")

    assert made.get_fingerprint() == host_key_at(tmp_path / "key").get_fingerprint()


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    """The sentence names the verb."""
    with pytest.raises(Misconfigured, match=r"is missing.*sealgate people host-key"):
        host_key_at(tmp_path / "key")


def test_a_key_others_can_read_is_none(tmp_path: Path) -> None:
    """Whoever can read it can be the door."""
    make_host_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    with pytest.raises(Misconfigured, match=r"can be read by others.*chmod 600"):
        host_key_at(tmp_path / "key")


def test_something_else_is_none(tmp_path: Path) -> None:
    """A file that holds no key is not shown to anybody."""
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_text("CANARY")

    with pytest.raises(Misconfigured, match="is not an SSH private key") as refused:
        host_key_at(tmp_path / "key")
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    ("algorithm", "options", "is_taken"),
    [("ssh-rsa", {"key_size": 3072}, True), ("ssh-rsa", {"key_size": 2048}, False), ("ecdsa-sha2-nistp256", {}, False)],
)
def test_only_strong_keys_are_shown(tmp_path: Path, algorithm: str, options: dict[str, int], is_taken: bool) -> None:
    """RSA of 3072 bits may stand in for Ed25519; anything weaker, or of another kind, is refused in a sentence."""
    key = asyncssh.generate_private_key(algorithm, **options)
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_bytes(key.export_private_key("openssh"))

    if is_taken:
        assert key.get_fingerprint() == host_key_at(tmp_path / "key").get_fingerprint()
    else:
        with pytest.raises(Misconfigured, match="at least 3072 bits"):
            host_key_at(tmp_path / "key")
