"""HTML: the reader's text to the character, nothing of the writer's program, and nothing that reads two ways."""

from __future__ import annotations

import base64
import random
from html.parser import HTMLParser

import pytest

from gateway.scrub import document
from gateway.scrub.plan import Action, Cleaned, Code, Finding, Held, Kind, Place, Plan
from gateway.scrub.verify import verify
from tests.corpus import html_file, png_file

MEDIA = "text/html; charset=utf-8"


def cleaned(page: str | bytes, plan: Plan | None = None, media: str = MEDIA) -> str:
    """The clean copy, as text."""
    content = page.encode() if isinstance(page, str) else page
    result = document.clean(content, media=media, plan=plan or Plan())
    assert not isinstance(result, Held), result
    return result[0].decode("utf-8", "surrogateescape")


def held(page: str | bytes, media: str = MEDIA) -> Held:
    """Why a page waits."""
    content = page.encode() if isinstance(page, str) else page
    result = document.clean(content, media=media, plan=Plan())
    assert isinstance(result, Held), result
    return result


def doing(kind: Kind, action: Action) -> Plan:
    """A plan that says one thing."""
    return Plan(said=((kind, action),))


class Reader(HTMLParser):
    """Somebody else's parser, collecting what is shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Below these nothing is shown."""
        self._silent += tag in ("script", "style", "title", "iframe")

    def handle_endtag(self, tag: str) -> None:
        """Shown again."""
        self._silent = max(0, self._silent - (tag in ("script", "style", "title", "iframe")))

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._silent:
            self.text.append(data)


def shown(page: str) -> str:
    """The text another parser shows, blanks apart."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return " ".join("".join(reader.text).split())


# ── what stays ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "page",
    [
        "",
        "\r\n",
        "Good morning, just a line.",
        "<p>a &lt; b &amp;amp; c &copy; caf\u00e9</p>",
        "1 < 2 <= 3 <3 a<-b & c",
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body dir="ltr">x<br/>y</body></html>',
        '<a href="https://x.example/?a=1&amp;b=2" target=_blank>x</a><a href=mailto:a@x.example>y</a>',
        "<img src='cid:a@b' width=20 alt=\"Logo\">",
        '<p style="margin:0;color:#333;font-family:&quot;Segoe UI&quot;,Arial">x</p>',
        "<style>p{margin:0}</style><P ALIGN=center>x</P>",
        "<p>unclosed <b>soup</p></i> of <td>tags",
        '<blockquote type="cite">quoted</blockquote><a href="#top">up</a>',
    ],
)
def test_what_gives_nothing_away_is_not_touched(page: str) -> None:
    """The same bytes."""
    assert page == cleaned(page)


def test_visible_text_survives_to_the_character() -> None:
    """Another parser shows of the clean copy what it showed of the page."""
    page = html_file.dirty().content.decode()

    assert shown(page) == shown(cleaned(page))


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8", "caf\u00e9 \u65e5\u672c \U0001f600"),
        ("iso-8859-1", "caf\u00e9"),
        ("windows-1252", "\u201ccaf\u00e9\u201d \u20ac"),
        ("windows-1251", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("koi8-r", "\u041f\u0440\u0438\u0432\u0435\u0442"),
        ("gb2312", "\u4e2d\u6587"),
        ("big5", "\u529f\u8a31"),
        ("shift_jis", "\u30bd\u8868\u80fd"),
        ("euc-kr", "\ud55c\uae00"),
    ],
)
def test_bytes_are_true_to_their_charset(charset: str, text: str) -> None:
    """Every byte of the text is what it was, second bytes that look like backslashes and letters too."""
    before = f'<p class=x title="{text}">{text}<o:p></o:p></p>'.encode(charset)

    result = document.clean(before, media=f'text/html; charset="{charset}"', plan=Plan())

    assert not isinstance(result, Held)
    assert f'<p title="{text}">{text}</p>'.encode(charset) == result[0]


def test_bytes_that_are_no_characters_stay() -> None:
    """What does not decode is passed on as it is where no second byte could be markup."""
    assert "<p>\udcff\udc80</p>" == cleaned(b"<p id=x>\xff\x80</p>")


def test_entities_that_are_letters_stay_entities() -> None:
    """A style that is written anew keeps the letters it cannot write in the page's bytes."""
    page = '<p style="mso-x:1;font-family:&#23435;&#20307;,&quot;A&amp;B&quot;">x</p>'

    assert '<p style="font-family:&#23435;&#20307;,&quot;A&amp;B&quot;">x</p>' == cleaned(page)


