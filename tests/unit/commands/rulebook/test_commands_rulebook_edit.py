"""`sealgate rules edit`: a copy, an editor, and a folder that is never broken by it. In a real terminal, too."""

from __future__ import annotations

import os
import signal
import stat
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gateway.commands.rulebook.editdesk import EditDesk, editor_command
from gateway.errors import Misconfigured
from tests import edited
from tests.edited import TRANSFERS, Edit
from tests.terminals import Terminal, in_a_terminal
from tests.unit.commands.rule_office import BY_MAIL, RENEWED, SHORTENED, SLIP, RuleOffice


def editor(office: RuleOffice, *turns: tuple[Edit, ...]) -> str:
    """A program that makes these edits, one turn each time it is run."""
    return edited.editor(office.folder.parent, *turns)


def rules(office: RuleOffice) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in office.rules.iterdir()}


def test_what_is_in_order_takes_the_folders_place(ruled: RuleOffice) -> None:
    """Who loses is shown; nothing is in force before it is published, which one may do at once."""
    before = ruled.digests()[1]

    kept = ruled.run("edit", "--editor", editor(ruled, (SHORTENED,)), "--no-publish")
    folder, in_force = ruled.digests()

    assert (0, "rules/ is changed, and not in force yet: sealgate rules publish\n") == (kept.exit_code, kept.stdout)
    assert "Jo Hart may no longer send Sealed papers to County Court by SFTP, from 31 December 2026" in kept.stderr
    assert SHORTENED[2].encode() in rules(ruled)[TRANSFERS]
    assert before == in_force != folder
    assert not list(ruled.setting.var.glob("rules.edit*"))


