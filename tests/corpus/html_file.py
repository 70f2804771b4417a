"""A page as mail programs write it: Word's, Outlook's, Thunderbird's, Gmail's and a newsletter's habits in one body."""

from __future__ import annotations

import base64

from tests.corpus import png_file
from tests.corpus.canary import Dirty, filled

HEAD = (
    '<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:@1.namespace@" xmlns="@4.default-namespace@">\r\n'
    '<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n'
    '<meta name=Generator content="@1.generator@">\r\n<meta name="ProgId" content="@1.progid@">\r\n'
    '<meta name="author" content="@1.author@">\r\n<meta name="viewport" content="@1.viewport@">\r\n'
    '<meta http-equiv="refresh" content="9;url=@4.refresh@">\r\n<base href="http://x.example/@4.base@/">\r\n'
    '<link rel=File-List href="cid:@1.file-list@">\r\n<link rel="stylesheet" href="https://x.example/@4.stylesheet@">\r\n'
    "<title>@1.title@</title>\r\n<!--[if gte mso 9]><xml><o:OfficeDocumentSettings>@1.conditional@"
    "</o:OfficeDocumentSettings></xml><![endif]-->\r\n<!-- @2.comment@ -->\r\n"
    '<style><!--\r\n/* @2.css-comment@ */\r\n@font-face {font-family:"@1.font-face@"; panose-1:2 4 5 3;}\r\n'
    "@import url(https://x.example/@4.import@);\r\n"
    "p.@1.class-in-sheet@, li.MsoNormal\r\n\t{margin:0cm;\r\n\tmso-style-name:"
    "@1.mso-style@;\r\n\tfont-size:11.0pt;}\r\n"
    "#@1.id-in-sheet@ a {color:blue;}\r\n@page @1.page@ {size:612.0pt 792.0pt;}\r\n"
    ".hero {background-image:url('https://x.example/@4.sheet-picture@');color:#222;}\r\n"
    "@list @1.list@:level1 {mso-level-number-format:bullet;}\r\n"
    "@media only screen and (max-width:600px) {.hero {display:none; -webkit-@1.vendor@:1}}\r\n-->\r\n</style>\r\n"
    "<style type='text/css' style='display:none;'>p {margin-top:0}</style>\r\n"
    "<script>var x = '@4.script@';</script>\r\n</head>\r\n"
)
BODY = (
    '<body lang=EN-GB link="#0563C1" class="@1.body-class@" onload="@4.onload@()">\r\n'
    "<?xml:namespace prefix=@1.pi@ />\r\n"
    '<div class=@1.class-unquoted@ id="@1.id@" data-ogsc="@1.data@" @1.attribute@=1>\r\n'
    '<p class="@1.class-in-sheet@" style="mso-fareast-language:@1.mso@;margin-left:1cm" o:gfxdata="@1.gfxdata@">'
    "@0.paragraph@<o:p></o:p></p>\r\n"
    "<p class=MsoNormal><![if !supportLists]><span style='mso-list:@1.mso-list@'>@0.bullet@</span><![endif]>"
    '@0.lower@ a &lt; b &amp; c < d &copy;<st1:place w:st="@1.smart-tag@">@0.place@</st1:place></p>\r\n'
    '<blockquote type="cite" cite="mid:@1.cite@@x.example">@0.quoted@</blockquote>\r\n'
    '<a href="file:///Z:/@4.file-link@/plan.docx">@0.file-text@</a> '
    "<a href='\\\\server\\@4.unc-link@\\plan.docx'>@0.unc-text@</a> "
    '<a href="@1.relative-link@.htm">@0.near-text@</a>\r\n'
    '<a href="javascript:@4.javascript@()">@0.script-text@</a> <a href="https://x.example/@0.web-link@">@0.web-text@</a>\r\n'
    '<a href="  java&#115;cript:@4.masked-javascript@()">@0.masked-text@</a> <a href="mid:@1.mid@">@0.mid-text@</a>\r\n'
    '<a name="@1.anchor@"></a><a href="#@1.anchor@">@0.anchor-text@</a>\r\n'
    '<img width=1 height=1 src="https://t.example/@4.pixel@.gif"><img src=http://t.example/@4.unquoted-picture@>'
    '<img src="//t.example/@4.near-picture@" alt="@0.alt@" srcset="https://t.example/@4.srcset@ 2x">\r\n'
    '<img src="cid:@0.inline@" alt="C:\\Users\\@1.alt-path@\\x.png" originalsrc="@1.original-source@">\r\n'
    '<table background="https://x.example/@4.background@" bgcolor="#eeeeee"><tr>'
    '<td style="background:url(https://x.example/@4.style-picture@);width:1cm" title="@0.tip@">'
    "@0.cell@</td></tr></table>\r\n"
    '<form action="https://x.example/@4.form@"><input type=hidden name=q value="@4.input@">@0.form-text@'
    "<button formaction='@4.button@'>@0.button-text@</button></form>\r\n"
    '<object data="@4.object@"><param name=a value="@4.param@">@0.fallback@</object><embed src="@4.embed@">'
    '<iframe src="https://x.example/@4.frame@">@4.frame-content@</iframe><video src="https://x.example/@4.video@"></video>\r\n'
    "<p style=\"width:expression(@4.expression@);font-family:&quot;Segoe UI&quot;,sans-serif\" ONCLICK='@4.onclick@'>"
    '@0.styled@</p>\r\n<p style="behavior:url(#@4.behaviour@)">@0.last@ caf\u00e9 &nbsp;&eacute;</p>\r\n'
)
TAIL = "</div>\r\n</body>\r\n</html>\r\n"


def dirty() -> Dirty:
    """All of it, with a screenshot written into the page."""
    tokens: dict[str, tuple[int, str]] = {}
    text = filled(HEAD + BODY, tokens)
    picture = base64.b64encode(png_file.dirty().content).decode()
    text += f'<img src="data:image/png;base64,{picture}">\r\n' + TAIL
    return Dirty(content=text.encode(), tokens=tokens)
