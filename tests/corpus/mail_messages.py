"""Mail as Outlook, Thunderbird, Apple Mail and Gmail write it: tokens wherever handbook `metadata.md` §1 says it leaks.

By hand, after what the programs send: their nesting, their fields, their boundaries and Content-IDs, their HTML.
Tier 0 is what the recipient must still see; pictures are those of `png_file`, `jpeg_file` and `gif_file`.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable

from tests.corpus import gif_file, jpeg_file, png_file
from tests.corpus.canary import Dirty, filled

PEOPLE = (
    "From: Ann Smith <ann@town.example>\r\nTo: Bob Jones <bob@court.example>\r\nSubject: @0.subject@\r\n"
    "Date: Thu, 2 Apr 2026 10:00:00 +0200 (@1.zone@)\r\nMessage-ID: <1@town.example>\r\n"
)
OUTLOOK_TOP = (
    "Received: from @1.host@ ([10.0.0.7]) by relay.town.example;\r\n Thu, 2 Apr 2026 10:00:00 +0200\r\n"
    "Thread-Topic: @2.thread-topic@\r\nThread-Index: @1.thread-index@==\r\nAccept-Language: en-GB, @1.language@\r\n"
    "X-MS-Has-Attach: yes\r\nX-MS-TNEF-Correlator: @1.correlator@\r\nx-originating-ip: [@1.address@]\r\n"
    "X-MS-Exchange-Organization-AuthAs: @1.tenant@\r\nmsip_labels: MSIP_Label_1_SiteId=@1.label@;\r\n"
    "X-Mailer: Microsoft Outlook @1.mailer@\r\nOrganization: @1.organization@\r\nMIME-Version: 1.0\r\n"
)
OUTLOOK_HTML = (
    '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">\r\n<head>\r\n'
    '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">\r\n'
    '<meta name="Generator" content="Microsoft Word 15 @1.generator@">\r\n<!--[if !mso]><style>v\\:* {behavior:'
    "url(#default#VML);}\r\n</style><![endif]--><style><!--\r\n/* Font Definitions */\r\n@font-face\r\n\t"
    '{font-family:"Cambria Math";\r\n\tpanose-1:2 4 5 3 5 4 6 3 2 4;}\r\n/* Style Definitions */\r\n'
    "p.MsoNormal, li.MsoNormal, div.MsoNormal\r\n\t{margin:0cm;\r\n\tfont-size:11.0pt;\r\n\tfont-family:"
    '"Calibri",sans-serif;\r\n\tmso-ligatures:standardcontextual;}\r\nspan.EmailStyle18\r\n\t{mso-style-type:'
    "personal-compose;\r\n\tcolor:windowtext;}\r\n.MsoChpDefault\r\n\t{mso-style-type:export-only;}\r\n"
    "@page WordSection1\r\n\t{size:612.0pt 792.0pt;}\r\ndiv.WordSection1\r\n\t{page:WordSection1;}\r\n--></style>"
    '<!--[if gte mso 9]><xml>\r\n<o:shapedefaults v:ext="edit" spidmax="@1.shape@" />\r\n</xml><![endif]-->\r\n'
    '</head>\r\n<body lang="EN-GB" link="#0563C1" vlink="#954F72" style="word-wrap:break-word">\r\n'
    '<div class="WordSection1">\r\n<p class="MsoNormal">@0.html@ caf\u00e9<o:p></o:p></p>\r\n'
    '<p class="MsoNormal"><img width="8" height="8" style="width:.08in" id="@1.picture-id@" '
    'src="cid:image001.png@01DA3B5C.#1.cid-time#" alt="@0.alt@"><img src="cid:image002.gif@01DA3B5C.#1.cid-time#">'
    "<o:p></o:p></p>\r\n"
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b><span lang="EN-US">From:</span>'
    '</b> <a href="mailto:bob@court.example">bob@court.example</a> @0.quoted@<img src="cid:image009.jpg@01D90000.'
    '#1.old-cid#"></p></div>\r\n<a href="file:///S:/@4.path@/plan.docx">@0.link@</a>\r\n'
    "<span style='mso-fareast-language:EN-US'>@0.tail@</span></div>\r\n</body>\r\n</html>\r\n"
)
OUTLOOK_PLAIN = (
    "@0.plain@ caf\u00e9\r\n[@0.alt@]  [cid:image001.png@01DA3B5C.#1.cid-time#]\r\n"
    "From: bob@court.example [cid:image009.jpg@01D90000.#1.old-cid#]\r\nsee cid:4711 in the register\r\n"
)
THUNDERBIRD_HTML = (
    "<!DOCTYPE html>\r\n<html>\r\n  <head>\r\n"
    '    <meta http-equiv="Content-Type" content="text/html; charset=UTF-8">\r\n'
    '  </head>\r\n  <body text="#000000" bgcolor="#FFFFFF">\r\n    <p>@0.html@ \u2603</p>\r\n'
    '    <div class="moz-cite-prefix">On 01/04/2026 09:00, Bob wrote:<br></div>\r\n'
    '    <blockquote type="cite" cite="mid:@1.cite@@court.example">@0.quoted@</blockquote>\r\n'
    '    <img src="cid:part1.@1.cid@@town.example" moz-do-not-send="@1.mark@" alt="" class="" width="8">\r\n'
    '    <pre class="moz-signature" cols="72">-- \r\n@0.signature@</pre>\r\n  </body>\r\n</html>\r\n'
)
APPLE_HTML = (
    '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: '
    'break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">@0.html@<div><br></div><div><img '
    'apple-inline="yes" id="@1.apple-id@" src="cid:@1.cid@@local"></div><br id="lineBreakAtBeginningOfMessage">'
    '<div><span class="Apple-converted-space">&nbsp;</span>@0.tail@</div></body></html>'
)
GMAIL_HTML = (
    '<div dir="ltr"><div>@0.html@</div><div><br></div><div><img src="cid:ii_@1.cid@" alt="@0.alt@" width="8">'
    '<br></div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Wed, '
    '1 Apr 2026 at 09:00, Bob &lt;<a href="mailto:bob@court.example">bob@court.example</a>&gt; wrote:<br></div>'
    '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)">'
    '@0.quoted@<img src="https://t.example/@4.pixel@" width="1" height="1"></blockquote></div>\r\n'
)
INVITE = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260402T100000Z\r\n"
    "SUMMARY:@0.meeting@\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
CARD = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:@0.card@\r\nEND:VCARD\r\n"


class _Writer:
    """Writes parts and notes their tokens."""

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[int, str]] = {}

    def say(self, template: str) -> str:
        """Filled in."""
        return filled(template, self.tokens)

    def text(self, media: str, charset: str, template: str) -> bytes:
        """A text, quoted-printable."""
        head = f"Content-Type: {media}; charset={charset}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        body = self.say(template).encode(charset.strip('"').partition(";")[0])
        return head.encode() + quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")

    def file(self, media: str, fields: str, content: bytes) -> bytes:
        """A file in base64, with these further fields."""
        head = f"Content-Type: {media}\r\n{self.say(fields)}Content-Transfer-Encoding: base64\r\n\r\n"
        return head.encode() + base64.encodebytes(content).replace(b"\n", b"\r\n")

    def parts(self, media: str, boundary: str, *parts: bytes) -> bytes:
        """A multipart, as an entity."""
        edge = self.say(boundary).encode()
        inside = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts)
        return b'Content-Type: %s;\r\n\tboundary="%s"\r\n\r\n%s--%s--\r\n' % (media.encode(), edge, inside, edge)


def outlook() -> Dirty:
    """Outlook for Windows: a reply with a signature's logo, Latin-1, and an attached photograph."""
    w = _Writer()
    boundary = "----=_NextPart_00{}_0012_01DA3B5C.#1.boundary#"
    dates = 'size=1234;\r\n\tcreation-date="@1.creation@";\r\n\tmodification-date="@1.modification@"\r\n'
    texts = w.parts(
        "multipart/alternative",
        boundary.format(2),
        w.text("text/plain", '"iso-8859-1"', OUTLOOK_PLAIN),
        w.text("text/html", '"iso-8859-1"', OUTLOOK_HTML),
    )
    logo = (
        'Content-Description: @1.description@\r\nContent-Disposition: inline; filename="image001.png"; ' + dates +
        "Content-ID: <image001.png@01DA3B5C.#1.cid-time#>\r\n"
    )  # fmt: skip
    body = w.parts(
        'multipart/related;\r\n\ttype="multipart/alternative"',
        boundary.format(1),
        texts,
        w.file('image/png; name="image001.png"', logo, png_file.plain()),
        w.file(
            'image/gif; name="image002.gif"',
            "Content-ID: <image002.gif@01DA3B5C.#1.cid-time#>\r\n",
            gif_file.dirty().content,
        ),
    )
    photo = w.file(
        'image/jpeg; name="plan.jpg"',
        'Content-Disposition: attachment; filename="plan.jpg"; ' + dates,
        jpeg_file.dirty().content,
    )
    mixed = w.parts("multipart/mixed", boundary.format(0), body, photo)
    return Dirty(content=w.say(OUTLOOK_TOP + PEOPLE).encode() + mixed, tokens=w.tokens)


