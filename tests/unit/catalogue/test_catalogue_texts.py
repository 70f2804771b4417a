"""The texts people read: how they are worded, that another language can stand in, and that none goes round it.

The other language here has an `x` for every letter of every text; so whatever else is read was not in the catalogue.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import pytest

from gateway.catalogue import texts as catalogue
from gateway.catalogue.texts import ENGLISH, LANGUAGES, Texts, parameters, texts_in
from gateway.commands.sample import sample_rules
from gateway.doors.replies import Replies, Say
from gateway.doors.sftp import officewords, verbs
from gateway.doors.sftp.status import Denied
from gateway.engine.files.receipts import Document, Scope, as_text, read_me
from gateway.engine.files.statussheet import sheet
from gateway.engine.wording import sentence, sentences
from gateway.facts import Outcome, Reason
from gateway.journey import State
from gateway.judge import expect
from gateway.judge import words as vocabulary
from gateway.judge.case import Case
from gateway.judge.decide import decide
from gateway.judge.explain import sentence as judged
from gateway.judge.rulebook import Rulebook, read
from gateway.ship.bounce import Kind, Notice, compose
from gateway.transfer import Way, transfer_id
from tests.playbook import mail

GATEWAY = Path(__file__).parents[3] / "gateway"
ASIDES = ("page.", "answer.",
          "part.", "way.", "list.", "article", "day", "month.", "unknown.", "needed.", "demand.", "wait.", "ask",
          "document.", "reply.", "note.from", "note.inbox.at", "note.inbox.somebody", "note.title.", "note.transfer",
          "note.arrival.title", "note.remote", "mail.kept", "reason.doubt", "note.until", "draft.",
          "span.", "note.retention.one", "note.retention.many", "note.retention.each", "note.retention.more",
          "note.retention.plan", "virus.whole", "unscanned.")  # fmt: skip
"""What sentences are made of, and what a program answers: no sentences of their own."""


def crossed_out(text: str) -> str:
    """The text with an x for every letter; the places that are filled in stay."""
    return "".join(
        re.sub("[A-Za-z]", "x", literal).replace("{", "{{").replace("}", "}}")
        + (f"{{{name}}}" if name is not None else "")
        for literal, name, _, _ in Formatter().parse(text)
    )


OTHER = Texts.of("xx", {code: crossed_out(text) for code, text in ENGLISH.table.items()})


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Texts:
    """An office that speaks it."""
    monkeypatch.setitem(LANGUAGES, "xx", OTHER)
    return OTHER


def rules(language: str) -> Rulebook:
    """The sample's rules, its reasons crossed out too, for they are the admin's own words."""
    files = {name: re.sub(r'because = "[^"]*"', 'because = "X."', text) for name, text in sample_rules().items()}
    gateway = files["gateway.toml"].replace(
        'zone = "Europe/London"', f'zone = "Europe/London", language = "{language}"'
    )
    files["gateway.toml"] = gateway.replace('name = "Town of Example"', 'name = "X"')
    found = read(files)
    assert isinstance(found, Rulebook), [str(problem) for problem in found]
    return found


def cases() -> Iterator[Case]:
    """Every way in which the judge says no, or not yet: by people, recipients, labels, ways, purposes, days, facts."""
    plain = expect.harmless()
    for sender in ("alena@town.test", "jo@town.test", "per@town.test", "ghost@town.test", "", "partner:court"):
        for to in ("registry@court.test", "day@smithday.test", "anna@example.test", "x@c0urt.test", "partner:court"):
            for label in ("public", "confidential", "sealed", None):
                for by, purpose in (
                    (Way.MAIL, "general"),
                    (Way.SFTP, "general"),
                    (Way.PICKUP, None),
                    (None, "litigation"),
                ):
                    for on in (date(2026, 11, 23), date(2027, 4, 1), date(2028, 6, 1), date(2020, 1, 1)):
                        yield Case(sender_person=sender, recipient=expect.recipient_of(to), by=by, label=label,
                                   purpose=purpose, on=on, facts=plain)  # fmt: skip


def foreign(text: str, rulebook: Rulebook) -> set[str]:
    """The words of a text that are neither crossed out nor the office's own."""
    own = set(re.findall(r"[A-Za-z0-9]+", " ".join(_values(rulebook)))) | set(vocabulary.FACTS)
    own |= {part for fact in vocabulary.FACTS for part in fact.split("-")}
    found = set(re.findall(r"[A-Za-z]+", text))
    return {word for word in found if word.lower().strip("x") and word not in own and word.lower() not in own}


def _values(rulebook: Rulebook) -> Iterator[str]:
    """Ids, names, labels, addresses, tags: what the office itself has written."""
    for rule in rulebook.rules:
        yield from (rule.id, rule.because, rule.owner, *rule.who, *rule.to, *rule.labels, *rule.for_)
    for person in rulebook.people.everyone:
        yield from (person.address, person.name, *person.roles)
    for partner in rulebook.partners.values():
        yield from (partner.id, partner.name, *partner.domains, *partner.addresses)
    yield from (*rulebook.labels.order, *rulebook.labels.purposes, *rulebook.labels.spotting.purpose)
    yield "ghost@town.test anna@example.test registry c0urt court partner"


