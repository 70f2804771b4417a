"""The head as a page: complete in itself, naming nobody, with a code that holds the signed note byte for byte."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.commands.audit.headpage import HeadPage, code_of
from gateway.commands.audit.review import weekly
from gateway.commands.setting import Setting
from gateway.ledger.checkpoint import Signer, format_checkpoint
from tests.audited import Past

SIGNER = Signer("ledger.town.test/2026", b"s" * 32)
NOTE = SIGNER.sign(format_checkpoint(SIGNER.name, 1234, b"r" * 32))
PAGE = HeadPage(office="Town <Hall>", week="2026-W07", at="2026-02-16T08:00:00Z", note=NOTE, vkey=SIGNER.vkey,
                review="9" * 64)  # fmt: skip


def test_it_says_what_was_signed() -> None:
    """Log, size, root, key and the digest of the week's review; and the note as it is."""
    for word in (SIGNER.name, "1,234", (b"r" * 32).hex(), SIGNER.vkey, "9" * 64, NOTE.strip()):
        assert word in PAGE.html
    assert PAGE.html.count("Signature") == 2


def test_it_needs_nothing_and_runs_nothing() -> None:
    """No script, no address, and what people typed is escaped."""
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)|<Hall>", PAGE.html)
    assert "default-src 'none'" in PAGE.html


def test_another_note_gives_another_code() -> None:
    """The code is of the note and nothing else; the same gives the same page."""
    assert code_of(NOTE) == code_of(NOTE) in PAGE.html
    assert code_of(NOTE) != code_of(NOTE.replace("1234", "1235"))


def test_a_scanner_reads_the_note(tmp_path: Path) -> None:
    """As a telephone would."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed: no scanner here")
    from PIL import Image

    path = re.search(r'viewBox="0 0 (\d+) \d+".*? d="([^"]+)"', code_of(NOTE))
    assert path is not None
    size, picture = int(path[1]), Image.new("L", (int(path[1]) * 4,) * 2, 255)
    x, y = 0, 0.0
    for word, first, second in re.findall(r"([Mmh])(-?[\d.]+) ?(-?[\d.]+)?", path[2]):
        if word == "h":
            picture.paste(0, (x * 4, int(y) * 4, (x + int(first)) * 4, (int(y) + 1) * 4))
            x += int(first)
        else:
            x, y = (int(first), float(second)) if word == "M" else (x + int(first), y + float(second))
    assert size > 30
    assert [NOTE] == [found.text for found in zxingcpp.read_barcodes(picture)]


def test_a_week_is_printed(past: Past, tmp_path: Path) -> None:
    """Beside the review, as the published head has it, for this user alone."""
    (tmp_path / "per").write_text(past.passwords["per@town.test"])
    words = ["--page", str(tmp_path / "head.html"), "--as", "per@town.test", "--password-file", str(tmp_path / "per")]
    result = CliRunner().invoke(weekly, words, obj=Setting(folder=past.folder))
    assert 0 == result.exit_code, result.output
    page = tmp_path / "head.html"
    assert (past.folder / "var" / "ledger" / "checkpoint").read_text().splitlines()[2] in page.read_text()
    assert 0o600 == page.stat().st_mode & 0o777