def test_links_within_the_page_still_lead_there() -> None:
    """Anchors are renamed together with what leads to them; an id nobody links to goes."""
    page = '<a name="_Toc123"></a><h1 id="_Ref9">x</h1><p id=z>y</p><a href="#_Ref9">1</a><a href="#_Toc123">2</a>'

    expected = '<a name="a2"></a><h1 id="a1">x</h1><p>y</p><a href="#a1">1</a><a href="#a2">2</a>'
    assert expected == cleaned(page)


def test_ids_that_are_styled_are_renamed() -> None:
    """A ground that makes white words readable stays where it was."""
    page = "<style>#outlook{background:#036} #x-y[z] a{color:red}</style><p id=outlook style='color:white'>a</p>"

    assert "<style>\n#a1{background:#036}\n</style><p id=\"a1\" style='color:white'>a</p>" == cleaned(page)


def test_classes_that_are_styled_are_renamed_and_others_go() -> None:
    """What the sheet says of a class still holds, but not under the name its program gave it."""
    sheet = "<style>p.MsoNormal, .gmail_x {margin:0}</style>"
    page = sheet + '<p class="MsoNormal elementToProof">a</p><p class=moz-y>b</p>'

    assert '<style>\np.c1,.c2{margin:0}\n</style><p class="c1">a</p><p>b</p>' == cleaned(page)


# ── what goes ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("page", "expected", "kind"),
    [
        ("a<!-- x -->b", "ab", Kind.COMMENTS),
        ("<!--[if mso]><p>x</p><![endif]-->b", "b", Kind.MARKS),
        ("<!--[if !mso]><!-->b<!--<![endif]-->", "b", Kind.MARKS),
        ("<p>a<script>1</script>b</p>", "<p>ab</p>", Kind.CODE),
        ("<p oNcLiCk = 'x'>a</p>", "<p>a</p>", Kind.CODE),
        ('<a href="&#106;avascript&colon;x">a</a>', "<a>a</a>", Kind.CODE),
        ('<a href="java\tscript:x">a</a>', "<a>a</a>", Kind.CODE),
        ('<a href="data:text/html,x">a</a>', "<a>a</a>", Kind.CODE),
        ('<img src="http://x.example/a.gif">b', "b", Kind.LINKS),
        ('<img alt="Logo" src="HTTP://x.example/a.gif">', '<img alt="Logo">', Kind.LINKS),
        ('<a href="file:///c:/a.docx">a</a>', "<a>a</a>", Kind.LINKS),
        ("<a href='\\\\srv\\a'>a</a>", "<a>a</a>", Kind.LINKS),
        ('<a href="C:\\Users\\a">a</a>', "<a>a</a>", Kind.LINKS),
        ('<img src="image001.png">b', "b", Kind.PATHS),
        ('<p title="/Users/ann/x">a</p>', "<p>a</p>", Kind.PATHS),
        ("<p data-x=1>a</p>", "<p>a</p>", Kind.IDS),
        ('<p style="color:red;background:url(//x.example/a)">a</p>', '<p style="color:red">a</p>', Kind.LINKS),
        ('<p style="c\\6flor:red">a</p>', "<p>a</p>", Kind.MARKS),
        ('<p style="margin:0/* x */">a</p>', '<p style="margin:0">a</p>', Kind.COMMENTS),
        ('<p style="width:expression(x)">a</p>', "<p>a</p>", Kind.CODE),
        ("<iframe src=x><p>no</iframe>b", "b", Kind.LINKS),
        ("<marquee>a</marquee>", "a", Kind.MARKS),
        ("<p align=left align=right>a</p>", "<p align=left>a</p>", Kind.MARKS),
        ("a</p lang=x>b", "a</p>b", None),
        ("<!-- x -->", "\r\n", Kind.COMMENTS),
    ],
)
def test_what_a_program_wrote_goes(page: str, expected: str, kind: Kind | None) -> None:
    """It is cut out, counted by its kind, and a second cleaning finds nothing."""
    result = document.clean(page.encode(), media=MEDIA, plan=Plan())

    assert not isinstance(result, Held), result
    assert expected == result[0].decode()
    assert kind is None or kind in {finding.kind for finding in result[1].findings}
    assert (result[0], Cleaned()) == document.clean(result[0], media=MEDIA, plan=Plan())


