"""Something somebody declared, as a fact of the office: `Published`, with one file that says it in words.

It stands in a stream of its own and changes no rule; its signers and its reason are in the ledger as those of any
change of rules are. What is read back is what was written, whatever a person typed.
"""

from __future__ import annotations

import json

import msgspec

from gateway.facts import Published
from gateway.judge.rulebook import digest_of


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A table of such a file: words and numbers alone."""


def declared(name: str, table: str, said: Said, *, signers: tuple[str, ...], why: str) -> Published:
    """The fact whose one file `name` holds one `[table]`."""
    # A JSON value on one line, without what TOML escapes and JSON does not, is a TOML value too.
    lines = (f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in msgspec.to_builtins(said).items())
    files = {name: f"[{table}]\n" + "".join(lines)}
    return Published(digest=digest_of(files), files=tuple(files.items()), signers=signers, why=why)


def plain(text: str) -> str:
    """A person's words on one line, without what no file of words may hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
