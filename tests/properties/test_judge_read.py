"""However a rule file is garbled, `read` answers with a rulebook or with problems, and never raises."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.judge.places import Places
from gateway.judge.rulebook import Rulebook, read

ROOT = Path(__file__).parents[2]
TEXTS = {path.name: path.read_text() for path in sorted((ROOT / "rules").glob("*.toml"))}
ODD = [
    *("", '"', "'", "[", "]", "{", "}", "=", "#", "\n", ",", ".", "0", "-", "\\", "\x00", "é", "'''", '"""', "\r"),
    *("[[x]]\n", "x = 1\n", "true", "2027-02-30", "nan", "[]", "{}", "[[]]", '""', "1e400", "\ud800", "9" * 5000),
]
VALUES = [
    *("1", "-1", "1.5", "true", '"x"', "[]", "{}", '[""]', "[1]", "[[]]", "[{}]", "{ a = 1 }", '["a", ["b"]]'),
    *("2027-01-01", "07:00:00", "2027-01-01T00:00:00Z", '"' + "y" * 600 + '"'),
]


@st.composite
def garbled(draw: st.DrawFn) -> dict[str, str]:
    name = draw(st.sampled_from(sorted(TEXTS)))
    text = TEXTS[name]
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 12)))
    return {**TEXTS, name: text[:start] + draw(st.sampled_from(ODD)) + text[end:]}


@st.composite
def revalued(draw: st.DrawFn) -> dict[str, str]:
    name = draw(st.sampled_from(sorted(TEXTS)))
    lines = TEXTS[name].split("\n")
    keys = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    number = draw(st.sampled_from(keys))
    key = lines[number].split(" = ")[0]
    lines[number] = draw(st.sampled_from([f"{key} = {draw(st.sampled_from(VALUES))}", "", f"{key}x = 1"]))
    return {**TEXTS, name: "\n".join(lines)}


def answers(texts: dict[str, str]) -> None:
    found = read(texts)
    if isinstance(found, Rulebook):
        return
    assert found, "refused without a problem"
    for problem in found:
        assert not problem.is_warning
        assert problem.line >= 1
        assert problem.column >= 1
        assert str(problem).isprintable()


@settings(max_examples=300)
@given(texts=garbled())
def test_garbled_bytes_never_crash_the_reader(texts: dict[str, str]) -> None:
    """A few characters replaced anywhere: a rulebook or printable problems."""
    answers(texts)


@settings(max_examples=300)
@given(texts=revalued())
def test_a_value_of_any_other_kind_never_crashes_the_reader(texts: dict[str, str]) -> None:
    """Any key given a value of another kind, renamed or removed: a rulebook or printable problems."""
    answers(texts)


@given(
    names=st.lists(st.sampled_from(["a", "b-c", '"d.e"', "'f'", "g . h", "i.j"]), unique=True, min_size=1),
    header=st.sampled_from(["", "[t]\n", "[[l]]\n[[l]]\n", "# note\n\n[t . u]\n"]),
    value=st.sampled_from(['"x#y"', "[1, [2], # c\n 3]", '{ k = "}" }', '"""\nmany " lines"""', "1979-05-27 07:32:00"]),
)
def test_places_finds_each_key_where_it_was_written(names: list[str], header: str, value: str) -> None:
    """Each key is reported at the line and column its value begins."""
    text = header
    expected = []
    for name in names:
        expected.append((text.count("\n") + 1, len(name) + 4))
        text += f"{name} = {value}\n"

    places = Places(text)

    found = {places.of(path) for path in places.values}
    assert set(expected) <= found
