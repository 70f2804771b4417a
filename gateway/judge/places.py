"""Where each key and value of a TOML text stands. `tomllib` keeps no positions.

Call it only on a text `tomllib` has accepted: then a scanner that trusts the grammar is enough. A path is a tuple of
keys and list positions: `("allow", 0, "who", 1)`. Lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")


class Places:
    """Positions of keys and of values, by path."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._tables: dict[Path, int] = {}
        """How many `[[…]]` of this path were opened."""
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self._file()

    def of(self, path: Path, *, is_key: bool = False) -> tuple[int, int]:
        """Line and column of what stands at `path`; of the nearest thing around it where nothing does."""
        offsets = self.keys if is_key else self.values
        while path and path not in offsets:
            path = path[:-1]
            offsets = self.values
        offset = offsets.get(path, 0)
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _file(self) -> None:
        table: Path = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        start = self._at
        is_array = self._text.startswith("[[", start)
        self._at += 2 if is_array else 1
        path: Path = ()
        for key in self._key():
            path = (*path, key)
            if path in self._tables and not (is_array and path == ()):
                path = (*path, self._tables[path] - 1)
        if is_array:
            # The last key names the list: drop the position of the entry before this one.
            path = path[:-1] if isinstance(path[-1], int) else path
            self._tables[path] = self._tables.get(path, 0) + 1
            self.values.setdefault(path, start)
            path = (*path, self._tables[path] - 1)
        self._skip()
        self._at += 2 if is_array else 1
        self.keys[path] = self.values[path] = start
        return path

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for key in self._key():
            path = (*path, key)
            self.keys.setdefault(path, start)
            self.values.setdefault(path, start)
        self._skip()
        self._at += 1  # the equals sign
        self._skip()
        self._value(path)

    def _value(self, path: Path) -> None:
        self.values[path] = self._at
        character = self._text[self._at]
        if character == "[":
            self._list(path)
        elif character == "{":
            self._inline(path)
        else:
            found = (_STRING if character in "\"'" else _SCALAR).match(self._text, self._at)
            assert found is not None, "tomllib accepted this"
            self._at = found.end()

    def _list(self, path: Path) -> None:
        self._at += 1
        position = 0
        while self._skip() and self._text[self._at] != "]":
            self._value((*path, position))
            position += 1
            if self._skip() and self._text[self._at] == ",":
                self._at += 1
        self._at += 1

    def _inline(self, path: Path) -> None:
        self._at += 1
        while self._skip() and self._text[self._at] != "}":
            self._pair(path)
            if self._skip() and self._text[self._at] == ",":
                self._at += 1
        self._at += 1

    def _key(self) -> tuple[str, ...]:
        """A key, dotted perhaps, quoted perhaps."""
        keys: list[str] = []
        while True:
            self._skip()
            if found := _STRING.match(self._text, self._at):
                keys.append(str(tomllib.loads("k = " + found[0])["k"]))
            else:
                found = _BARE.match(self._text, self._at)
                assert found is not None, "tomllib accepted this"
                keys.append(found[0])
            self._at = found.end()
            self._skip()
            if not self._text.startswith(".", self._at):
                return tuple(keys)
            self._at += 1

    def _skip(self) -> bool:
        """Step over blanks and comments; False at the end of the text."""
        if found := _BLANK.match(self._text, self._at):
            self._at = found.end()
        return self._at < len(self._text)
