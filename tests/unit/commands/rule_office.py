"""An office laid out once and copied for each test; its rules are edited and published through the command."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from gateway.commands.init import lay_out
from gateway.commands.main import sealgate
from gateway.commands.office import opened, publish_first
from gateway.commands.setting import Setting
from gateway.engine.clock import SystemClock
from tests.edited import PEOPLE, TRANSFERS, Edit

RENEWED: Edit = (TRANSFERS, "until = 2026-12-31", "until = 2027-01-31")
"""Widens: Jo Hart may send sealed papers for a month longer."""
SHORTENED: Edit = (TRANSFERS, "until = 2026-12-31", "until = 2026-12-30")
"""Widens nothing."""
SLIP: Edit = (TRANSFERS, '"solicitor"]', '"solicitr"]')
BY_MAIL: Edit = (TRANSFERS, 'labels = ["sealed"]\nby = ["sftp"]', 'labels = ["sealed"]\nby = ["sftp", "mail"]')
"""Loads and meets every expectation, and breaks `sealed-by-mail`."""
NEW_PERSON: Edit = (PEOPLE, '"per@town.test" =', '"kim@town.test" = { name = "Kim Doe", roles = ["clerk"], '
                    'until = 2027-01-31 }\n"per@town.test" =')  # fmt: skip


@dataclass(frozen=True)
class RuleOffice:
    """One office, and what its people know."""

    folder: Path
    passwords: dict[str, str]

    @classmethod
    def laid_out(cls, folder: Path) -> RuleOffice:
        day = lay_out(folder, base=20000, clock=SystemClock(), publish=publish_first)
        return cls(folder, {account.address: account.password for account in day.accounts})

    def copied(self, folder: Path) -> RuleOffice:
        shutil.copytree(self.folder, folder)
        return RuleOffice(folder, self.passwords)

    @property
    def setting(self) -> Setting:
        return Setting(folder=self.folder)

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    # ── what is done to it ───────────────────────────────────────────────────────────────────────────────────────────

    def edit(self, *edits: Edit) -> None:
        for name, old, new in edits:
            path = self.rules / name
            text = path.read_text("utf-8")
            assert old in text, f"{name} does not say {old!r}"
            path.write_text(text.replace(old, new, 1), "utf-8")

    def run(self, *words: str, by: str = "", second: str = "", answers: str | None = None) -> Result:
        """`sealgate rules …`; `by` and `second` sign with their passwords."""
        signed: list[str] = []
        for option, file, person in (("--as", "--password-file", by), ("--second", "--second-password-file", second)):
            if person:
                signed += [option, f"{person}@town.test", file, str(self.secret(person))]
        return CliRunner().invoke(
            sealgate, ["--office", str(self.folder), "rules", *words, *signed], input=answers, catch_exceptions=False
        )

    def secret(self, person: str) -> Path:
        path = self.folder.parent / f"{self.folder.name}.{person}"
        path.write_text(self.passwords[f"{person}@town.test"])
        return path

    # ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────

    def digests(self) -> tuple[str, str]:
        """Of the rules in the folder, and of those in force."""
        with opened(self.setting) as office:
            return office.folder_rules.digest, office.in_force.digest if office.in_force else ""

    def signers(self) -> list[tuple[str, ...]]:
        """Who signed each set that was ever published."""
        with opened(self.setting) as office:
            return [one.published.signers for one in office.rule_sets]

    def proposals(self) -> list[str]:
        """What waits for a second signature."""
        return [one["proposal"] for one in json.loads(self.run("proposals", "--json").stdout)]
