"""Every key of every rule file as handbook `rules.md` §3 has it: which must be there, what it is when left out, what it
may hold, and where a wrong value is told.

One line a key: the shape, the key, `!` where it must be there or its default, a right value and a wrong one.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import NODEFAULT, structs

from gateway.judge import entrance, shapes, stationshapes, words
from gateway.judge.problems import Problem
from gateway.judge.reading import Reader
from gateway.judge.shapes import Shape
from gateway.transfer import Way

KNOWN = {
    "role": frozenset({"clerk"}), "role:who": frozenset({"clerk", "outsider"}),
    "label": frozenset({"office", "sealed"}), "purpose": frozenset({"general"}),
    "person": frozenset({"jo@town.test"}), "partner": frozenset({"court"}), "group": frozenset({"courts"}),
    "group:to": frozenset({"courts", "staff", "partner:court"}), "fact": frozenset(words.FACTS),
    "way": frozenset(way.value for way in Way), "power": frozenset(words.POWERS),
    "way to sign in": frozenset(entrance.WAYS),
}  # fmt: skip
DAY, SPAN, YES = ("2027-03-31", '"2027-03-31"'), ('"4h"', '"4 hours"'), ("true", '"true"')
TEXT, COUNT, LABELS = ('"words"', "7"), ("7", "0"), ('["office"]', '["secret"]')
KEY = '"SHA256:7Vq0pHc1m3lXkQz5b8nT2yRf9sWd4uEa6gJoKiLxNvA"'

TABLE: tuple[tuple[type[Shape], str, str, str, str], ...] = (
    # people
    (shapes.RoleTable, "may-handle", "!", '"office"', '"secret"'),
    (shapes.RoleTable, "powers", "()", '["publish", "break-glass", "vouch", "audit"]', '["reign"]'),
    (shapes.PersonTable, "name", "!", *TEXT),
    (shapes.PersonTable, "roles", "!", '["clerk"]', '["clark"]'),
    (shapes.PersonTable, "until", "!", *DAY),
    (shapes.PersonTable, "also", "()", '["j@town.test"]', '["j"]'),
    # labels
    (shapes.LabelsFile, "labels", "!", '["office"]', '["Office!"]'),
    (shapes.LabelsFile, "purposes", "!", '["general"]', "[]"),
    (shapes.SpottingTable, "unlabelled", "!", '"office"', '"secret"'),
    (shapes.SpottingTable, "unstated", "!", '"general"', '"secret"'),
    (shapes.SpottingTable, "incoming", "!", '"office"', '"secret"'),
    (shapes.SpottingTable, "subject", "{}", '{ "[o]" = "office" }', '{ "[o]" = "secret" }'),
    (shapes.SpottingTable, "folder", "{}", '{ "o" = "office" }', '"office"'),
    (shapes.SpottingTable, "purpose", "{}", '{ "[g]" = "general" }', '{ "[g]" = "office" }'),
    (shapes.SpottingTable, "guid", "{}", '{ "1-2" = "office" }', '{ "1-2" = 3 }'),
    (shapes.SpottingTable, "header", "X-Sealgate-Label", *TEXT),
    # partners
    (shapes.PartnersFile, "groups", "!", '["courts"]', '["Courts"]'),
    (shapes.PartnerTable, "name", "!", *TEXT),
    (shapes.PartnerTable, "groups", "!", '["courts"]', '["coarts"]'),
    (shapes.PartnerTable, "domains", "()", '["court.test"]', '["court test"]'),
    (shapes.PartnerTable, "addresses", "()", '["a@court.test"]', '["court.test"]'),
    (shapes.Agreement, "kind", "!", *TEXT),
    (shapes.Agreement, "signed", "!", *DAY),
    (shapes.Agreement, "until", "!", *DAY),
    (shapes.Verified, "on", "!", *DAY),
    (shapes.Verified, "by", "!", '"jo@town.test"', '"joe@town.test"'),
    (shapes.Verified, "how", "!", *TEXT),
    # transfers
    (shapes.AllowTable, "id", "!", '"court-filing"', '"Court filing"'),
    (shapes.AllowTable, "because", "!", *TEXT),
    (shapes.AllowTable, "who", "!", '["clerk", "outsider"]', '["clark"]'),
    (shapes.AllowTable, "to", "!", '["courts", "staff", "partner:court"]', '["partner:coart"]'),
    (shapes.AllowTable, "labels", "!", *LABELS),
    (shapes.AllowTable, "by", "!", '["mail", "sftp", "pickup"]', '["fax"]'),
    (shapes.AllowTable, "until", "!", *DAY),
    (shapes.AllowTable, "owner", "!", '"jo@town.test"', '"joe@town.test"'),
    (shapes.AllowTable, "for", "()", '["general"]', '["generl"]'),
    (shapes.AllowTable, "when", "()", '["agreement-current"]', '["agreement-curent"]'),
    (shapes.AllowTable, "mixed", "all-or-nothing", '"lawful-part"', '"most"'),
    (shapes.AllowTable, "seldom", "False", *YES),
    (shapes.AllowTable, "sender-sealed", "False", *YES),
    (shapes.AllowTable, "mode", "live", '"watch"', '"off"'),
    (shapes.ForbidTable, "who", "()", '["clerk"]', '["clark"]'),
    (shapes.ForbidTable, "unless", "()", '["working-hours"]', '["working-ours"]'),
    (shapes.ForbidTable, "say", "", *TEXT),
    (shapes.ForbidTable, "mode", "live", '"watch"', '"off"'),
    (shapes.RequireTable, "then", "!", '["strip-metadata", "approval-by clerk", "delay 15m"]', '["approval-by clark"]'),
    (shapes.RequireTable, "mode", "live", '"watch"', '"off"'),
    (shapes.NeverTable, "unless", "()", '["working-hours"]', "[]"),
    (shapes.FactsTable, "verified-for", "2y", *SPAN),
    (shapes.FactsTable, "many-recipients", "20", *COUNT),
    (shapes.FactsTable, "lookalike-distance", "1", *COUNT),
    (shapes.FactsTable, "personal-data", "", '{ level = "low", count = 2 }', '{ level = "lowest" }'),
    (shapes.FactsTable, "working-hours", "", '{ days = ["sat"], from = "09:00", to = "10:30" }', '{ from = "9" }'),
    (shapes.PersonalData, "level", "high", '"medium"', '"none"'),
    (shapes.PersonalData, "count", "1", *COUNT),
    (shapes.WorkingHours, "days", "mon tue wed thu fri", '["sat"]', '["saturday"]'),
    (shapes.WorkingHours, "from", "08:00", '"09:30"', '"24:00"'),
    (shapes.WorkingHours, "to", "18:00", '"23:59"', "18:00:00"),
    (shapes.BreakGlass, "review", "3d", *SPAN),
    (shapes.HalfLife, "warn", "60d", *SPAN),
    (shapes.HalfLife, "watch", "90d", *SPAN),
    (shapes.HalfLife, "remove", "120d", *SPAN),
    # tests
    (shapes.Expect, "that", "!", *TEXT),
    (shapes.Expect, "outcome", "!", '"hold"', '"wait"'),
    (shapes.Expect, "from", "", '"jo@town.test"', '"jo"'),
    (shapes.Expect, "to", "", *TEXT),
    (shapes.Expect, "label", "", '"office"', '"secret"'),
    (shapes.Expect, "by", "", '"sftp"', '"fax"'),
    (shapes.Expect, "for", "", '"general"', '"office"'),
    (shapes.Expect, "on", "", *DAY),
    (
        shapes.Expect,
        "facts",
        "{}",
        '{ working-hours = "unknown", first-contact = true }',
        '{ working-hours = "maybe" }',
    ),
    (shapes.Expect, "rules", "", '["x"]', "[1]"),
    (shapes.Expect, "unknown", "", '["x"]', "[1]"),
    (shapes.Expect, "then", "", '["second-factor"]', '["third-factor"]'),
    (shapes.Expect, "nearest", "", '{ rule = "x", missing = ["who"] }', '{ rule = 1, missing = ["who"] }'),
    (shapes.TestFile, "default", "", '{ label = "office" }', '{ lable = "office" }'),
    # metadata
    (stationshapes.StripTable, "what", "!", '["hidden", "notes"]', '["dates"]'),
    (stationshapes.StripTable, "as", "strip", '"flatten"', '"burn"'),
    (stationshapes.StripTable, "to", "()", '["courts"]', '["coarts"]'),
    (stationshapes.StripTable, "labels", "()", *LABELS),
    (stationshapes.StripTable, "families", "()", '["pdf"]', '["papers"]'),
    (stationshapes.KeepTable, "keep", "!", '["tracked-changes"]', '["everything"]'),
    (stationshapes.KeepTable, "owner", "!", '"jo@town.test"', '"joe@town.test"'),
    (stationshapes.KeepTable, "until", "!", *DAY),
    (stationshapes.KeepTable, "as", "", '"negotiation"', '"peace"'),
    # protection
    (stationshapes.ProtectionFile, "floor", "!", '{ office = "verified-transport" }', '{ office = "none" }'),
    (stationshapes.ProtectionFile, "ways", "!", '["openpgp", "smime", "pickup"]', '["paper"]'),
    (stationshapes.ProtectionFile, "transport", "best", '"dane"', '"good"'),
    (stationshapes.ProtectionFile, "trust", "{}", '{ sealed = "call-back" }', '{ sealed = "hope" }'),
    (stationshapes.HopTable, "to", "!", '["courts"]', '["coarts"]'),
    (stationshapes.HopTable, "level", "!", '"mta-sts"', '"mta"'),
    (stationshapes.HopTable, "pin", "()", '["x"]', "[1]"),
    (stationshapes.PickupTable, "keep", "26w", *SPAN),
    (stationshapes.PickupTable, "tries", "5", *COUNT),
    (stationshapes.PickupTable, "code-by", "", *TEXT),
    # routes
    (stationshapes.MailTable, "via", "mx", *TEXT),
    (stationshapes.MailTable, "first-retry", "5m", *SPAN),
    (stationshapes.MailTable, "give-up", "5d", *SPAN),
    (stationshapes.MailTable, "park-from", "confidential", '"office"', '"secret"'),
    (stationshapes.RouteTable, "id", "!", '"court-box"', '"Court box"'),
    (stationshapes.RouteTable, "partner", "!", '"court"', '"coart"'),
    (stationshapes.RouteTable, "by", "!", '"sftp"', '"mail"'),
    (stationshapes.RouteTable, "at", "!", '"sftp.court.test:22"', '"sftp.court.test"'),
    (
        stationshapes.RouteTable,
        "host-keys",
        "!",
        f"[{KEY}, {{ key = {KEY}, from = 2027-01-01, until = 2027-02-01 }}]",
        '["SHA1:x"]',
    ),
    (stationshapes.RouteTable, "user", "", *TEXT),
    (stationshapes.RouteTable, "credential", "", *TEXT),
    (stationshapes.RouteTable, "folder", "", *TEXT),
    (stationshapes.RouteTable, "sweeps", "False", *YES),
    # retention
    (stationshapes.RetentionTable, "what", "!", '["content", "op", "snd", "rcp", "obj", "net", "sec"]', '["all"]'),
    (stationshapes.RetentionTable, "for", "!", *SPAN),
    (stationshapes.RetentionTable, "labels", "()", *LABELS),
    (stationshapes.RetentionTable, "purposes", "()", '["general"]', '["office"]'),
    (stationshapes.RetentionTable, "of", "()", '["sent", "refused", "note", "question"]', '["held"]'),
    (stationshapes.RetentionTable, "owner", "", '"jo@town.test"', '"joe@town.test"'),
    (stationshapes.RetentionTable, "warn", "", *SPAN),
    (stationshapes.HoldTable, "owner", "!", '"jo@town.test"', '"joe@town.test"'),
    (stationshapes.HoldTable, "until", "!", *DAY),
    (stationshapes.HoldTable, "partners", "()", '["court"]', '["coart"]'),
    (stationshapes.HoldTable, "people", "()", '["jo@town.test"]', '["joe@town.test"]'),
    (stationshapes.HoldTable, "addresses", "()", '["anna@example.test"]', '["anna"]'),
    (stationshapes.HoldTable, "purposes", "()", '["general"]', '["office"]'),
    # gateway
    (stationshapes.OfficeTable, "name", "!", *TEXT),
    (stationshapes.OfficeTable, "domains", "!", '["town.test"]', '["town test"]'),
    (stationshapes.OfficeTable, "zone", "!", *TEXT),
    (stationshapes.OfficeTable, "language", "en", *TEXT),
    (stationshapes.StorageTable, "records", "!", '"sqlite:var/records.db"', '"records.db"'),
    (stationshapes.StorageTable, "blobs", "!", '"files:var/blobs"', '"var/blobs"'),
    (stationshapes.LedgerTable, "origin", "!", *TEXT),
    (stationshapes.DoorTable, "listen", "!", '["0.0.0.0:465"]', '["465"]'),
    (stationshapes.DoorTable, "cert", "", *TEXT),
    (stationshapes.DoorTable, "url", "", *TEXT),
    (stationshapes.WorkshopTable, "level", "B", '"A"', '"D"'),
    (stationshapes.LimitsTable, "message-bytes", str(50 * 1024 * 1024), *COUNT),
    (stationshapes.LimitsTable, "line-bytes", "998", *COUNT),
    (stationshapes.LimitsTable, "header-bytes", str(256 * 1024), *COUNT),
    (stationshapes.LimitsTable, "header-fields", "1000", *COUNT),
    (stationshapes.LimitsTable, "mime-depth", "20", *COUNT),
    (stationshapes.LimitsTable, "parts", "1000", *COUNT),
    (stationshapes.LimitsTable, "recipients", "1000", *COUNT),
    (stationshapes.LimitsTable, "archive-depth", "5", *COUNT),
    (stationshapes.LimitsTable, "archive-entries", "10000", *COUNT),
    (stationshapes.LimitsTable, "archive-ratio", "100", *COUNT),
    (stationshapes.LimitsTable, "unpacked-bytes", str(1024**3), *COUNT),
)
ROWS = [pytest.param(*row, id=f"{row[0].__name__}.{row[1]}") for row in TABLE]


def fields(shape: type[Shape]) -> dict[str, structs.FieldInfo]:
    return {field.encode_name: field for field in structs.fields(shape)}


def text_of(shape: type[Shape], key: str, value: str) -> str:
    """The table with every key it must have, and this one, last, as `value`."""
    rows = [row for row in TABLE if row[0] is shape and row[2] == "!" and row[1] != key]
    spotting = '{ unlabelled = "office", unstated = "general", incoming = "office" }'
    extra = {"id": '"x"', "because": '"So."', "spotting": spotting}
    required = {name: right for _, name, _, right, _ in rows}
    wanted = [name for name, field in fields(shape).items() if field.required and name != key]
    lines = [f"{name} = {required.get(name) or extra.get(name) or '{}'}" for name in wanted]
    return "\n".join([*lines, f"{key} = {value}"])


def taken(shape: type[Shape], text: str) -> tuple[Shape | None, list[Problem]]:
    problems: list[Problem] = []
    page = Reader("x.toml", problems)
    assert page.parse(text), problems
    return page.take(shape, KNOWN), problems


def written(value: Any) -> str:
    if isinstance(value, tuple) and value:
        return " ".join(map(str, value))
    return "" if value is None or isinstance(value, Shape) else str(value)


@pytest.mark.parametrize(("shape", "key", "default", "right", "wrong"), ROWS)
def test_a_key_is_there_as_the_handbook_has_it(
    shape: type[Shape], key: str, default: str, right: str, wrong: str
) -> None:
    """It must be there, or it has this default."""
    field = fields(shape)[key]

    assert (default == "!") == field.required
    if default not in ("!", "{}"):
        assert default == written(field.default)
    elif default == "{}":
        assert field.default is NODEFAULT
        assert {} == field.default_factory()


@pytest.mark.parametrize(("shape", "key", "default", "right", "wrong"), ROWS)
def test_a_right_value_is_taken(shape: type[Shape], key: str, default: str, right: str, wrong: str) -> None:
    """Without a problem."""
    found, problems = taken(shape, text_of(shape, key, right))

    assert [] == [str(problem) for problem in problems]
    assert found is not None


@pytest.mark.parametrize(("shape", "key", "default", "right", "wrong"), ROWS)
def test_a_wrong_value_is_told_where_it_stands(
    shape: type[Shape], key: str, default: str, right: str, wrong: str
) -> None:
    """On its line, not before its first character; nothing is taken."""
    text = text_of(shape, key, wrong)

    found, problems = taken(shape, text)

    line = text.count("\n") + 1
    told = [problem for problem in problems if problem.line == line]
    assert found is None
    assert told, [str(problem) for problem in problems]
    assert all(problem.column > len(f"{key} =") for problem in told)


@pytest.mark.parametrize(
    ("shape", "key", "right"),
    [pytest.param(row[0], row[1], row[3], id=f"{row[0].__name__}.{row[1]}") for row in TABLE],
)
def test_a_misspelt_key_is_told_and_meant(shape: type[Shape], key: str, right: str) -> None:
    """One letter too many: it is unknown, at its own first letter, and the right one is offered."""
    *lines, last = text_of(shape, key, right).split("\n")
    text = "\n".join([*lines, f"{key}x{last.removeprefix(key)}"])

    found, problems = taken(shape, text)

    assert found is None
    assert any(f'unknown key "{key}x"' in str(one) and f'did you mean "{key}"?' in str(one) for one in problems)
