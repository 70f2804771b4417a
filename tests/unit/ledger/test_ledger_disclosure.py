"""One value can be shown, and nothing can be shown as what it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import Unreadable
from gateway.ledger.composing import Statement, compose
from gateway.ledger.disclosure import Disclosure, check_disclosure, disclose
from gateway.ledger.leaf import CLASSES, FIELDS
from gateway.ledger.strict import base64_text

SECRETS = {cls: bytes([i]) * 32 for i, cls in enumerate(CLASSES, start=1)}


def test_the_worked_vector_path(worked) -> None:
    """The handbook's path for the recipient's address, and it verifies."""
    shown = disclose("sealed", index=0, cls="rcp", field="addr", secret=SECRETS["rcp"],
                     values=worked.statement.of("rcp"), table=worked.table)  # fmt: skip
    assert [worked.expected["path_rcp_addr"]] == [base64_text(node) for node in shown.path]
    assert check_disclosure(worked.leaf.entry, shown, schemas={"xfer/1": worked.table})


@pytest.mark.parametrize("kind", sorted(FIELDS))
def test_every_field_of_every_kind_can_be_shown(kind: str) -> None:
    """Every second field has a value, the others' absence is shown; all verify, none verifies as another field."""
    values = tuple((cls, tuple((f, f"v-{f}") for f in FIELDS[kind][cls][::2])) for cls in CLASSES)
    outcome = {"shipped": "delivered", "collected": "delivered", "declined": "refused", "deferred": "deferred",
               "undeliverable": "bounced", "expired": "expired"}.get(kind, "")  # fmt: skip
    statement = Statement(kind=kind, x=bytes(16), leg=0, outcome=outcome, values=values)
    entry = compose(statement, time_ms=1, gateway="gw1", secrets=SECRETS).entry
    for cls in CLASSES:
        names = FIELDS[kind][cls] or ("",)
        for name in names:
            shown = disclose(kind, index=7, cls=cls, field=name, secret=SECRETS[cls], values=statement.of(cls))
            assert check_disclosure(entry, shown)
            assert not any(check_disclosure(entry, replace(shown, field=other)) for other in names if other != name)


@pytest.mark.parametrize(
    "lie",
    [
        {"value": "somebody@else.example"}, {"value": None}, {"salt": bytes(32)}, {"salt": b""}, {"cls": "snd"},
        {"cls": "none"}, {"path": ()}, {"path": (bytes(32),)}, {"path": (bytes(31),)}, {"field": "unknown"},
    ],
)  # fmt: skip
def test_a_lie_does_not_verify(worked, lie) -> None:
    """Another value, salt, class, field or path is not what the entry committed to."""
    shown = disclose("sealed", index=0, cls="rcp", field="addr", secret=SECRETS["rcp"],
                     values=worked.statement.of("rcp"), table=worked.table)  # fmt: skip
    assert not check_disclosure(worked.leaf.entry, replace(shown, **lie), schemas={"xfer/1": worked.table})


def test_a_value_cannot_borrow_from_its_salt(worked) -> None:
    """Salt and value are hashed side by side: moving the border would show another value as committed to."""
    shown = disclose("sealed", index=0, cls="rcp", field="addr", secret=SECRETS["rcp"],
                     values=worked.statement.of("rcp"), table=worked.table)  # fmt: skip
    assert shown.value is not None
    lie = replace(shown, salt=shown.salt + shown.value[:2].encode(), value=shown.value[2:])
    assert not check_disclosure(worked.leaf.entry, lie, schemas={"xfer/1": worked.table})


def test_an_unknown_schema_is_not_judged(worked) -> None:
    """An entry of a schema this code does not know is neither true nor false."""
    shown = Disclosure(index=0, cls="rcp", field="addr", value="x", salt=bytes(32), path=())
    with pytest.raises(Unreadable, match="schema"):
        check_disclosure(worked.leaf.entry, shown)


GOOD = {"i": 4, "c": "rcp", "f": "addr", "v": "x", "salt": base64_text(bytes(32)), "path": []}


def test_json_round_trip() -> None:
    """A disclosure reads back as it was written."""
    assert GOOD == Disclosure.from_json(GOOD).to_json()


@pytest.mark.parametrize(
    "change",
    [{"i": -1}, {"i": "4"}, {"pad": GOOD["salt"]}, {"salt": "AAAA"}, {"path": ["AAAA"]}, {"extra": 1},
     {"path": [GOOD["salt"]] * 9}, {"v": 3}],
)  # fmt: skip
def test_another_shape_is_unreadable(change) -> None:
    """A foreign member, a pad beside a value, or a hash of another length is refused."""
    with pytest.raises(Unreadable):
        Disclosure.from_json({**GOOD, **change})
