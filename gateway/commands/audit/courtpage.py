"""The court proof: one HTML file that holds a bundle and verifies it offline, in any browser, with a key one types.

Everything on it that states a fact is made by the page's own script from what it has just verified; nothing is written
beforehand that somebody could change without the verdict changing too. Without a bundle it is an empty verifier: that
is the `verify.html` of a bundle. No network: the content security policy names the one script and the one style by
their digests and allows nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files

from gateway.commands.telling import HEADLINES, ORDERED, OUTCOMES, WORDS
from gateway.ledger.leaf import FIELDS
from gateway.ledger.proof import ATTACHED
from gateway.ledger.verify import UNCHECKED

_ALWAYS = ("MANIFEST", "README.txt", "checkpoint", "disclosures.json", "policy", "record.json")
_CHECKED_ELSEWHERE = ("absence.json", "erasure.json")
"""A stamp is not among them: what it adds, the page says that it did not check."""
_SCRIPTS = ("ed25519.js", "verify.js", "page.js")


def court_page(bundle: bytes = b"", *, title: str = "Proof of a transfer") -> bytes:
    """The page. The same bundle gives the same bytes."""
    script = "\n".join(["'use strict';", f"const TABLES = {_tables()};", *(_part(name) for name in _SCRIPTS)])
    if "</script" in script:
        raise ValueError("this would end the script early")
    style = _part("page.css")
    page = _part("page.html")
    for mark, content in (
        ("@SCRIPT_HASH@", _hash(script)),
        ("@STYLE_HASH@", _hash(style)),
        ("@TITLE@", html.escape(title)),
        ("@UNCHECKED@", "\n".join(f"<li>{html.escape(one)}</li>" for one in UNCHECKED)),
        ("@STYLE@", style),
        ("@BUNDLE@", base64.b64encode(bundle).decode("ascii")),
        ("@SCRIPT@", script),
    ):
        page = page.replace(mark, content)
    return page.encode()


def _tables() -> str:
    """What the script must know of the ledger's formats and words."""
    tables = {
        "fields": {kind: {cls: list(names) for cls, names in classes.items()} for kind, classes in FIELDS.items()},
        "files": [*_ALWAYS, *ATTACHED],
        "headlines": dict(HEADLINES),
        "ordered": ORDERED,
        "outcomes": dict(OUTCOMES),
        "unchecked": list(_CHECKED_ELSEWHERE),
        "words": [list(pair) for pair in WORDS],
    }
    return json.dumps(tables, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")


def _part(name: str) -> str:
    return (files("gateway.commands") / "court" / name).read_text("utf-8")


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode("ascii")
