"""Which label and purpose does this carry? Tags in the subject, folders, the label header, sensitivity marks.

The highest label found wins. What cannot be determined (a header that names a label we do not have, an unknown mark,
two purposes) comes out as `None` with a conflict: the judge then holds it, and the caller gives the fact
`label-conflict`. An outsider's own tags never count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.facts import Reason, Truth
from gateway.judge.circumstances import label_conflict
from gateway.judge.rulebook import Rulebook

# [MS-OFFCRYPTO]'s sensitivity labels as mail carries them: MSIP_Label_<guid>_Enabled=True
_MARK = re.compile(r"MSIP_Label_([0-9a-f-]{36})_Enabled=True", re.IGNORECASE | re.ASCII)
_MARKS_HEADER = "msip_labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """What was found. `None`: it cannot be determined, and `conflicts` says why."""

    label: str | None
    purpose: str | None
    conflicts: tuple[Reason, ...] = ()
    named: tuple[str, ...] = ()
    """Every label that anything names, each once: the fact `label-conflict` is about these."""

    @property
    def label_conflict(self) -> Truth:
        """The fact: several labels are named, or one that we do not have."""
        return label_conflict(self.named, sum(one.code == "label-conflict" for one in self.conflicts))


def spot(
    rulebook: Rulebook,
    subject: str,
    headers: Iterable[tuple[str, str]] = (),
    *,
    folders: Sequence[str] = (),
    is_from_outside: bool = False,
) -> Spotted:
    """Label and purpose by the decoded subject, the header fields as name and value, and the folders of a file."""
    spotting = rulebook.labels.spotting
    if is_from_outside:
        return Spotted(label=spotting.incoming, purpose=spotting.unstated)
    seen = subject.casefold()
    labels = [label for tag, label in spotting.subject.items() if tag.casefold() in seen]
    passed = {folder.casefold() for folder in folders}
    labels += [label for folder, label in spotting.folder.items() if folder.casefold() in passed]
    conflicts: list[Reason] = []
    _from_headers(rulebook, headers, labels, conflicts)
    purposes = sorted({purpose for tag, purpose in spotting.purpose.items() if tag.casefold() in seen})
    label = None if conflicts else rulebook.labels.highest(tuple(labels or [spotting.unlabelled]))
    purpose: str | None = purposes[0] if purposes else spotting.unstated
    if len(purposes) > 1:
        conflicts.append(Reason(code="purpose-conflict", about=(("found", " ".join(purposes)),)))
        purpose = None
    return Spotted(label=label, purpose=purpose, conflicts=tuple(conflicts), named=tuple(dict.fromkeys(labels)))


def _from_headers(
    rulebook: Rulebook, headers: Iterable[tuple[str, str]], labels: list[str], conflicts: list[Reason]
) -> None:
    spotting = rulebook.labels.spotting
    header = spotting.header.lower()
    marks = {guid.lower(): label for guid, label in spotting.guid.items()}
    for name, value in headers:
        lowered = name.lower()
        if lowered == header:
            _add(value.strip().lower(), {label: label for label in rulebook.labels.order}, labels, conflicts)
        elif lowered == _MARKS_HEADER:
            for guid in _MARK.findall(value):
                _add(str(guid).lower(), marks, labels, conflicts)


def _add(found: str, known: dict[str, str], labels: list[str], conflicts: list[Reason]) -> None:
    if found in known:
        labels.append(known[found])
    else:
        conflicts.append(Reason(code="label-conflict", about=(("found", found[:60]),)))