# ── another language ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_language_must_say_all_that_english_says() -> None:
    """A text that is missing, or fills other places, is found when the language is added, not when it is needed."""
    table = dict(OTHER.table)
    del table["reason.no-key"]
    with pytest.raises(ValueError, match=r"no text reason\.no-key"):
        Texts.of("xx", table)
    with pytest.raises(ValueError, match=r"other places in reason\.no-key"):
        Texts.of("xx", {**OTHER.table, "reason.no-key": "x {who}"})


def test_a_language_we_do_not_have_does_not_load(other: Texts) -> None:
    """Until its table is here the rules are refused; then they load, and speak it."""
    assert "xx" == texts_in(rules("xx").gateway.office.language).language
    del LANGUAGES["xx"]
    files = dict(sample_rules())
    files["gateway.toml"] = files["gateway.toml"].replace(
        'zone = "Europe/London"', 'zone = "Europe/London", language = "xx"'
    )

    problems = read(files)

    assert not isinstance(problems, Rulebook)
    assert 'there are no texts in "xx"; there are: en' in str(problems[0])


def test_every_word_of_the_judge_comes_from_the_catalogue(other: Texts) -> None:
    """Every refusal, every wait, of every way to fail: no word of it is English."""
    book, seen = rules("xx"), set[str]()
    for case in cases():
        verdict = decide(book, case)
        said = judged(book, case, verdict)
        seen.add(re.sub(r"[^x .:;,]", "", said))
        assert set() == foreign(said, book), said

    assert len(seen) > 20


def test_every_word_about_what_happened_later_comes_from_the_catalogue(other: Texts) -> None:
    """Every reason of mail and of files, with a document's own words, and what stands behind a doubt."""
    book = rules("xx")
    codes = [code.partition(".")[2] for code in ENGLISH.table if code.startswith(("reason.", "file."))]
    for code in codes:
        for by in (Way.MAIL, Way.SFTP):
            case = Case(sender_person="jo@town.test", recipient=expect.recipient_of("registry@court.test"), by=by,
                        label="office", purpose="general", on=date(2026, 11, 23))  # fmt: skip
            for why in ("ask", "damaged", "limit"):
                reason = Reason(code=code, about=(("why", why), ("doubt", "X")))
                for said in sentences(book, case, Outcome.HOLD, (reason,)):
                    assert set() == foreign(re.sub(rf"\b{why}\b", "", said.replace(code, "")), book), (code, said)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("way", [Way.MAIL, Way.SFTP])
def test_every_word_of_a_note_comes_from_the_catalogue(kind: Kind, way: Way) -> None:
    """Subject, writer and body; what machines read, and the fields of RFC 5322, are nobody's language."""
    notice = Notice(kind=kind, leg=0, sentences=("x.",), reply="250 X", retry_until_ms=0)
    transfer = replace(mail(), way=way)
    made = compose(notice, transfer=transfer, leg=transfer.legs[0], host="h", office="X", texts=OTHER,
                   at=datetime(2026, 1, 1, tzinfo=UTC), identity=transfer_id(bytes(16))).decode()  # fmt: skip
    body = made.split("text/plain; charset=us-ascii\r\n\r\n")[1].split("\r\n--note")[0]
    head = [line for line in made.split("\r\n") if line.startswith(("Subject:", "From:"))]

    said = " ".join([body, *head])
    said = re.sub(r"T-[A-Z2-7]{26}|clerk0@court\.test|Thu, 01 Jan 1970|mailer-daemon@h|Subject:|From:", "", said)

    assert set() == {word for word in re.findall(r"[A-Za-z]+", said) if word.strip("xX")}


@pytest.mark.parametrize("say", Say)
def test_every_reply_of_the_mail_door_comes_from_the_catalogue(say: Say) -> None:
    """Codes are the protocol's; the words are the language's."""
    line = Replies(OTHER)[say].lines().decode()

    assert set() == {word for word in re.findall(r"[A-Za-z]+", line) if word.strip("xX")}


def test_every_no_of_the_file_door_comes_from_the_catalogue() -> None:
    """The tree's and the session's; the language is named beside the text."""
    found = [one for module in (officewords, verbs) for one in vars(module).values() if isinstance(one, Denied)]

    assert len(found) > 15
    for denied in found:
        assert denied.text == denied.said(ENGLISH)
        assert not re.sub(r"[x\W\d]", "", denied.said(OTHER))