def test_every_occurrence_is_counted() -> None:
    """Equal tags are looked at once and counted as often as they stand there."""
    result = document.clean(b"<p data-x=1>a</p>" * 7, media=MEDIA, plan=Plan())

    assert not isinstance(result, Held)
    assert (Finding(kind=Kind.IDS, place=Place.BODY, count=7),) == result[1].findings


def test_a_picture_written_into_the_page_is_cleaned() -> None:
    """It goes through the scrubber of its own kind, and may hold the page."""
    dirty, plain = (base64.b64encode(one).decode() for one in (png_file.dirty().content, png_file.plain()))
    page = '<img src="data:image/png;base64,{}">'

    assert page.format(plain) == cleaned(page.format(plain))
    assert len(cleaned(page.format(dirty))) < len(page.format(dirty))
    assert Code.UNKNOWN is held(page.format(base64.b64encode(b"\x01\0\0\0EMF").decode())).code


def test_a_rule_may_keep_what_goes_by_default() -> None:
    """Each kind is kept to the byte where a rule says so."""
    scripted, linked = "<p><script>1</script>a</p>", '<p>a<img src="http://x.example/a.gif"></p>'

    assert scripted == cleaned(scripted, doing(Kind.CODE, Action.KEEP))
    assert linked == cleaned(linked, doing(Kind.LINKS, Action.KEEP))
    assert "<p><!-- x --></p>" == cleaned("<p><!-- x --></p>", doing(Kind.COMMENTS, Action.KEEP))


def test_a_rule_may_hold_what_goes_by_default() -> None:
    """A script is cut out unless a rule says that scripts wait."""
    result = document.clean(b"<p><script>1</script>", media=MEDIA, plan=doing(Kind.CODE, Action.HOLD))

    assert Code.ASK is getattr(result, "code", None)


def test_what_was_removed_is_looked_for_again() -> None:
    """The verifier misses no address that was taken out, and does not take words a reader sees for one."""
    pixel = b'<p>a<img src="https://t.example/pixel?who=ann"></p>'
    shown_too = b'<p>https://x.example/logo.png<img alt="image001.png" src="image001.png">'
    shown_too += b'<a href="https://x.example/logo.png"><img alt=y src="https://x.example/logo.png"></a></p>'

    assert () != verify(pixel, b"<p>a https://t.example/pixel?who=ann</p>", media=MEDIA, plan=Plan())
    for page in (pixel, shown_too):
        assert () == verify(page, cleaned(page).encode(), media=MEDIA, plan=Plan())