def thunderbird() -> Dirty:
    """Thunderbird: flowed text, HTML with a pasted picture, and a card."""
    w = _Writer()
    top = (
        "Content-Language: @1.language@\r\nUser-Agent: @1.agent@\r\nAutocrypt: addr=@1.autocrypt@\r\n"
        "X-Identity-Key: @1.identity@\r\nX-Account-Key: @1.account@\r\nMIME-Version: 1.0\r\n"
    )
    picture = 'Content-Disposition: inline; filename="paste.png"\r\nContent-Id: <part1.@1.cid@@town.example>\r\n'
    related = w.parts(
        "multipart/related",
        "------------@1.boundary-inner@",
        w.text("text/html", "UTF-8", THUNDERBIRD_HTML),
        w.file('image/png; name="paste.png"', picture, png_file.dirty().content),
    )
    texts = w.parts(
        "multipart/alternative",
        "------------@1.boundary-middle@",
        w.text("text/plain", "UTF-8; format=flowed", "@0.plain@ \r\n\u2603\r\n"),
        related,
    )
    card = w.file(
        'text/vcard; charset=UTF-8; name="ann.vcf"',
        'Content-Disposition: attachment; filename="ann.vcf"\r\n',
        w.say(CARD).encode(),
    )
    mixed = w.parts("multipart/mixed", "------------@1.boundary@", texts, card)
    return Dirty(content=w.say(top + PEOPLE).encode() + mixed, tokens=w.tokens)


