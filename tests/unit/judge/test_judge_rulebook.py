"""The folder as one value: its digest is what anybody can compute with the tools of any machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.judge.rulebook import Rulebook, digest_of, read
from tests.edited import PEOPLE, TEXTS, texts


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils' sha256sum must be installed")
@pytest.mark.parametrize("more", [(), ("a.test.toml", "B.test.toml", "é.test.toml", "z-1.test.toml", "z.test.toml")])
def test_the_digest_is_what_sha256sum_prints(more: tuple[str, ...], tmp_path: Path) -> None:
    """`LC_ALL=C sha256sum *.toml | sha256sum`, by the real program and shell; what lies beside does not count."""
    files = TEXTS | {name: f"# {name} expects nothing\n" for name in more}
    for name, text in (files | {"README.md": "Ours.\n", ".transfers.toml.swp": ""}).items():
        (tmp_path / name).write_text(text, "utf-8")

    found = read(files)
    command = ["sh", "-c", "sha256sum *.toml | sha256sum"]
    environment = {**os.environ, "LC_ALL": "C"}
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, env=environment).stdout.decode()

    assert isinstance(found, Rulebook)
    assert f"{found.digest}  -\n" == printed


def test_every_byte_and_every_name_counts() -> None:
    """Another text, a file more, a file by another name; not the order in which they are given."""
    digests = [
        digest_of(files)
        for files in (
            TEXTS,
            texts((PEOPLE, "Alena", "Elena")),
            TEXTS | {"more.test.toml": ""},
            TEXTS | {"other.test.toml": ""},
        )
    ]

    assert 4 == len(set(digests))
    assert digests[0] == digest_of(dict(reversed(TEXTS.items())))
