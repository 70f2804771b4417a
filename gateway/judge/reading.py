"""From one file's text to its shape, with every problem found on the way.

msgspec stops at its first error and knows no lines, so a shape is walked here field by field: each table, list and
word is checked where it stands. What comes out is complete and of its declared types, or `None`, and then a problem.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NoReturn, TypeVar, cast

import idna
from msgspec import inspect

from gateway.judge import words
from gateway.judge.places import Path, Places
from gateway.judge.problems import Problem, did_you_mean, nearest
from gateway.judge.shapes import Shape
from gateway.judge.words import Duration

MAX_FILE_BYTES = 1024 * 1024
MAX_TEXT = 500
HIGHEST = 2**53 - 1
"""Of whole numbers: what JSON carries exactly."""
MAX_PROBLEMS = 200
"""More than anybody mends at once; bounds what a hostile or garbled file can make us say."""

Vocabularies = Mapping[str, frozenset[str]]
T = TypeVar("T", bound=Shape)

_ID = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
_ADDRESS = re.compile(r"[^\s@\"<>()\\,;:\[\]]{1,64}@([^\s@]{1,253})")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*", re.ASCII)
_HOST_PORT = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):[0-9]{1,5}", re.ASCII)
_KIND_PLACE = re.compile(r"[a-z0-9]+:[^\s]+", re.ASCII)
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}", re.ASCII)
_PATTERN = re.compile(r"\*[^*/\s]{1,60}|[^*/\s]{1,60}\*")
_WEB = re.compile(r"https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?(?:/[^\s?#]*)?", re.ASCII)
_WITNESS_KEY = re.compile(r"[^\s+]{1,255}\+[0-9a-f]{8}\+B[A-Za-z0-9+/]{43}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_A_DATE = "a date such as 2027-03-31"
FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "id": (_ID, 'a name of lower-case letters, digits and hyphens, such as "court-filing"'),
    "host:port": (_HOST_PORT, 'a host and a port, such as "0.0.0.0:465"'),
    "kind:place": (_KIND_PLACE, 'a kind and a place, such as "sqlite:var/records.db"'),
    "host key": (_HOST_KEY, 'a fingerprint: "SHA256:" and 43 characters'),
    "name pattern": (_PATTERN, 'a name with a star at one end, such as "*.upload" or ".new.*"'),
    "web address": (_WEB, 'a web address, such as "https://witness.example"'),
    "witness key": (_WITNESS_KEY, "a witness's key, as `sealgate ledger witness list` shows it"),
    "time": (_TIME, 'a time in quotes, such as "08:00"'),
}


class Unread(Exception):
    """This value is not what the shape wants; the problem has been told."""


def domain_key(text: str) -> str:
    """A domain for comparison: A-labels, lower case. Raises `ValueError` if it cannot be a domain."""
    plain = text.lower().rstrip(".")
    if not plain.isascii():
        plain = idna.encode(plain, uts46=True).decode("ascii")  # IDNAError is a ValueError
    if not _DOMAIN.fullmatch(plain):
        raise ValueError("not a domain")
    return plain


def address_key(text: str) -> str:
    """An address for comparison. Raises `ValueError` if it cannot be one."""
    found = _ADDRESS.fullmatch(text)
    if not found or not text.isprintable():
        raise ValueError("not an address")
    return f"{text[: found.start(1) - 1].lower()}@{domain_key(found[1])}"


@dataclass(slots=True)
class Reader:
    """One file being read."""

    name: str
    problems: list[Problem]
    table: dict[str, object] = field(default_factory=dict)
    places: Places | None = None

    def say(self, path: Path, text: str, *, is_key: bool = False, is_warning: bool = False) -> None:
        """Note a problem at the value at `path`, or at its key."""
        line, column = self.places.of(path, is_key=is_key) if self.places else (1, 1)
        self.tell(line, column, text, is_warning=is_warning)

    def line(self, path: Path) -> int:
        """The line of what stands at `path`."""
        return self.places.of(path)[0] if self.places else 1

    def tell(self, line: int, column: int, text: str, *, is_warning: bool = False) -> None:
        """Note a problem at a place."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(file=self.name, line=line, column=column, text=text, is_warning=is_warning))

    # ── text to table ────────────────────────────────────────────────────────────────────────────────────────────────

    def parse(self, text: str) -> bool:
        """TOML to tables and places; False, and a problem, if it is not TOML or not of a bearable size."""
        if len(text) > MAX_FILE_BYTES or len(text.encode("utf-8", "replace")) > MAX_FILE_BYTES:
            self.tell(1, 1, "larger than 1 MiB")
            return False
        try:
            self.table = tomllib.loads(text)
            self.places = Places(text.replace("\r\n", "\n"))
        except RecursionError:
            self.tell(1, 1, "nested too deeply")
            return False
        except ValueError as refused:  # TOMLDecodeError is one; a number of 5,000 digits raises a plain one
            self._not_toml(str(refused), text)
            return False
        return True

    def _not_toml(self, refusal: str, text: str) -> None:
        found = _AT.search(refusal)
        if found and found[1]:
            line, column = int(found[1]), int(found[2])
        else:
            line, column = text.count("\n") + 1, len(text) - text.rfind("\n")
        what = (refusal[: found.start()] if found else refusal)[:MAX_TEXT]
        self.tell(line, column, f"not TOML: {what[:1].lower()}{what[1:]}")

    # ── table to shape ───────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, shape: type[T], vocabularies: Vocabularies) -> T | None:
        """The whole file as `shape`, or None with problems told."""
        try:
            return cast(T, self._table(_kind(shape), self.table, (), vocabularies))
        except Unread:
            return None

    def _table(self, kind: inspect.StructType, value: object, path: Path, known: Vocabularies) -> object:
        if not isinstance(value, dict):
            self._refuse(path, "a table")
        fields = {each.encode_name: each for each in kind.fields}
        taken: dict[str, object] = {}
        unknown = [key for key in value if key not in fields]
        for key in unknown:
            hint = did_you_mean(key, fields)
            self.say((*path, key), f'unknown key "{_show(key)}" in {_title(path)}{hint}', is_key=True)
        is_whole = not unknown
        for key, each in fields.items():
            if key in value:
                try:
                    taken[each.name] = self._value(each.type, value[key], (*path, key), known)
                except Unread:
                    is_whole = False
            elif each.required:
                is_whole = False
                if any(nearest(wrong, fields) == key for wrong in unknown):
                    continue  # misspelt, and told so
                self.say(path, f'{_title(path)} needs "{key}" ({_wanted(each.type)})', is_key=True)
        if not is_whole:
            raise Unread
        return kind.cls(**taken)

    def _value(self, kind: inspect.Type, value: object, path: Path, known: Vocabularies) -> object:
        match kind:
            case inspect.Metadata(type=plain, extra_json_schema=extra):
                text = self._plain(plain, value, path)
                return self._word(str(text), str((extra or {}).get("title")), path, known)
            case inspect.StructType():
                return self._table(kind, value, path, known)
            case inspect.VarTupleType(item_type=item):
                return self._list(item, value, path, known)
            case inspect.DictType(key_type=keys, value_type=values):
                return self._dict(keys, values, value, path, known)
            case inspect.UnionType(types=types):
                return self._value(_chosen(types, value), value, path, known)
            case _:
                return self._plain(kind, value, path)

    def _list(self, item: inspect.Type, value: object, path: Path, known: Vocabularies) -> tuple[object, ...]:
        is_bare = not isinstance(value, list)
        entries: list[object] = [value] if is_bare else cast("list[object]", value)
        if not entries:
            self.say(path, f'"{path[-1]}" must not be an empty list; leave it out to mean anything')
            raise Unread
        taken: list[object] = []
        for position, entry in enumerate(entries):
            try:
                taken.append(self._value(item, entry, path if is_bare else (*path, position), known))
            except Unread:
                continue
        if len(taken) < len(entries):
            raise Unread
        return tuple(taken)

    def _dict(
        self, keys: inspect.Type, values: inspect.Type, value: object, path: Path, known: Vocabularies
    ) -> dict[object, object]:
        if not isinstance(value, dict):
            self._refuse(path, "a table")
        taken: dict[object, object] = {}
        for key, entry in value.items():
            try:
                name = self._key(keys, key, (*path, key), known)
                if name in taken:
                    self.say((*path, key), f'"{_show(key)}" stands here twice', is_key=True)
                taken[name] = self._value(values, entry, (*path, key), known)
            except Unread:
                continue
        if len(taken) < len(value):
            raise Unread
        return taken

    def _key(self, kind: inspect.Type, key: str, path: Path, known: Vocabularies) -> str:
        if isinstance(kind, inspect.Metadata):
            return self._word(key, str((kind.extra_json_schema or {}).get("title")), path, known, is_key=True)
        return key

    def _plain(self, kind: inspect.Type, value: object, path: Path) -> object:
        match kind:
            case inspect.DateType() if type(value) is datetime.date:
                return value
            case inspect.BoolType() if isinstance(value, bool):
                return value
            case inspect.IntType() if type(value) is int and 1 <= value <= HIGHEST:
                return value
            case inspect.StrType() if isinstance(value, str) and len(value) <= MAX_TEXT and _is_line(value):
                return value
            case inspect.LiteralType(values=allowed) if isinstance(value, str):
                return self._among(value, [str(each) for each in allowed], path)
            case inspect.EnumType(cls=closed) if isinstance(value, str):
                return closed(self._among(value, [str(each) for each in closed], path))
            case inspect.DataclassType() if isinstance(value, str):  # Duration, the only one
                try:
                    return Duration.of(value)
                except ValueError:
                    pass
            case _:
                pass
        self._refuse(path, _wanted_instead(kind))

    def _refuse(self, path: Path, wanted: str) -> NoReturn:
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), self.name)
        self.say(path, f'"{_show(name)}" must be {wanted}')
        raise Unread

    def _among(self, value: str, allowed: list[str], path: Path) -> str:
        if value not in allowed:
            hint = did_you_mean(value, allowed) or f"; it is one of {', '.join(sorted(filter(None, allowed)))}"
            self.say(path, f'unknown word "{_show(value)}"{hint}')
            raise Unread
        return value

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _word(self, text: str, title: str, path: Path, known: Vocabularies, *, is_key: bool = False) -> str:
        """`text`, if it is of its vocabulary or form; in the form it is compared in."""
        wrong = ""
        if title in ("address", "domain"):
            try:
                return address_key(text) if title == "address" else domain_key(text)
            except ValueError:
                example = "jo@town.test" if title == "address" else "court.test"
                wrong = f'"{_show(text)}" is not {_an(title)} such as "{example}"'
        elif title in FORMS:
            pattern, form = FORMS[title]
            if pattern.fullmatch(text):
                return text
            wrong = f'"{_show(text)}" is not {form}'
        elif title == "demand":
            wrong = _wrong_demand(text, known)
        else:
            text = text.lower() if title == "person" else text
            if text not in known[title]:
                wrong = f'unknown {title.split(":")[0]} "{_show(text)}"{did_you_mean(text, known[title])}'
        if wrong:
            self.say(path, wrong, is_key=is_key)
            raise Unread
        return text


