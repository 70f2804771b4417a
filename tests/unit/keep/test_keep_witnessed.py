"""A witness's memory: made once, replaced whole, for one process."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import InUse, Misconfigured
from gateway.keep.witnessed import SEED, Witnessed, name_of


@pytest.fixture
def kept(tmp_path: Path) -> Witnessed:
    return Witnessed.made(tmp_path / "witness", name="town.test/witness", entropy=os.urandom)


def test_the_key_is_made_once(kept: Witnessed, tmp_path: Path) -> None:
    """Made again it is the same witness: a second key would leave two histories vouched for."""
    again = Witnessed.made(tmp_path / "witness", name="other", entropy=os.urandom)

    assert (kept.name, kept.seed) == (again.name, again.seed)
    assert 32 == len(kept.seed)
    assert 0o600 == (tmp_path / "witness" / SEED).stat().st_mode & 0o777


def test_it_remembers_heads_by_origin(kept: Witnessed, tmp_path: Path) -> None:
    """The last one of each log; nothing for a log it has not seen, or for a name that is none."""
    kept.remember("a.test", "one\n")
    kept.remember("a.test", "two\n")
    kept.remember("b.test", "three\n")

    fresh = Witnessed(tmp_path / "witness")
    assert ("two\n", "three\n", None) == (fresh.head("a.test"), fresh.head("b.test"), fresh.head("c.test"))
    assert "two\n" == fresh.head_called(name_of("a.test"))
    for name in ("", SEED, "../witness/" + SEED, "x" * 64, "logs"):
        assert fresh.head_called(name) is None


def test_logs_are_added_once(kept: Witnessed) -> None:
    """In the order they came."""
    for vkey in ("a+1+x", "b+2+y", "a+1+x"):
        kept.vouch_for(vkey)
    assert ("a+1+x", "b+2+y") == kept.logs()


def test_where_logs_are_published(kept: Witnessed) -> None:
    """A place for each, the last that was said; a folder's name may hold spaces."""
    assert {} == kept.published()
    for origin, place in (("a.test", "/srv/a"), ("b.test", "/srv/the b"), ("a.test", "http://a.test/log")):
        kept.look_at(origin, place)
    assert {"a.test": "http://a.test/log", "b.test": "/srv/the b"} == kept.published()


def test_what_was_learned_of_keys_is_kept_by_origin(kept: Witnessed) -> None:
    """And is nothing that can be asked for in place of a head."""
    assert kept.succession("a.test") is None
    kept.succeed("a.test", b"one")
    kept.succeed("a.test", b"two")
    assert (b"two", None, None) == (kept.succession("a.test"), kept.succession("b.test"), kept.head("a.test"))
    assert kept.head_called(name_of("a.test") + ".succession") is None


def test_nobody_changes_it_meanwhile(kept: Witnessed, tmp_path: Path) -> None:
    """A verb waits for the process that serves, and the other way round; each change of several is kept."""
    others = [Witnessed(tmp_path / "witness") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool, kept.changing():
        waiting = [pool.submit(one.vouch_for, f"log{number}+1+x") for number, one in enumerate(others)]
        assert () == kept.logs()
    for one in waiting:
        one.result()
    assert 8 == len(kept.logs())


def test_one_process_serves_it(kept: Witnessed, tmp_path: Path) -> None:
    """Two could compare with one head and sign two."""
    with kept.alone(), pytest.raises(InUse), Witnessed(tmp_path / "witness").alone():
        pass
    with kept.alone():
        pass


def test_a_folder_others_can_read_is_refused(kept: Witnessed, tmp_path: Path) -> None:
    """Whoever can write there can make it forget."""
    (tmp_path / "witness").chmod(0o755)
    with pytest.raises(Misconfigured):
        Witnessed(tmp_path / "witness")
