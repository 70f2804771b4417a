"""Bytes of a page to characters and back, so that every `<` a reader sees is one we see.

Most charsets hold ASCII as it is, and their bytes are read one to one: nothing can be lost, whatever they mean. Those
whose second bytes may look like letters are decoded, if that gives the same bytes back. What gives ASCII bytes another
meaning (UTF-7, UTF-16, ISO 2022) waits.
"""

from __future__ import annotations

import re

from gateway.scrub.plan import Code, Stuck

_AS_IT_IS = "latin-1"
_PLAIN = frozenset(
    (
        *("", "us-ascii", "ascii", "utf-8", "utf8", "koi8-r", "koi8-u", "tis-620", "euc-jp", "macintosh"),
        *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
        *(f"windows-{page}" for page in range(1250, 1259)),
    )
)
_TWO_BYTES = {
    "gb2312": "gb18030",  # readers take all three for the largest
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
}
_READ_AS_UTF_8 = frozenset(("unicode", "utf-16", "utf-16le"))
"""What a page may say of itself and cannot be: WHATWG HTML §13.2.3.3 reads it as UTF-8."""
_STATED = re.compile(rb"charset[ \t\r\n]*=[ \t\r\n\"']*([A-Za-z0-9_:.-]+)", re.I)


def codec(content: bytes, declared: str) -> str:
    """The Python codec that is true to the bytes. Raises `Stuck` where readers could differ about the markup."""
    if b"\x1b" in content or content[:4] == b"+/v8":
        raise Stuck(Code.UNKNOWN)
    name = _TWO_BYTES.get(declared, _AS_IT_IS if declared in _PLAIN else "")
    stated = {found.decode("ascii").lower() for found in _STATED.findall(content)}
    for other in stated - _PLAIN - _READ_AS_UTF_8:
        # GAP: a page that was converted and still names its old Asian charset waits, though most readers would manage.
        if other not in _TWO_BYTES or (_TWO_BYTES[other] != name and not content.isascii()):
            raise Stuck(Code.UNKNOWN)
    if not name:
        raise Stuck(Code.UNKNOWN)
    if name != _AS_IT_IS:
        try:
            is_true = content.decode(name).encode(name) == content
        except UnicodeError:
            is_true = False
        if not is_true:
            raise Stuck(Code.UNKNOWN)
    return name