def _wrong_demand(text: str, known: Vocabularies) -> str:
    if text in words.DEMANDS or text in words.DEMANDS_TO_WAIT_FOR:
        return ""
    if text.startswith(words.APPROVAL):
        role = text.removeprefix(words.APPROVAL)
        return "" if role in known["role"] else f'unknown role "{_show(role)}"{did_you_mean(role, known["role"])}'
    if text.startswith(words.DELAY):
        try:
            Duration.of(text.removeprefix(words.DELAY))
        except ValueError:
            return f'"{_show(text)}" needs a duration such as "delay 15m"'
        return ""
    every = (*words.DEMANDS, *words.DEMANDS_TO_WAIT_FOR, *(words.APPROVAL + role for role in known["role"]))
    return f'unknown demand "{_show(text)}"{did_you_mean(text, every)}'


@cache
def _kind(shape: type[Shape]) -> inspect.StructType:
    return cast(inspect.StructType, inspect.type_info(shape))


def _chosen(types: tuple[inspect.Type, ...], value: object) -> inspect.Type:
    """The member of a union that `value` means to be; the last one is what a problem asks for."""
    real = [each for each in types if not isinstance(each, inspect.NoneType)]
    for each in real:
        match each:
            case inspect.StructType() if isinstance(value, dict):
                return each
            case inspect.BoolType() if isinstance(value, bool):
                return each
            case _:
                continue
    return next((each for each in real if not isinstance(each, inspect.StructType | inspect.BoolType)), real[0])


