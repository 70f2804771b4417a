"""JSON Schemas of the rule files, for editors: made of the very shapes the reader walks, so they cannot say otherwise.

A schema never refuses what loads. It lets pass what only the whole folder can show: a role that nobody defined, an id
that stands twice; `rules check` finds those.
"""

from __future__ import annotations

import inspect as introspection
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias, cast

from msgspec import NODEFAULT, UNSET, inspect

from gateway.judge import entrance, words
from gateway.judge.checks import FILES
from gateway.judge.glossary import meaning
from gateway.judge.reading import FORMS, HIGHEST, MAX_TEXT
from gateway.judge.shapes import Shape, TestFile
from gateway.judge.words import Duration
from gateway.transfer import Way

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
Table: TypeAlias = dict[str, Json]

TEST = "test"
_ID = "id"
_NAMED = {"role": "a role of people.toml", "role:who": 'a role of people.toml, or "outsider"',
          "label": "a label of labels.toml", "purpose": "a purpose of labels.toml",
          "partner": "a partner of partners.toml", "group": "a group of partners.toml",
          "group:to": 'a group of partners.toml, "staff", "strangers" or "partner:ID"',
          "person": "a person of people.toml, by address", "address": "an address such as jo@town.test",
          "domain": "a domain such as court.test"}  # fmt: skip
_CLOSED: Mapping[str, Iterable[str]] = {
    "fact": words.FACTS,
    "way": tuple(way.value for way in Way),
    "power": words.POWERS,
    "way to sign in": entrance.WAYS,
}


def schemas() -> Mapping[str, Table]:
    """By name (`people`, …, and `test` for *.test.toml) the schema of the file."""
    shapes = {name.removesuffix(".toml"): shape for name, shape in FILES.items()} | {TEST: TestFile}
    return {name: _file(shape) for name, shape in shapes.items()}


def _file(shape: type[Shape]) -> Table:
    known: dict[str, Table] = {}
    kind = cast(inspect.StructType, inspect.type_info(shape))
    schema = _struct(kind, known)
    definitions: Table = {name: known[name] for name in sorted(known)}
    return {**schema, "x-tombi-toml-version": "v1.0.0", "$defs": definitions}


def _struct(kind: inspect.StructType, known: dict[str, Table]) -> Table:
    properties: Table = {}
    for each in kind.fields:
        described, default = _value(each.type, known), _default(each)
        meant = meaning(kind.cls.__name__, each.encode_name)
        properties[each.encode_name] = {
            **described,
            **({"description": meant} if meant else {}),
            **({} if default is None else {"default": default}),
        }
    schema: Table = {
        "type": "object",
        "description": introspection.cleandoc(kind.cls.__doc__ or ""),
        "properties": properties,
        "additionalProperties": False,
    }
    required: list[Json] = [each.encode_name for each in kind.fields if each.required]
    return {**schema, "required": required} if required else schema


def _value(kind: inspect.Type, known: dict[str, Table]) -> Table:
    match kind:
        case inspect.Metadata(extra_json_schema=extra):
            return _word(str((extra or {}).get("title")))
        case inspect.StructType(cls=shape):
            if shape.__name__ not in known:
                known[shape.__name__] = {}  # a shape that holds itself would come here again
                known[shape.__name__] = _struct(kind, known)
            return {"$ref": f"#/$defs/{shape.__name__}"}
        case inspect.VarTupleType(item_type=item):
            one = _value(item, known)
            return {"anyOf": [{"type": "array", "items": one, "minItems": 1}, one]}
        case inspect.DictType(key_type=key, value_type=value):
            keys: Table = {"propertyNames": _value(key, known)} if isinstance(key, inspect.Metadata) else {}
            return {"type": "object", "additionalProperties": _value(value, known), **keys}
        case inspect.UnionType(types=types):
            real = [_value(each, known) for each in types if not isinstance(each, inspect.NoneType)]
            return real[0] if len(real) == 1 else {"anyOf": list(real)}
        case _:
            return _plain(kind)


def _plain(kind: inspect.Type) -> Table:
    match kind:
        case inspect.DateType():
            return {"type": "string", "format": "date"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType():
            return {"type": "integer", "minimum": 1, "maximum": HIGHEST}
        case inspect.StrType():
            return {"type": "string", "maxLength": MAX_TEXT}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": [str(value) for value in values]}
        case inspect.EnumType(cls=closed):
            return {"type": "string", "enum": [str(member.value) for member in closed]}
        case inspect.DataclassType(cls=shape) if shape is Duration:
            return {"type": "string", "pattern": _whole(words.DURATION), "description": 'a duration such as "90d"'}
        case _:
            raise TypeError(f"no schema for {kind}")


def _word(title: str) -> Table:
    """A text of a vocabulary or a form."""
    if title in _CLOSED:
        return {"type": "string", "enum": list(_CLOSED[title])}
    if title in FORMS:
        pattern, wanted = FORMS[title]
        return {"type": "string", "pattern": _whole(pattern), "description": wanted}
    if title == "demand":
        plain: list[Json] = [*words.DEMANDS, *words.DEMANDS_TO_WAIT_FOR]
        role = f"^{re.escape(words.APPROVAL)}{FORMS[_ID][0].pattern}$"
        delay = f"^{re.escape(words.DELAY)}{words.DURATION.pattern}$"
        return {"anyOf": [{"type": "string", "enum": plain}, {"type": "string", "pattern": f"{role}|{delay}"}]}
    return {"type": "string", "maxLength": MAX_TEXT, "description": _NAMED[title]}


def _whole(pattern: re.Pattern[str]) -> str:
    """As JSON Schema has it: a pattern there is searched for, not matched whole."""
    return f"^(?:{pattern.pattern})$"


def _default(each: inspect.Field) -> Json:
    """The default as an admin would write it; None where there is none to show."""
    value = each.default
    if value is NODEFAULT or value is UNSET or value in ("", (), None) or isinstance(value, Shape):
        return None
    if isinstance(value, tuple):
        return [str(one) for one in value]
    return value if isinstance(value, (bool, int)) else str(value)
