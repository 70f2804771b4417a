"""Showing one value of one entry, or that it has none, and nothing else.

A disclosure carries the value, its salt and the path to its class root. Position and count follow from the entry's
schema and kind, so a value cannot be shown as another field's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.errors import Unreadable
from gateway.ledger.entry import read_entry
from gateway.ledger.jcs import Json
from gateway.ledger.leaf import CLASSES, FACT_SCHEMA, FIELDS, Table, class_hashes, field_hash, salt_of
from gateway.ledger.merkle import HASH_BYTES, inclusion, is_included, root_of
from gateway.ledger.strict import base64_text, unbase64

SCHEMAS: Mapping[str, Table] = {FACT_SCHEMA: FIELDS}
_LONGEST_PATH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One field of one entry. `value` None: the entry has none, and `salt` is the decoy's pad."""

    index: int
    cls: str
    field: str
    value: str | None
    salt: bytes
    path: tuple[bytes, ...]

    def to_json(self) -> Mapping[str, Json]:
        """As it is written."""
        path = [base64_text(node) for node in self.path]
        common: dict[str, Json] = {"i": self.index, "c": self.cls, "f": self.field, "path": path}
        if self.value is None:
            return {**common, "pad": base64_text(self.salt)}
        return {**common, "v": self.value, "salt": base64_text(self.salt)}

    @classmethod
    def from_json(cls, untrusted: Json) -> Disclosure:
        """As it was written. Raises `Unreadable`."""
        value: str | None
        keys = len(untrusted) if isinstance(untrusted, Mapping) else 0
        match untrusted:
            case {"i": int(index), "c": str(name), "f": str(field), "path": list(path), "v": str(v), "salt": str(salt)}:
                value, is_one = v, keys == 6
            case {"i": int(index), "c": str(name), "f": str(field), "path": list(path), "pad": str(salt)}:
                value, is_one = None, keys == 5
            case _:
                raise Unreadable("not a disclosure")
        nodes = [node for node in path if isinstance(node, str)]
        if not is_one or len(nodes) != len(path) or len(path) > _LONGEST_PATH or index < 0:
            raise Unreadable("not a disclosure")
        return cls(
            index=index,
            cls=name,
            field=field,
            value=value,
            salt=unbase64(salt, HASH_BYTES),
            path=tuple(unbase64(node, HASH_BYTES) for node in nodes),
        )


def disclose(
    kind: str,
    *,
    index: int,
    cls: str,
    field: str,
    secret: bytes,
    values: tuple[tuple[str, str], ...],
    table: Table = FIELDS,
) -> Disclosure:
    """Show `field` of the entry at `index`, from what its box of `cls` held."""
    fields = table[kind][cls] or ("",)
    hashes = class_hashes(table[kind][cls], values, secret)
    value = dict(values).get(field)
    path = inclusion(fields.index(field), len(fields), lambda level, i: root_of(hashes[i << level : (i + 1) << level]))
    salt = salt_of(secret, field, is_decoy=value is None)
    return Disclosure(index=index, cls=cls, field=field, value=value, salt=salt, path=path)


def check_disclosure(entry: bytes, disclosure: Disclosure, *, schemas: Mapping[str, Table] = SCHEMAS) -> bool:
    """Whether the entry committed to this. The caller proves that the entry stands at `disclosure.index`.

    Raises `Unreadable` if the entry is none, or of a schema or kind not known here.
    """
    said = read_entry(entry)
    table = schemas.get(said.schema, {}).get(said.kind)
    if table is None:
        raise Unreadable("an entry of a schema or kind not known here")
    if disclosure.cls not in CLASSES:
        return False
    fields = table[disclosure.cls] or ("",)
    if disclosure.field not in fields or len(disclosure.salt) != HASH_BYTES:
        return False
    found = field_hash(disclosure.field, disclosure.value, disclosure.salt)
    root = said.roots[CLASSES.index(disclosure.cls)]
    return is_included(fields.index(disclosure.field), len(fields), found, root, disclosure.path)