def _title(path: Path) -> str:
    """What a problem calls the table at `path`: `[[allow]]`, `[person."jo@town.test"]`."""
    if not path:
        return "this file"
    if isinstance(path[-1], int):
        return f"[[{'.'.join(str(part) for part in path[:-1])}]]"
    return "[" + ".".join(str(p) if _ID.fullmatch(str(p)) else f'"{_show(str(p))}"' for p in path) + "]"


def _wanted(kind: inspect.Type) -> str:
    """What to write, for a key that is missing."""
    match kind:
        case inspect.DateType():
            return _A_DATE
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number from 1"
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "a list of tables"
        case inspect.VarTupleType():
            return 'a list such as ["...", "..."]'
        case inspect.DictType() | inspect.StructType():
            return "a table"
        case inspect.DataclassType():
            return 'a duration such as "90d"'
        case inspect.UnionType(types=types):
            return _wanted(_chosen(types, None))
        case inspect.LiteralType(values=allowed):
            return "one of " + ", ".join(str(each) for each in allowed if each)
        case inspect.EnumType(cls=closed):
            return "one of " + ", ".join(str(each) for each in closed)
        case _:
            return "text in quotes"


def _wanted_instead(kind: inspect.Type) -> str:
    """What to write, for a value that is of the wrong kind."""
    if isinstance(kind, inspect.DateType):
        return "a date without quotes, such as 2027-03-31"
    if isinstance(kind, inspect.StrType):
        return f"one line of text in quotes, of at most {MAX_TEXT} characters"
    return _wanted(kind)


def _is_line(text: str) -> bool:
    return text.isprintable()


def _show(text: str) -> str:
    """A user's text, short and printable, for a problem."""
    shown = "".join(character if character.isprintable() else "?" for character in text[:60])
    return shown + ("..." if len(text) > 60 else "")


def _an(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
