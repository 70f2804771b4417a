"""Schemas for editors: they let pass what loads, and underline what can be seen in one file alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands.sample import sample_rules
from gateway.judge import shapes, stationshapes
from gateway.judge.checks import FILES
from gateway.judge.glossary import BY_TABLE, EVERYWHERE, meaning
from gateway.judge.rulebook import Rulebook, read
from gateway.judge.schema import schemas
from gateway.judge.shapes import Shape, TestFile
from tests.editors import underlined

TEXTS = sample_rules()
ROOT = Path(__file__).parents[3]


def schema_of(name: str) -> dict[str, object]:
    return dict(schemas()["test" if name.endswith(".test.toml") else name.removesuffix(".toml")])


def edited(name: str, old: str, new: str) -> str:
    assert old in TEXTS[name]
    return TEXTS[name].replace(old, new, 1)


def test_there_is_one_for_each_file() -> None:
    """The nine, and one for every *.test.toml."""
    assert {name.removesuffix(".toml") for name in FILES} | {"test"} == set(schemas())


def test_every_key_of_a_shape_stands_in_its_schema() -> None:
    """Made of the shapes: no key is forgotten, none is invented."""
    for name, shape in (*FILES.items(), ("x.test.toml", TestFile)):
        properties = schema_of(name)["properties"]
        assert isinstance(properties, dict)
        assert set(shape.__struct_encode_fields__) == set(properties)


def test_a_schema_can_be_written_as_json() -> None:
    """What is printed is what was made."""
    for one in schemas().values():
        assert one == json.loads(json.dumps(one))


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_nothing_is_underlined_in_the_sample(name: str) -> None:
    """Every file of the sample office is as its schema wants it."""
    assert [] == underlined(schema_of(name), TEXTS[name])


@pytest.mark.parametrize(
    ("name", "old", "new", "where"),
    [
        ("transfers.toml", "\nlabels = ", "\nlabls = ", ["/allow/0/labels", "/allow/0/labls"]),
        ("transfers.toml", "until = 2027-03-31", 'until = "2027-03-31"', ["/allow/0/until"]),
        ("transfers.toml", 'by = ["mail", "sftp"]', 'by = ["mail", "fax"]', ["/allow/0/by/1"]),
        ("transfers.toml", 'by = ["mail", "sftp"]', "by = []", ["/allow/0/by"]),
        ("transfers.toml", '"agreement-current"', '"agreement-curent"', ["/allow/0/when/0"]),
        ("transfers.toml", '"approval-by head"', '"aproval-by head"', ["/require/1/then/0"]),
        ("transfers.toml", 'id = "court-filing"', 'id = "Court Filing"', ["/allow/0/id"]),
        ("people.toml", 'powers = ["publish", "break-glass"]', 'powers = ["publsh"]', ["/role/head/powers/0"]),
        (
            "protection.toml",
            'confidential = "encrypt-to-recipient"',
            'confidential = "encrypted"',
            ["/floor/confidential"],
        ),
        ("retention.toml", '"30d"', '"30 days"', ["/keep/0/for"]),
        ("retention.toml", '"30d"', "30", ["/keep/0/for"]),
        ("gateway.toml", "office = {", "ofice = {", ["/office", "/ofice"]),
        ("transfers.test.toml", 'outcome = "send"', 'outcome = "sent"', ["/expect/0/outcome"]),
    ],
)
def test_a_slip_that_shows_in_one_file_is_underlined(name: str, old: str, new: str, where: list[str]) -> None:
    """Misspelt keys and words, wrong kinds, empty lists: where they stand; the reader refuses each of them too."""
    text = edited(name, old, new)

    assert sorted(where) == sorted(underlined(schema_of(name), text))
    assert not isinstance(read({**TEXTS, name: text}), Rulebook)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("transfers.toml", 'who = ["solicitor"]', 'who = "solicitor"'),
        ("transfers.toml", '["approval-by head"]', '["approval-by head", "delay 15m"]'),
        ("transfers.toml", "\n[[never]]", '\n[half-life]\nwarn = "8w"\n\n[[never]]'),
        ("protection.toml", 'ways = ["openpgp", "smime", "pickup"]', 'ways = "openpgp"'),
    ],
)
def test_what_loads_is_never_underlined(name: str, old: str, new: str) -> None:
    """A bare value for a list, a demand with an argument, a table the sample has not."""
    text = edited(name, old, new)

    assert isinstance(read({**TEXTS, name: text}), Rulebook)
    assert [] == underlined(schema_of(name), text)


TABLES = {
    name: shape
    for module in (shapes, stationshapes)
    for name, shape in vars(module).items()
    if isinstance(shape, type) and issubclass(shape, Shape)
}


def test_an_editor_says_what_a_key_is_for() -> None:
    """Beside a key, and beside the table it opens."""
    transfers, gateway = schema_of("transfers.toml"), json.dumps(schema_of("gateway.toml"))

    assert EVERYWHERE["when"] in json.dumps(transfers)
    assert BY_TABLE["OfficeTable"]["zone"] in gateway
    assert "`[[allow]]`: the only verb that widens." in json.dumps(transfers)


def test_what_is_said_of_keys_is_said_of_keys_there_are() -> None:
    """A key that was taken away takes its sentence along; every sentence ends."""
    stale = [
        f"{table}.{key}"
        for table, keys in BY_TABLE.items()
        for key in keys
        if table not in TABLES or key not in TABLES[table].__struct_encode_fields__
    ]

    assert [] == stale
    assert all(text.endswith(".") for text in EVERYWHERE.values())
    assert all(text.endswith(".") for keys in BY_TABLE.values() for text in keys.values())


@pytest.mark.parametrize("shape", [TABLES[name] for name in BY_TABLE])
def test_no_key_of_a_table_is_left_unsaid(shape: type[Shape]) -> None:
    """Say in `judge/glossary.py` what a new key is for."""
    assert [] == [key for key in shape.__struct_encode_fields__ if not meaning(shape.__name__, key)]
