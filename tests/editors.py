"""What an editor does with a schema: so much of JSON Schema as ours use, and an error for a word it does not know.

Held once against `jsonschema` and `tombi lint`, which say the same of the sample and of what is wrong with it.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator
from typing import Any

KNOWN = {
    "type", "description", "properties", "additionalProperties", "propertyNames", "required", "default", "$ref",
    "$defs", "anyOf", "items", "minItems", "enum", "pattern", "maxLength", "minimum", "maximum", "format",
    "x-tombi-toml-version",
}  # fmt: skip


def underlined(schema: dict[str, Any], text: str) -> list[str]:
    """The places an editor would underline in a TOML file, each once."""
    return list(dict.fromkeys(_wrong(schema, schema, tomllib.loads(text), "")))


def _wrong(root: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in schema:
        ways = [list(_wrong(root, one, value, at)) for one in schema["anyOf"]]
        yield from min(ways, key=lambda wrong: (at in wrong, len(wrong)))  # the one of the value's own kind
        return
    kind = schema["type"]
    if not _is_of(kind, value) or (schema.get("format") == "date") != (type(value) is datetime.date):
        yield at
    elif kind == "object":
        yield from _wrong_table(root, schema, value, at)
    elif kind == "array":
        if len(value) < schema.get("minItems", 0):
            yield at
        for number, one in enumerate(value):
            yield from _wrong(root, schema["items"], one, f"{at}/{number}")
    elif kind == "integer":
        if not schema["minimum"] <= value <= schema["maximum"]:
            yield at
    elif isinstance(value, str) and not _is_text(schema, value):
        yield at


def _wrong_table(root: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}/{key}" for key in schema.get("required", ()) if key not in value)
    more = schema["additionalProperties"]
    for key, one in value.items():
        inside = schema.get("properties", {}).get(key, more)
        if inside is False:
            yield f"{at}/{key}"
            continue
        if "propertyNames" in schema:
            yield from _wrong(root, schema["propertyNames"], key, f"{at}/{key}")
        yield from _wrong(root, inside, one, f"{at}/{key}")


def _is_of(kind: str, value: Any) -> bool:
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return type(value) is int
        case _:
            return isinstance(value, str) or type(value) is datetime.date


def _is_text(schema: dict[str, Any], value: str) -> bool:
    return (
        ("enum" not in schema or value in schema["enum"])
        and ("pattern" not in schema or re.search(schema["pattern"], value, re.ASCII) is not None)
        and len(value) <= schema.get("maxLength", len(value))
    )
