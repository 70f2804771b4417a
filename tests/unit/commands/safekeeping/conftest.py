"""An office with a past, its backups, and its keys as a custodian has opened them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.commands.office import opened
from gateway.commands.safekeeping.backup import backup
from gateway.commands.safekeeping.restore import restore
from gateway.commands.setting import Setting
from gateway.engine.safekeeping.escrow import packed
from tests.audited import Past

RUTH, PER = "ruth@town.test", "per@town.test"


@dataclass(slots=True)
class Safe:
    """An office and what lies elsewhere."""

    past: Past
    target: Path
    keys: Path
    old: Path = Path()
    """A backup from before something happened."""

    def backs_up(self, *words: str) -> Path:
        """`sealgate backup --to`; the backup's folder."""
        done = CliRunner().invoke(backup, ["--to", str(self.target), *words], obj=Setting(folder=self.past.folder))
        assert 0 == done.exit_code, done.output
        return Path(done.stdout.splitlines()[0])

    def restores(self, backup: Path, into: Path) -> Result:
        """`sealgate restore BACKUP --into DIR --keys ESCROW`."""
        words = [str(backup), "--into", str(into), "--keys", str(self.keys), "--json"]
        return CliRunner().invoke(restore, words, obj=Setting(folder=self.past.folder))

    def settles(self, office: Path, *, by: str = RUTH) -> Result:
        """`sealgate restore --settle`, in a restored office."""
        secret = self.target.parent / by
        secret.write_text(self.past.passwords[by])
        words = ["--settle", "--as", by, "--password-file", str(secret), "--json"]
        return CliRunner().invoke(restore, words, obj=Setting(folder=office))

    def drills(self, *words: str, backup: Path | None = None) -> Result:
        """`sealgate restore --drill`, of the newest backup or of another."""
        given = ["--drill", str(backup or self.target), "--json", *words]
        return CliRunner().invoke(restore, given, obj=Setting(folder=self.past.folder))

    def is_told(self, office: Path) -> None:
        """Somebody brings the restored office the head that was published last."""
        anchors = office / "var" / "anchors"
        anchors.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.past.folder / "var" / "ledger" / "checkpoint", anchors / "from-the-auditor")
        (anchors / "from-the-auditor").chmod(0o600)


@pytest.fixture
def safe(past: Past, tmp_path: Path) -> Safe:
    """No backup yet; the keys as a custodian's gpg has written them."""
    target = tmp_path / "backups"
    target.mkdir(mode=0o700)
    with opened(Setting(folder=past.folder)) as office:
        keys = packed(past.folder, office.signer.name, 0)
    (tmp_path / "keys.json").write_bytes(keys)
    return Safe(past, target, tmp_path / "keys.json")
