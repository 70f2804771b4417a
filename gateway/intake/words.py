"""Text in headers: RFC 2047 encoded words and the charsets we are willing to read.

An allow-list of charsets, because two readers agree only about those; `utf-7` or `unicode_escape` decode to what the
bytes do not show. Nothing here fails: what cannot be read becomes U+FFFD and the caller is told that it was odd.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

CHARSETS = frozenset(
    (
        *("us-ascii", "ascii", "utf-8", "utf8", "koi8-r", "koi8-u", "tis-620"),
        *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
        *(f"windows-{page}" for page in range(1250, 1259)),
        *("gb2312", "gbk", "gb18030", "big5", "euc-jp", "iso-2022-jp", "shift_jis", "euc-kr", "ks_c_5601-1987"),
    )
)

# RFC 2047 §2, with the language suffix of RFC 2231 §5. No nesting and no alternation: linear on any input.
WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{1,20})?\?([BbQq])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(?==\?)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x80-\x9f\u2028\u2029]")
_Q_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A decoded value. `smuggles`: decoding brought forth a control character the bytes did not show (B48)."""

    text: str
    is_odd: bool = False
    smuggles: bool = False


def decoded(value: str) -> Text:
    """The value with its encoded words read. Blanks between two of them vanish (RFC 2047 §6.2)."""
    if "=?" not in value:
        return Text(text=value)
    odd: list[bool] = []

    def read(found: re.Match[str]) -> str:
        text, is_odd = _word(found[1].lower(), found[2], found[3])
        odd.append(is_odd)
        return text

    text = WORD.sub(read, _BETWEEN_WORDS.sub(r"\1", value))
    return Text(text=_CONTROL.sub("\ufffd", text), is_odd=any(odd), smuggles=bool(_CONTROL.search(text)))


def in_charset(raw: bytes, charset: str) -> tuple[str, bool]:
    """The bytes as text, and whether anything about that was odd."""
    if charset not in CHARSETS:
        return "\ufffd", True
    try:
        return raw.decode(charset), False
    except UnicodeDecodeError:
        return raw.decode(charset, "replace"), True


def _word(charset: str, kind: str, payload: str) -> tuple[str, bool]:
    raw = payload.encode("ascii", "replace")
    if kind in "Qq":
        return in_charset(_Q_HEX.sub(lambda h: bytes.fromhex(h[1].decode()), raw.replace(b"_", b" ")), charset)
    try:
        return in_charset(binascii.a2b_base64(raw, strict_mode=True), charset)
    except binascii.Error:
        return "\ufffd", True
