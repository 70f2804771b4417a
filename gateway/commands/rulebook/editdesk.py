"""Where rules are edited: a copy of the folder in `var/`, for one person at a time, and the editor run on it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway.commands.rulebook.writing import write_rules
from gateway.commands.setting import Setting
from gateway.errors import InUse, Misconfigured
from gateway.judge.rulebook import Rulebook

EDITORS = ("sensible-editor", "nano", "vi")
"""Tried in this order when nobody says which."""
_SUFFIX = ".toml"


class EditDesk:
    """One office's desk. The copy outlives a process that is killed; the lock does not."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._folder = setting.var / "rules.edit"
        self.copy = self._folder / "rules"
        """What the editor works on."""

    @contextmanager
    def taken(self, resumes: Callable[[], bool]) -> Iterator[EditDesk]:
        """The desk with a copy on it, cleared at the end. `resumes`: take up what an earlier process left?

        Raises `InUse` if somebody else sits there.
        """
        with self._locked():
            if not (self._base.is_file() and resumes()):
                self._lay_out()
            try:
                yield self
            finally:
                shutil.rmtree(self._folder, ignore_errors=True)

    def edit(self, command: list[str], files: tuple[str, ...]) -> int:
        """Run the editor on some of the files; its exit code. Raises `Misconfigured` if there is no such editor."""
        for name in files:
            if Path(name).name != name or not name.endswith(_SUFFIX) or name.startswith("."):
                raise click.BadParameter(f"{name!r} is not the name of a rule file", param_hint="FILE")
        held = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGQUIT)}
        try:  # Ctrl-C is the editor's: a handler, unlike ignoring, is not inherited by it
            return subprocess.run([*command, *files], cwd=self.copy, check=False).returncode
        except OSError as why:
            raise Misconfigured(f"the editor {command[0]} cannot be run: {why.strerror}") from why
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)
            self._sweep()

    def is_changed(self) -> bool:
        """Whether the copy says something else than the folder did."""
        return _state(self.copy) != self._base.read_text("ascii")

    def install(self, rulebook: Rulebook) -> None:
        """Put what was edited in the folder's place. Raises `Misconfigured` if that changed meanwhile."""
        if _state(self._setting.rules) != self._base.read_text("ascii"):
            kept = self._setting.var / f"rules.{rulebook.digest[:12]}"
            shutil.copytree(self.copy, kept, dirs_exist_ok=True)
            raise Misconfigured(f"rules/ was changed by somebody else meanwhile; your edit is kept in {kept}")
        write_rules(self._setting.rules, dict(rulebook.files))

    # ── the copy and its lock ────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _base(self) -> Path:
        """What the folder was when the copy was made."""
        return self._folder / "base"

    def _lay_out(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            self._folder.mkdir(mode=0o700)
            self.copy.mkdir(mode=0o700)
            base = _state(self._setting.rules)
            for path in _rule_files(self._setting.rules):
                (self.copy / path.name).write_bytes(path.read_bytes())
            self._base.write_text(base, "ascii")
        except OSError as why:
            raise Misconfigured(f"the rules cannot be copied to be edited: {why.strerror}") from why

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._setting.var / "rules.lock"
        try:
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as why:
            raise Misconfigured(f"{self._setting.folder} is not an office this user may edit: {why.strerror}") from why
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as why:
                who = os.read(lock, 100).decode("utf-8", "replace").strip()
                raise InUse(f"{who or 'somebody'} is editing the rules right now") from why
            os.truncate(lock, 0)
            os.write(lock, f"{_user()} (process {os.getpid()})".encode())
            yield
        finally:
            os.close(lock)

    def _sweep(self) -> None:
        """What editors leave behind is no rule file."""
        for path in self.copy.iterdir():
            if path.name.endswith("~") or path.name.startswith("#"):
                path.unlink()


def editor_command(said: str) -> list[str]:
    """The editor as words: what is said, $VISUAL, $EDITOR, or the first that is installed. Raises `Misconfigured`."""
    found = said or os.environ.get("VISUAL") or os.environ.get("EDITOR")
    found = found or next((name for name in EDITORS if shutil.which(name)), "")
    if not found:
        raise Misconfigured("there is no editor; say which: --editor COMMAND, or set EDITOR")
    try:
        return shlex.split(found)
    except ValueError as wrong:
        raise Misconfigured(f"the editor {found!r} cannot be understood: {wrong}") from wrong


def _rule_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIX) and not path.name.startswith("."))


def _state(folder: Path) -> str:
    """What all rule files in a folder come to, whether they load or not."""
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in _rule_files(folder))
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