# ── what hides ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "page",
    [
        '<div style="display:none">secret</div>',
        '<div style="DISPLAY : none !important">secret</div>',
        "<p hidden>secret</p>",
        '<span style="visibility:hidden">secret</span>',
        '<span style="font-size:0">secret</span>',
        '<span style="font-size:1px">secret</span>',
        '<font color="#FFFFFF">secret</font>',
        '<span style="color:white">secret</span>',
        '<span style="color:rgb(254, 255, 255)">secret</span>',
        '<table bgcolor=#003366><tr><td><font color="#003366">secret</font></td></tr></table>',
        '<span style="color:rgba(0,0,0,0)">secret</span>',
        '<div style="max-height:0px;overflow:hidden">secret</div>',
        '<div style="position:absolute;left:-9999px">secret</div>',
        '<div style="opacity:0">secret</div>',
        '<span style="mso-hide:all">secret</span>',
        "<style>.x{display:none}</style><p class=x>secret</p>",
        "<style>#x{display:none}</style><p id=x>secret</p>",
        "<style>td.x b{color:#fff}</style><b>secret</b>",
        "<style>@media screen{.x{display:none}}</style><p class=x>secret</p>",
        '<div style="visibility:hidden"><p><b>secret</b></p></div>',
        '<img style="display:none" src="cid:secret@x">',
        '<div style="background:#036 url(https://x.example/sea.jpg);color:white">secret</div>',
        '<table background="https://x.example/sea.jpg"><tr><td style="color:white">secret</td></tr></table>',
    ],
)
def test_text_that_is_not_shown_waits(page: str) -> None:
    """The page waits for a person; where a rule strips, all of the element goes and twice changes nothing."""
    answer = held(f"<p>seen</p>{page}")
    plan = doing(Kind.HIDDEN, Action.STRIP)
    once = cleaned(f"<p>seen</p>{page}", plan)

    assert (Code.ASK, {Kind.HIDDEN}) == (answer.code, {one.kind for one in answer.findings if one.tier == 3})
    assert "seen" in once
    assert "secret" not in once
    assert once == cleaned(once, plan)


@pytest.mark.parametrize(
    "page",
    [
        '<td style="background:#0078d4;color:white">Button</td>',
        '<table bgcolor="#003366"><tr><td><font color=white>Head</font></td></tr></table>',
        '<div style="display:none">&nbsp;&zwnj; </div>seen',
        '<div style="font-size:0"><span style="font-size:12px">seen</span></div>',
        '<div style="visibility:hidden"><span style="visibility:visible">seen</span></div>',
        "<style style='display:none'>p{margin:0}</style><p>seen</p>",
        "<style>a:hover{color:white} @media print{p{display:none}}</style><p>seen</p>",
        '<body text="#000000" bgcolor="#FFFFFF">seen</body>',
        '<p style="color:windowtext;background:white">seen</p>',
        '<img width=0 height=0 style="display:none" src="https://t.example/p">seen',
    ],
)
def test_what_is_shown_does_not_wait(page: str) -> None:
    """White on blue, spacers without words, and styles for other occasions hide nothing."""
    cleaned(page)


def test_hidden_text_is_not_stripped_by_guess() -> None:
    """Where readers would have to guess how far an element reaches, the page waits even if a rule strips."""
    plan = doing(Kind.HIDDEN, Action.STRIP)

    for page in ('<p style="display:none">a<p>b</p>', '<div><span style="display:none">a</div>b</span>'):
        assert Code.UNSUPPORTED is getattr(document.clean(page.encode(), media=MEDIA, plan=plan), "code", None)


