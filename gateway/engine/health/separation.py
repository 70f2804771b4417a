"""Is the gateway kept from what is the scribe's, where both are units: the records, to read and not to write?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from gateway.engine.health.checkup import Finding, fine, wrong

CHECK = "separation"


def separation(records: PurePath, shut: Sequence[str]) -> Iterator[Finding]:
    """What the gateway's unit shuts off, against where the records are."""
    if any(records.is_relative_to(one) for one in shut):
        yield fine(CHECK, f"The gateway's unit reads {records.parent} and cannot write there; the scribe's can.")
        return
    folder = records.parent / "records"
    where = f"in {', '.join(shut)}" if shut else "nowhere"
    yield wrong(
        CHECK,
        f"Who takes the gateway over could write {records}: its unit is kept from writing {where}.",
        f"systemctl stop sealgate && mkdir -m 700 {folder} && mv {records}* {folder}/ && editor rules/gateway.toml"
        " && sealgate rules publish && systemctl start sealgate",
    )