def test_every_word_of_a_page_comes_from_the_catalogue(other: Texts) -> None:
    """What a folder does, a receipt, and the headings of the sheet of all; rules and names are the office's own."""
    book = rules("xx")
    to, on = expect.recipient_of("partner:court"), date(2026, 11, 23)
    scopes = (
        Scope(recipient=to, label="office", purpose=None, strips=("x",), holds=(), is_pushed=is_pushed, but=but)
        for is_pushed, but in ((True, ""), (False, "x"))
    )
    pages = [read_me(scope, book, "jo@town.test", on).decode("utf-8-sig") for scope in scopes]
    receipts = [receipt_of(state) for state in State]
    pages += [as_text(receipt, OTHER).decode("utf-8-sig") for receipt in receipts]
    pages.append(sheet([], UTC, OTHER).decode("utf-8-sig"))

    for page in pages:
        assert set() == foreign(page, book), page


def test_every_answer_to_an_order_comes_from_the_catalogue() -> None:
    """Why it is not carried out, and that it was: no sentence is written where it is said."""
    spoken = [
        f"{path.name}:{node.lineno}"
        for path in (*GATEWAY.joinpath("engine").rglob("*.py"), GATEWAY / "doors" / "admin.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Refused", "Answer", "_no")
        for said in (*node.args, *(one.value for one in node.keywords if one.arg == "sentence"))
        if isinstance(said, ast.JoinedStr) or (isinstance(said, ast.Constant) and isinstance(said.value, str))
    ]

    assert [] == spoken


def receipt_of(state: State) -> Document:
    """A receipt that says all it can, of a file in this state."""
    x = "x" * 64
    return Document(
        transfer="x", name="x", sender="x", recipient="x", label="x", purpose="x", received="0", state=state.value,
        says=(), rules=("x",), ruleset=x, stripped={"x": 1}, bytes_in=1, sha256_in=x, bytes_out=1, sha256_out=x,
        key=x, entries=(1,),
    )  # fmt: skip


# ── how they are worded ──────────────────────────────────────────────────────────────────────────────────────────────


SENTENCES = {
    code: text for code, text in ENGLISH.table.items() if not code.startswith(ASIDES) and not code.endswith(".title")
}


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_a_text_is_a_sentence_or_three(code: str) -> None:
    """A capital or a name first, a full stop or what is filled in last, and no more than a person reads."""
    text = SENTENCES[code]

    assert text[0].isupper() or text[0] in "{'"
    assert text.rstrip().endswith((".", "?", "{because}", "{ask}", "{next}", "{why}", "(incident {incident})"))
    assert len(re.findall(r"[.?](?:\s|$)", text)) <= 3
    assert len(text) <= 200


@pytest.mark.parametrize("code", sorted(ENGLISH.table))
def test_no_text_ever_suggests_a_lower_label(code: str) -> None:
    """A paper is not made less confidential by calling it so."""
    assert not re.search(
        r"lower|relabel|downgrade|less confidential|mark it (public|office)", ENGLISH.table[code], re.I
    )


@pytest.mark.parametrize(
    "code", ["refuse.outsider", "wait.outsider", *(f"note.inbox{one}" for one in ("", ".fetch", ".nothing-more"))]
)
def test_an_outsider_reads_no_rule(code: str) -> None:
    """What goes outside has no place for a rule, a label or a colleague's name."""
    assert parameters(ENGLISH.table[code]) <= {"who", "office", "day", "time", "at", "partner"}


ENOUGH = {
    "refuse.others-refused", "refuse.note-to-outside", "refuse.outsider", "wait.outsider", "refuse.lookalike",
    "miss.by", "miss.by.labelled", "miss.for",
}  # fmt: skip
"""Where there is nothing to do, or what is wrong says it: another recipient, another way, another purpose."""


@pytest.mark.parametrize(
    "code", sorted(code for code in ENGLISH.table if code.startswith(("refuse.", "miss.")) and code not in ENOUGH)
)
def test_a_refusal_says_what_to_do_next(code: str) -> None:
    """Whom to ask, or what to write."""
    text = ENGLISH.table[code]

    assert re.search(r"\{ask\}|\{because\}|Ask |write |put it |people\.toml", text), text


def test_every_text_is_said_somewhere() -> None:
    """What nobody says any more is taken out: each code stands in the source, as a whole or by its beginning."""
    source = "\n".join(
        path.read_text("utf-8") for path in GATEWAY.rglob("*.py") if "catalogue/en" not in path.as_posix()
    )
    literals = {
        node.value for node in ast.walk(ast.parse("[" + ",".join(_literals()) + "]")) if isinstance(node, ast.Constant)
    }

    silent = [
        code
        for code in ENGLISH.table
        if f'"{code}"' not in source
        and code.partition(".")[2] not in literals
        and not any(f'f"{code[:n]}' in source for n in range(4, len(code)) if code[n - 1] in "." and code[n:])
    ]

    assert [] == silent


def _literals() -> Iterator[str]:
    for path in GATEWAY.rglob("*.py"):
        if "catalogue" not in path.as_posix():
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isprintable():
                    yield repr(node.value)


def test_what_is_filled_in_is_never_read_as_a_text() -> None:
    """Braces in a name are a name."""
    said = sentence(Reason(code="no-key"), recipient="{ask}{0}", texts=ENGLISH)

    assert "{ask}{0}" in said
    assert catalogue.ENGLISH is LANGUAGES["en"]
