"""Carries out `docs/recipes.md`, so that what an admin reads there is what happens.

A recipe is a `##` section. What it does to rule files stands in ```diff blocks below a line that names the file; what
is typed, and what is then seen, in ```console blocks. Seen lines may leave out others between them. `…` stands for
anything; a word that ends with `…` stands for any word when it is first met, and for the same one from then on:
`T-7Q4M…` of one answer is `T-7Q4M…` of the next question. A command that ends in `# exit 1` must end so, any other must
succeed. `--as` signs with that person's password, which the runner knows; files, and `/srv`, lie beside the office.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.house import ROOT, SEALGATE, House

_BLOCK = re.compile(r"^```(diff|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"`rules/([\w.]+)`")
_EXIT = re.compile(r"\s+# exit (\d)$")
_WORD = re.compile(r"\S+…")
_SERVICE = re.compile(r"systemctl (stop|start|restart|reload) sealgate")
_SIGNERS = {"--as": "--password-file", "--second": "--second-password-file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Some lines of a rule file become others."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A command, how it ends, and what is seen."""

    typed: str
    code: int
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One section."""

    title: str
    steps: tuple[Change | Question, ...]


def recipes(text: str) -> Iterator[Recipe]:
    """Every section that does something."""
    for section in text.split("\n## ")[1:]:
        title, _, rest = section.partition("\n")
        steps = tuple(_steps(rest))
        if steps:
            yield Recipe(title=title, steps=steps)


def _steps(text: str) -> Iterator[Change | Question]:
    for block in _BLOCK.finditer(text):
        kind, lines = block[1], block[2].splitlines()
        if kind == "diff":
            yield _change(_FILE.findall(text[: block.start()])[-1], lines)
        else:
            yield from _questions(lines)


def _change(file: str, lines: list[str]) -> Change:
    old = [line[1:] for line in lines if line[:1] != "+"]
    new = [line[1:] for line in lines if line[:1] != "-"]
    return Change(file=file, old="".join(f"{line}\n" for line in old), new="".join(f"{line}\n" for line in new))


def _questions(lines: list[str]) -> Iterator[Question]:
    starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        code = _EXIT.search(lines[start])
        typed = _EXIT.sub("", lines[start])[2:]
        yield Question(typed=typed, code=int(code[1]) if code else 0, seen=tuple(lines[start + 1 : end]))


@dataclass(slots=True)
class Kitchen:
    """An office in which recipes are carried out, one after the other."""

    house: House
    known: dict[str, str] = field(default_factory=dict)
    """What words that end in `…` stand for."""

    def follows(self, recipe: Recipe) -> None:
        """Carry it out. Fails at the first step that is not as written."""
        for step in recipe.steps:
            if isinstance(step, Change):
                self._edits(step)
            else:
                self._asks(step)

    def here(self, text: str) -> str:
        """With `/srv` where the test may write."""
        return text.replace("/srv/", f"{self.house.folder.parent}/srv/")

    def _edits(self, change: Change) -> None:
        old, new = change.old.removesuffix("\n"), self.here(change.new).removesuffix("\n")
        if old:
            self.house.changes(change.file, old, new)
        else:
            self.house.adds(change.file, f"\n{new}\n")

    def _asks(self, question: Question) -> None:
        if service := _SERVICE.fullmatch(question.typed):
            return self._tells_the_service(service[1])
        typed = _WORD.sub(lambda found: self.known.get(found[0], found[0]), self.here(question.typed))
        environment = self.house.environment | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        done = subprocess.run(self._command(shlex.split(typed)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=environment, cwd=self.house.folder.parent, timeout=120, check=False)  # fmt: skip
        said = done.stdout.decode()
        assert question.code == done.returncode, f"{question.typed} ended with {done.returncode}:\n{said}"
        rest = [" ".join(line.split()) for line in said.splitlines()]
        for line in question.seen:
            rest = self._after(line, rest, said)

    def _tells_the_service(self, what: str) -> None:
        """As systemd would."""
        match what:
            case "stop":
                assert 0 == self.house.closes()
            case "start":
                self.house.opens()
            case "restart":
                assert 0 == self.house.closes()
                self.house.opens()
            case _:
                self.house.reloads()

    def _after(self, line: str, rest: list[str], said: str) -> list[str]:
        """What was said after this line; it may hold more than is written."""
        pattern = re.compile("".join(self._parts(" ".join(line.split()))))
        for at, one in enumerate(rest):
            if found := pattern.search(one):
                words = dict.fromkeys(word for word in _WORD.findall(line) if word not in self.known)
                self.known.update(zip(words, found.groups(), strict=True))
                return rest[at + 1 :]
        raise AssertionError(f"nowhere is {line!r} in:\n{said}")

    def _parts(self, line: str) -> Iterator[str]:
        """As a regular expression, with a group for each word that is met for the first time."""
        met: set[str] = set()
        for part in re.split(r"(\S*…)", line):
            if part == "…":
                yield ".*"
            elif part.endswith("…"):
                yield re.escape(self.known[part]) if part in self.known else r"\S+" if part in met else r"(\S+)"
                met.add(part)
            else:
                yield re.escape(part)

    def _command(self, words: list[str]) -> list[str]:
        assert words[0] == "sealgate", f"a recipe types {words[0]}"
        office = [] if words[1] == "--office" else ["--office", str(self.house.folder)]
        return [*SEALGATE, *office, *self._signed(words[1:])]

    def _signed(self, words: list[str]) -> Iterator[str]:
        option = ""
        for word in words:
            yield word
            if option in _SIGNERS:
                yield from (_SIGNERS[option], self.house.secret(word))
            option = word
        if words[:2] == ["people", "set-password"]:
            yield from ("--password-file", self.house.secret(words[2]))
