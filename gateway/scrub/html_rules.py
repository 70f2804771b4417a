"""What of HTML stays: tables of elements and attributes. What is in none of them goes, its text stays."""

from __future__ import annotations

from gateway.scrub.html_tokens import words
from gateway.scrub.plan import Kind

KEPT = words(
    """
    html head body p div span a b i u s em strong font br hr img table tbody thead tfoot tr td th caption col
    colgroup ul ol li dl dt dd blockquote q cite pre code kbd samp tt var sub sup small big strike del ins h1 h2 h3
    h4 h5 h6 center address abbr acronym dfn bdo bdi mark ruby rt rp wbr nobr map area style meta basefont details
    summary article section header footer main nav aside figure figcaption time dir menu
    """
)
UNREADABLE = words(
    """
    plaintext xmp listing noembed noframes frameset frame svg math template select textarea dialog isindex keygen
    """
)
"""Readers disagree about what is inside, or it may be read and hides; holds the page."""

UNWRAPPED = {
    **dict.fromkeys(("form", "button", "input", "base", "object", "embed", "applet", "param", "noscript"), Kind.CODE),
    **dict.fromkeys(("video", "audio", "source", "track", "bgsound", "picture"), Kind.LINKS),
}
"""The tags go and count as this; every other unknown tag counts as a mark."""

WITH_CONTENT = {"script": Kind.CODE, "iframe": Kind.LINKS, "title": Kind.MARKS}

META = {
    "author": Kind.PEOPLE,
    "creator": Kind.PEOPLE,
    "owner": Kind.PEOPLE,
    "company": Kind.PEOPLE,
    "date": Kind.DATES,
    "created": Kind.DATES,
    "changed": Kind.DATES,
    "generator": Kind.DEVICE,
    "progid": Kind.DEVICE,
    "originator": Kind.DEVICE,
    "refresh": Kind.CODE,
}

ATTRIBUTES = words(
    """
    abbr align alink alt axis bgcolor border bordercolor cellpadding cellspacing char charoff clear color cols
    colspan compact coords dir face frame headers height hspace lang link media noshade nowrap open rel reversed
    role rowspan rules scope shape size span start summary target text title type valign value vlink vspace width
    hidden marginheight marginwidth leftmargin topmargin background href src style class id name usemap
    """
)
"""Of these the last two lines and those that hold words are looked at again."""

WORDS = frozenset(("abbr", "alt", "axis", "summary", "title", "value"))
"""Read to people who do not see the page: kept unless a path stands in it."""

OTHERS = {"cite": Kind.IDS, "srcset": Kind.LINKS, "lowsrc": Kind.LINKS, "dynsrc": Kind.LINKS, "longdesc": Kind.LINKS,
          "poster": Kind.LINKS, "ping": Kind.LINKS, "datetime": Kind.DATES, "originalsrc": Kind.IDS,
          "shash": Kind.IDS, "download": Kind.PATHS}  # fmt: skip
"""Attributes that go and count as more than a mark. Thunderbird's `cite` is the Message-ID of what is answered."""

SCHEMES = ("http:", "https:", "mailto:", "tel:", "sms:", "ftp:", "cid:")
"""Where a link may lead: to be followed by a person, never by the page itself."""

CODE_SCHEMES = ("javascript:", "vbscript:", "livescript:", "data:", "mocha:")