def apple() -> Dirty:
    """Apple Mail: related inside alternative, a UUID for everything, its version in a comment.

    The comment is simpler here than Apple's, which has brackets in it: see `test_apples_comment_does_not_hold`.
    """
    w = _Writer()
    top = "X-Universally-Unique-Identifier: @1.uuid@\r\nMime-Version: 1.0 (Mac OS X Mail 16.0 @1.version@)\r\n"
    picture = (
        'Content-Disposition: inline;\r\n\tfilename="logo.png"\r\nContent-Id: <@1.cid@@local>\r\n'
        "X-Apple-Mark: @1.apple-field@\r\n"
    )
    related = w.parts(
        'multipart/related;\r\n\ttype="text/html"',
        "Apple-Mail=_@1.boundary-inner@",
        w.text("text/html", "utf-8", APPLE_HTML),
        w.file('image/png;\r\n\tx-unix-mode=0644;\r\n\tname="logo.png"', picture, png_file.dirty().content),
    )
    texts = w.parts(
        "multipart/alternative",
        "Apple-Mail=_@1.boundary@",
        w.text("text/plain", "utf-8", "@0.plain@\r\n"),
        related,
    )
    return Dirty(content=w.say(top + PEOPLE).encode() + texts, tokens=w.tokens)


def gmail() -> Dirty:
    """Gmail in a browser: milliseconds in its boundaries, base 36 of them in its Content-IDs."""
    w = _Writer()
    top = "X-Gm-Message-State: @1.state@\r\nX-Google-Smtp-Source: @1.source@\r\nMIME-Version: 1.0\r\n"
    texts = w.parts(
        "multipart/alternative",
        "000000000000@1.boundary-inner@",
        w.text("text/plain", '"UTF-8"', "@0.plain@\r\n[image: @0.alt@]\r\n"),
        w.text("text/html", '"UTF-8"', GMAIL_HTML),
    )
    picture = (
        'Content-Disposition: inline; filename="image.png"\r\nX-Attachment-Id: ii_@1.attachment-id@\r\n'
        "Content-ID: <ii_@1.cid@>\r\n"
    )
    related = w.parts(
        "multipart/related",
        "000000000000@1.boundary@",
        texts,
        w.file('image/png; name="image.png"', picture, png_file.dirty().content),
    )
    return Dirty(content=w.say(top + PEOPLE).encode() + related, tokens=w.tokens)


def invite() -> Dirty:
    """Outlook's invitation: text, HTML and the appointment as alternatives."""
    w = _Writer()
    calendar = w.file('text/calendar; charset="utf-8"; method=REQUEST', "", w.say(INVITE).encode())
    texts = w.parts(
        "multipart/alternative",
        "_000_@1.boundary@_",
        w.text("text/plain", '"us-ascii"', "@0.plain@\r\n"),
        w.text("text/html", '"us-ascii"', '<html><body dir="ltr"><div id="@1.id@">@0.html@</div></body></html>'),
        calendar,
    )
    return Dirty(content=w.say(OUTLOOK_TOP + PEOPLE).encode() + texts, tokens=w.tokens)


def tnef() -> Dirty:
    """Outlook's rich text: all that matters is in winmail.dat."""
    w = _Writer()
    file = w.file(
        'application/ms-tnef; name="winmail.dat"',
        'Content-Disposition: attachment; filename="winmail.dat"\r\n',
        b"\x78\x9f\x3e\x22\x01\x00\x01\x06\x90\x08\x00" + w.say("@1.logon@").encode(),
    )
    mixed = w.parts("multipart/mixed", "_000_@1.boundary@_", w.text("text/plain", '"us-ascii"', "@0.plain@\r\n"), file)
    return Dirty(content=w.say(OUTLOOK_TOP + PEOPLE).encode() + mixed, tokens=w.tokens)


MESSAGES: dict[str, Callable[[], Dirty]] = {
    "outlook": outlook,
    "thunderbird": thunderbird,
    "apple": apple,
    "gmail": gmail,
    "invite": invite,
}