def test_it_may_be_published_at_the_end(ruled: RuleOffice) -> None:
    """Signed as `publish` is: by one here, and what widens waits."""
    narrower = ruled.run("edit", "--editor", editor(ruled, (SHORTENED,)), "--publish", by="ruth")
    assert (0, True) == (narrower.exit_code, narrower.stdout.startswith("In force: "))

    wider = ruled.run(
        "edit", "--editor", editor(ruled, ((TRANSFERS, SHORTENED[2], RENEWED[2]),)), "--publish", by="ruth"
    )
    assert 4 == wider.exit_code
    assert 1 == len(ruled.proposals())


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param(SLIP, 'did you mean "solicitor"?', id="a slip"),
        pytest.param((TRANSFERS, 'who = ["clerk", "solicitor"]', 'who = ["solicitor"]'),
                     "a clerk files a confidential bundle", id="a missed expectation"),
        pytest.param(BY_MAIL, "sealed-by-mail is broken", id="a broken never"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_never_installed(edit: Edit, said: str, ruled: RuleOffice) -> None:
    """It is shown; discarded, or with nobody there to answer, the folder is as it was to the byte."""
    before = rules(ruled)

    discarded = ruled.run("edit", "--editor", editor(ruled, (edit,)), answers="d\n")
    unanswered = ruled.run("edit", "--editor", editor(ruled, (edit,)), answers="")

    for result in (discarded, unanswered):
        assert (1, "Discarded. Nothing is changed.") == (result.exit_code, result.stderr.splitlines()[-1])
        assert said in result.stderr
    assert before == rules(ruled)
    assert not list(ruled.setting.var.glob("rules.edit*"))


def test_one_may_go_on_editing_where_one_was(ruled: RuleOffice) -> None:
    """The editor sees its own mistake again, and the mended rules are installed."""
    mended = ((TRANSFERS, SLIP[2], SLIP[1]), SHORTENED)

    result = ruled.run("edit", "--editor", editor(ruled, (SLIP,), mended), "--no-publish", answers="e\n")

    assert (0, 2) == (result.exit_code, edited.turns(ruled.folder.parent))
    assert SHORTENED[2].encode() in rules(ruled)[TRANSFERS]


def test_nothing_changed_is_nothing_done(ruled: RuleOffice) -> None:
    """Exit 0, and no question."""
    result = ruled.run("edit", "--editor", "true", answers="")

    assert (0, "Nothing is changed.\n") == (result.exit_code, result.stdout)


def test_an_editor_that_fails_changes_nothing(ruled: RuleOffice) -> None:
    """Its exit code is told; without an answer what it did is discarded."""
    before = rules(ruled)

    result = ruled.run("edit", "--editor", "false", answers="")

    assert 1 == result.exit_code
    assert "The editor ended with 1." in result.stderr
    assert before == rules(ruled)


def test_a_broken_folder_can_be_mended_with_it(ruled: RuleOffice) -> None:
    """It need not load before, only after."""
    ruled.edit(SLIP)

    result = ruled.run("edit", "--editor", editor(ruled, ((TRANSFERS, SLIP[2], SLIP[1]),)), "--no-publish")

    assert 0 == result.exit_code
    assert ruled.digests()[0] == ruled.digests()[1]


def test_other_files_are_edited_by_name_and_no_other_place(ruled: RuleOffice) -> None:
    """`people.toml`; no path, nothing that is no rule file."""
    edit = ("people.toml", "until = 2027-06-30", "until = 2027-05-31")

    result = ruled.run("edit", "people.toml", "--editor", editor(ruled, (edit,)), "--no-publish")

    assert 0 == result.exit_code
    assert b"until = 2027-05-31" in rules(ruled)["people.toml"]
    for name in ("../people.toml", "/etc/passwd", "notes.txt", ".people.toml"):
        assert 2 == ruled.run("edit", name, "--editor", "true").exit_code


def test_what_lies_beside_the_rules_and_their_modes_stay(ruled: RuleOffice) -> None:
    """README.md and the mode of a file; what an editor leaves behind does not come along."""
    (ruled.rules / TRANSFERS).chmod(0o640)
    (ruled.rules / "README.md").write_text("Ours.\n")
    program = editor(ruled, (SHORTENED,))
    littering = ruled.folder.parent / "littering"
    littering.write_text(f'#!/bin/sh\n{program} "$@" && cp "$1" "$1~" && touch "#$1#" ".$1.swp"\n')
    littering.chmod(0o755)

    result = ruled.run("edit", "--editor", str(littering), "--no-publish")

    assert 0 == result.exit_code
    assert 0o640 == stat.S_IMODE((ruled.rules / TRANSFERS).stat().st_mode)
    assert ["README.md"] == [name for name in rules(ruled) if not name.endswith(".toml")]


def test_one_person_edits_at_a_time(ruled: RuleOffice) -> None:
    """The second is told who is at it."""
    with EditDesk(ruled.setting).taken(lambda: False):
        result = ruled.run("edit", "--editor", "true")

    assert 5 == result.exit_code
    assert f"(process {os.getpid()}) is editing the rules right now" in result.stderr


def test_an_edit_made_by_hand_meanwhile_is_not_overwritten(ruled: RuleOffice) -> None:
    """Both stay: theirs in the folder, ours where the sentence says."""
    program = editor(ruled, (SHORTENED,))
    meanwhile = ruled.folder.parent / "meanwhile"
    meanwhile.write_text(f'#!/bin/sh\n{program} "$@"; echo "# by hand" >> {ruled.rules}/people.toml\n')
    meanwhile.chmod(0o755)

    result = ruled.run("edit", "--editor", str(meanwhile), "--no-publish")

    assert 5 == result.exit_code
    kept = Path(result.stderr.rpartition("kept in ")[2].strip())
    assert SHORTENED[2] in (kept / TRANSFERS).read_text()
    assert SHORTENED[2].encode() not in rules(ruled)[TRANSFERS]
    assert rules(ruled)["people.toml"].endswith(b"# by hand\n")


def test_which_editor_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said, $VISUAL, $EDITOR; words, and no shell."""
    monkeypatch.setenv("EDITOR", "ed --posix")
    assert ["ed", "--posix"] == editor_command("")
    monkeypatch.setenv("VISUAL", "vim -n")
    assert ["vim", "-n"] == editor_command("")
    assert ["nano", "a b"] == editor_command("nano 'a b'")
    with pytest.raises(Misconfigured):
        editor_command("nano 'a")


def test_an_editor_that_is_not_there_is_one_sentence(ruled: RuleOffice) -> None:
    """Exit 5, nothing changed."""
    result = ruled.run("edit", "--editor", "no-such-editor")

    assert (5, True) == (result.exit_code, "the editor no-such-editor cannot be run" in result.stderr)


# ── in a real terminal ───────────────────────────────────────────────────────────────────────────────────────────────


def terminal(office: RuleOffice, editor: str) -> AbstractContextManager[Terminal]:
    """`sealgate rules edit` in a terminal of its own."""
    return in_a_terminal("--office", str(office.folder), "rules", "edit", "--editor", editor)


@pytest.mark.slow
def test_in_a_terminal_it_asks_and_goes_on(ruled: RuleOffice) -> None:
    """A broken never, edit again, publish, passwords that are not echoed, a second person: in force."""
    again = (RENEWED, (TRANSFERS, BY_MAIL[2], BY_MAIL[1]))
    with terminal(ruled, editor(ruled, (BY_MAIL,), again)) as screen:
        screen.awaits(r"sealed-by-mail is broken[\s\S]*\(e\)dit again or \(d\)iscard")
        screen.types("e\n")
        screen.awaits(r"Two people must sign this[\s\S]*\(p\)ublish now or \(k\)eep for later")
        screen.types("p\n")
        screen.awaits(r"Who publishes")
        screen.types("ruth@town.test\n")
        screen.awaits(r"Who signs beside them")
        screen.types("per@town.test\n")
        for person in ("ruth@town.test", "per@town.test"):
            screen.awaits(f"Password of {person}: ")
            screen.types(ruled.passwords[person] + "\n")
        screen.awaits(r"In force: [0-9a-f]{64}")
        code = screen.ends()

    assert 0 == code
    assert not any(secret in screen.said for secret in ruled.passwords.values())
    assert ruled.digests()[0] == ruled.digests()[1]


@pytest.mark.slow
def test_ctrl_c_at_the_question_discards(ruled: RuleOffice) -> None:
    """As `d` does; the lock is let go and the copy is gone."""
    before = rules(ruled)
    with terminal(ruled, editor(ruled, (SLIP,))) as screen:
        screen.awaits(r"\(e\)dit again or \(d\)iscard")
        code = screen.ends(pressing="\x03")

    assert (1, True) == (code, "Discarded. Nothing is changed." in screen.said)
    assert before == rules(ruled)
    assert not list(ruled.setting.var.glob("rules.edit*"))


@pytest.mark.slow
def test_ctrl_c_in_the_editor_is_the_editors(ruled: RuleOffice) -> None:
    """An editor that takes it as a key goes on, and so does the edit."""
    program = editor(ruled, (SHORTENED,))
    stubborn = ruled.folder.parent / "stubborn"
    stubborn.write_text(f"#!/bin/sh\ntrap 'echo as a key; touch {stubborn}.hit' INT\necho ready\n"
                        f'until [ -e {stubborn}.hit ]; do sleep 0.1; done\n{program} "$@"\n')  # fmt: skip
    stubborn.chmod(0o755)
    with terminal(ruled, str(stubborn)) as screen:
        screen.awaits("ready")
        screen.types("\x03")
        screen.awaits(r"\(k\)eep for later")
        screen.types("k\n")
        code = screen.ends()

    assert 0 == code
    assert SHORTENED[2].encode() in rules(ruled)[TRANSFERS]


@pytest.mark.slow
def test_an_edit_that_was_cut_off_can_be_resumed(ruled: RuleOffice) -> None:
    """The process is killed at the question: the folder is as it was, and the next edit finds the copy."""
    before = rules(ruled)
    with terminal(ruled, editor(ruled, (SHORTENED, SLIP))) as screen:
        screen.awaits(r"\(e\)dit again or \(d\)iscard")
        screen.process.kill()
        assert -signal.SIGKILL == screen.ends()
    assert before == rules(ruled)

    mend = editor(ruled, ((TRANSFERS, SLIP[2], SLIP[1]),))
    unanswered = ruled.run("edit", "--editor", mend, "--no-publish", answers="")
    result = ruled.run("edit", "--editor", mend, "--no-publish", answers="r\n")

    assert (5, True) == (unanswered.exit_code, "an edit that was cut off lies in var/rules.edit" in unanswered.stderr)
    assert 0 == result.exit_code
    assert SHORTENED[2].encode() in rules(ruled)[TRANSFERS]
