"""A route's secret: found by its name, private, or one clear sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands.credentials import Credentials
from gateway.errors import Misconfigured


def put(folder: Path, content: bytes, mode: int = 0o600) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "court-box").touch(mode=mode)
    (folder / "court-box").chmod(mode)
    (folder / "court-box").write_bytes(content)


def test_systemd_comes_first(tmp_path: Path) -> None:
    """The office's own counts until systemd gives one of that name."""
    put(tmp_path / "credentials", b"CANARY-own")
    credentials = Credentials(folder=tmp_path / "credentials", given=tmp_path / "given")

    assert b"CANARY-own" == credentials.read("court-box")
    put(tmp_path / "given", b"CANARY-given", mode=0o440)
    assert b"CANARY-given" == credentials.read("court-box")


def test_what_others_can_read_is_none(tmp_path: Path) -> None:
    """A secret that is not private any more is not used."""
    put(tmp_path / "credentials", b"CANARY", mode=0o644)

    with pytest.raises(Misconfigured) as refused:
        Credentials(folder=tmp_path / "credentials").read("court-box")
    assert "CANARY" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../keys/office.key", "a/b", "/etc/passwd", "a\0b", ".hidden", "x" * 101]
)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    """Whatever the rules say, nothing outside the folder is read."""
    with pytest.raises(Misconfigured, match="letters, digits"):
        Credentials(folder=tmp_path).read(name)


def test_a_missing_one_is_named(tmp_path: Path) -> None:
    """The sentence says which file was looked for."""
    with pytest.raises(Misconfigured, match="court-box"):
        Credentials(folder=tmp_path).read("court-box")