# ── what waits ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "page",
    [
        "<p>a<!-- b",
        "<!--> a -->",
        "<!---> a -->",
        "<!-- a --!> b -->",
        "<p>a<b",
        '<p title="a>b',
        '<p title="a<b">c',
        '<p title="a"b">c',
        '<p title=a"b>c',
        "<script>a",
        "<style>a",
        "<script><!--<script></script>--></script>",
        "</>a",
        "</ p>",
        "<<p>a",
        "a <",
        "<<!-- x -->script>alert(1)</script>",
        "&l<!-- x -->t;",
        "<![CDATA[a]]>",
        "<?php echo '>'; <p>",
        "<plaintext>a",
        "<xmp>a</xmp>",
        "<svg><style>a</style></svg>",
        "<math>a</math>",
        "<textarea><p>a</textarea>",
        "<select><option>a</select>",
        "<template>a</template>",
        "<noembed>a</noembed>",
        "<frameset><frame src=x></frameset>",
        "<style>p{margin:0</style>",
        "<style>p{content:'}'}</style>",
        "<style>/* a </style>",
        '<p style="font-family:&quot;Arial">a',
        "<p>a\x1b$B</p>",
        '<meta charset="utf-7">',
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-2022-jp">',
    ],
)
def test_what_reads_two_ways_waits(page: str) -> None:
    """Two readers could see different pages, so nobody sees it yet."""
    assert held(page).code in (Code.DAMAGED, Code.UNKNOWN)


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        (b"<p>a", "utf-7"),
        (b"<p>a", "utf-16"),
        (b"<p>a", "iso-2022-jp"),
        (b"<p>a", "x-unheard-of"),
        (b'<p title=\x82">a</p>', "shift_jis"),
        ("<p>a".encode("utf-16"), "utf-8"),
        (b"<p>a\x00</p>", "utf-8"),
        (b'<meta charset="big5"><p>\xa4\xa4</p>', "utf-8"),
    ],
)
def test_a_charset_that_could_hide_markup_waits(content: bytes, charset: str) -> None:
    """Where an ASCII byte may mean something else, or the page and its mail disagree, the page waits."""
    assert Code.UNKNOWN is held(content, f"text/html; charset={charset}").code


def test_content_and_declaration_must_agree() -> None:
    """A page that is declared plain text, and a document that is declared a page, wait."""
    assert Code.DISAGREES is held(b"<html><p>x", "text/plain").code
    assert Code.DISAGREES is held(png_file.plain(), "text/html").code
    assert Code.DISAGREES is held(b"BEGIN:VCARD\r\nEND:VCARD\r\n", "text/html").code


def test_only_a_doctype_of_html_stays() -> None:
    """The standard ones do; a private one goes, and so does a second."""
    word = '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN">'

    assert word + "<p>x" == cleaned(word + "<p>x")
    assert "<p>x" == cleaned('<!DOCTYPE html SYSTEM "file:///c:/ann.dtd"><p>x')
    assert word + "<p>x" == cleaned(word + word + "<p>x")


def test_soup_is_answered() -> None:
    """Whatever is thrown at it is cleaned or held; cleaned text is what it was, and twice changes nothing."""
    dice = random.Random("soup")
    bits = ["<", ">", "<p ", "</p>", '"', "'", "=", "<!--", "-->", "<style>", "</style>", "{", "}", ":", ";", "&lt"]
    bits += ["<span style='display:none'>", "</span>", "<script>", "</script>", "cid:", "<o:p>", "<!", "<a href=#x>"]
    bits += ["a ", "&"]
    answers = []

    for _ in range(4000):
        page = "".join(dice.choice(bits) for _ in range(dice.randrange(1, 14)))
        result = document.clean(page.encode(), media=MEDIA, plan=Plan())
        answers.append(isinstance(result, Held))
        if not isinstance(result, Held):
            assert shown(page) == shown(result[0].decode()), page
            assert (result[0], Cleaned()) == document.clean(result[0], media=MEDIA, plan=Plan()), page

    assert {True, False} == set(answers)


def test_a_deep_or_wide_page_is_no_matter() -> None:
    """A hundred thousand open elements, ends without beginnings and hidden ones are read in one pass."""
    pages = ["<div>" * 50_000, "<b>" * 30_000 + "</i>" * 30_000, "<p style=color:white></p>" * 20_000, "<" * 50_000]

    for page in pages:
        assert document.clean(page.encode(), media=MEDIA, plan=Plan())
