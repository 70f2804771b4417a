"""Tokens: one unmistakable word per class and place of handbook `metadata.md` §1, and a scanner that finds them.

A template holds `@1.author@` where a text of tier 1 goes and `#1.rsid#` where eight hex digits must stand; tier 0 is
what the reader sees and must still be there afterwards. The scanner shares no code with the scrubbers.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_PLACE = re.compile(r"([@#])([0-4])\.([a-z0-9-]+)\1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirty:
    """A document, and what stands in it: tier and word by name."""

    content: bytes
    tokens: dict[str, tuple[int, str]]

    def words(self, *tiers: int) -> dict[str, str]:
        """The words of these tiers by name."""
        return {name: word for name, (tier, word) in self.tokens.items() if tier in tiers}


def filled(template: str, tokens: dict[str, tuple[int, str]]) -> str:
    """The template with its words in place, each noted in `tokens`."""

    def word(found: re.Match[str]) -> str:
        form, tier, name = found.groups()
        digits = f"{zlib.crc32(name.encode()):08X}"
        value = digits if form == "#" else f"Zq{digits}{name.replace('-', '').title()}"
        tokens[name] = (int(tier), value)
        return value

    return _PLACE.sub(word, template)


def found(content: bytes, words: dict[str, str]) -> set[str]:
    """The names of the words that stand anywhere in `content`, in any spelling, packed or not."""
    layers = list(_layers(content, 4))
    return {
        name for name, word in words.items() if any(spelling in layer for layer in layers for spelling in _spell(word))
    }


def _spell(word: str) -> tuple[bytes, ...]:
    plain = word.encode()
    wide = word.encode("utf-16-be")
    hexed = [text.hex() for text in (plain, wide)]
    return (
        plain,
        plain.lower(),
        word.encode("utf-16-le"),
        wide,
        *(h.encode() for h in hexed),
        *(h.upper().encode() for h in hexed),
    )


def _layers(content: bytes, depth: int) -> Iterator[bytes]:
    yield content
    if not depth:
        return
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from _layers(archive.read(name), depth - 1)
    for start in re.finditer(rb"[\x08\x18\x28\x38\x48\x58\x68\x78][\x01\x5e\x9c\xda]", content):
        try:
            inner = zlib.decompressobj().decompress(content[start.start() :])
        except zlib.error:
            continue
        if len(inner) > 8:
            yield from _layers(inner, depth - 1)
