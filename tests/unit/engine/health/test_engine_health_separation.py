"""Whether the gateway's unit can write what is the scribe's."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from gateway.engine.health.checkup import Grade
from gateway.engine.health.separation import separation

VAR = PurePath("/var/lib/sealgate/var")
SHUT = (f"{VAR}/records",)


def test_records_in_a_folder_that_is_shut_are_safe() -> None:
    """As `sealgate init` lays them out and the unit is shipped."""
    (found,) = separation(VAR / "records" / "records.db", SHUT)

    assert (Grade.FINE, "") == (found.grade, found.mend)


@pytest.mark.parametrize(("records", "shut"), [(VAR / "records.db", SHUT), (VAR / "records" / "records.db", ())])
def test_records_the_gateway_could_write_are_wrong(records: PurePath, shut: tuple[str, ...]) -> None:
    """Those of an office from before, and of a unit whose line somebody took out; the commands mend the first."""
    (found,) = separation(records, shut)

    assert Grade.WRONG == found.grade
    assert str(records) in found.sentence
    assert found.mend.startswith("systemctl stop sealgate && mkdir -m 700 ")
