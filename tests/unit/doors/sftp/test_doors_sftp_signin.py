"""Signing in: chains, probes, other names, certificates (handbook `files.md` §5, §13.9). The client is paramiko."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import asyncssh
import paramiko
import pytest

from gateway.doors.sftp.connection import BoundedConnection
from gateway.doors.sftp.settings import Penalties, Settings
from gateway.doors.sftp.signin import Account, Authority, Chain, CodeMemory, Factor, KeyTerms
from tests.unit.doors.sftp_world import CODE, KEY_ONLY, PASSWORD, USUAL, People, World, key, world

KEY_THEN_CODE = ((Factor.KEY, Factor.CODE),)


def run(story: Coroutine[Any, Any, None]) -> None:
    async def timed() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(timed())


def private(name: str) -> paramiko.PKey:
    return paramiko.Ed25519Key.from_private_key(io.StringIO(key(name).export_private_key().decode()))


async def with_paramiko(w: World, script: Callable[[paramiko.Transport], Any]) -> Any:
    """The script in a thread, over a transport whose keys are agreed."""

    def blocking() -> Any:
        transport = paramiko.Transport(socket.create_connection(("127.0.0.1", w.port)))
        try:
            transport.start_client(timeout=10)
            return script(transport)
        finally:
            transport.close()

    return await asyncio.to_thread(blocking)


def code(answer: str = CODE) -> Callable[..., list[str]]:
    return lambda title, instructions, prompts: [answer for _ in prompts]


def test_a_key_then_a_code() -> None:
    """The key alone is partial success and offers the code only; the code completes."""

    def script(t: paramiko.Transport) -> Any:
        left = t.auth_publickey("ann", private("ann"))
        assert not t.is_authenticated()
        return left, t.auth_interactive("ann", code()), t.is_authenticated()

    async def story() -> None:
        async with world(people=People(ways={"ann": KEY_THEN_CODE})) as w:
            assert (["keyboard-interactive"], [], True) == await with_paramiko(w, script)
            assert [None, "ann"] == [attempt.person for attempt in w.people.attempts]

    run(story())


def test_a_password_then_a_code() -> None:
    """The other chain; a wrong code keeps the password's place."""

    def script(t: paramiko.Transport) -> Any:
        left = t.auth_password("ann", PASSWORD, fallback=False)
        with pytest.raises(paramiko.AuthenticationException):
            t.auth_interactive("ann", code("000000"))
        t.auth_interactive("ann", code())
        return left, t.is_authenticated()

    async def story() -> None:
        async with world() as w:
            assert (["keyboard-interactive"], True) == await with_paramiko(w, script)

    run(story())


def test_a_factor_for_one_name_does_not_count_for_another() -> None:
    """Ann's password, then Bob's code: Bob has to begin at the beginning, and so has Ann again."""

    def script(t: paramiko.Transport) -> Any:
        t.auth_password("ann", PASSWORD, fallback=False)
        seen = []
        for name in ("bob", "ann"):
            with pytest.raises(paramiko.BadAuthenticationType) as refused:
                t.auth_interactive(name, code())
            seen.append(sorted(refused.value.allowed_types))
        return seen, t.is_authenticated()

    async def story() -> None:
        async with world(people=People(ways={"ann": USUAL, "bob": USUAL})) as w:
            usual = ["password", "publickey"]
            assert ([usual, usual], False) == await with_paramiko(w, script)
            assert [("ann", "password")] == w.people.asked

    run(story())


def test_a_code_alone_is_nothing() -> None:
    """Only what comes next in a way is offered or taken."""

    def script(t: paramiko.Transport) -> Any:
        with pytest.raises(paramiko.BadAuthenticationType) as refused:
            t.auth_interactive("ann", code())
        return sorted(refused.value.allowed_types)

    async def story() -> None:
        async with world() as w:
            assert ["password", "publickey"] == await with_paramiko(w, script)
            assert [] == w.people.asked

    run(story())


def test_nobody_is_asked_what_somebody_is_asked() -> None:
    """An unknown name sees the same methods, and its password is checked as carefully."""

    def methods(name: str) -> Callable[[paramiko.Transport], Any]:
        def script(t: paramiko.Transport) -> Any:
            with pytest.raises(paramiko.BadAuthenticationType) as refused:
                t.auth_none(name)
            with pytest.raises(paramiko.AuthenticationException):
                t.auth_password(name, "wrong", fallback=False)
            return sorted(refused.value.allowed_types)

        return script

    async def story() -> None:
        async with world() as w:
            assert await with_paramiko(w, methods("ann")) == await with_paramiko(w, methods("nobody"))
            assert [("ann", "password"), ("nobody", "password")] == w.people.asked

    run(story())


def test_a_key_that_is_only_shown_proves_nothing() -> None:
    """A probe gets its answer; nothing is passed, recorded or offered by it."""

    async def story() -> None:
        people = People(ways={"ann": KEY_THEN_CODE})
        chain = Chain(people, source="192.0.2.1", guard=None, memory=CodeMemory(60, lambda: 0.0))  # type: ignore[arg-type]
        await chain.begin("ann")
        blob = key("ann").public_data
        probe = object.__new__(BoundedConnection)
        probe.chain = chain
        assert await BoundedConnection.validate_public_key(probe, "ann", blob, b"", b"")
        assert [] == people.attempts
        assert (True, False) == (chain.offers(Factor.KEY), chain.offers(Factor.CODE))

    run(story())


def test_six_tries_and_the_connection_is_over() -> None:
    """Wrong passwords are counted; the sixth disconnects, and the source owes for each."""

    def script(t: paramiko.Transport) -> int:
        for count in range(1, 20):
            try:
                t.auth_password("ann", f"wrong {count}", fallback=False)
            except paramiko.AuthenticationException:
                if not t.is_active():
                    return count
            except (paramiko.SSHException, EOFError):
                return count
        return 0

    async def story() -> None:
        async with world() as w:
            assert await with_paramiko(w, script) in {6, 7}
            assert 6 == len(w.people.asked)
            assert 25 < w.door.strangers.owes("127.0.0.1") <= 30
            with pytest.raises((asyncssh.Error, OSError)):
                async with w.client():
                    pass

    run(story())


def test_none_in_a_loop_is_an_end() -> None:
    """`none` is a question and costs no try, but not for ever."""

    def script(t: paramiko.Transport) -> int:
        for count in range(1, 100):
            try:
                t.auth_none("ann")
            except paramiko.BadAuthenticationType:
                pass
            except (paramiko.SSHException, EOFError):
                return count
        return 0

    async def story() -> None:
        async with world(Settings(penalties=Penalties(breach_seconds=0))) as w:
            assert await with_paramiko(w, script) in {30, 31}

    run(story())


def test_a_code_is_remembered_for_the_second_connection() -> None:
    """FileZilla signs in twice: after the same key, from the same place, within minutes, one code is enough."""

    def twice(t: paramiko.Transport) -> bool:
        t.auth_publickey("ann", private("ann"))
        return bool(t.is_authenticated())

    def first(t: paramiko.Transport) -> bool:
        t.auth_publickey("ann", private("ann"))
        t.auth_interactive("ann", code())
        return bool(t.is_authenticated())

    async def story() -> None:
        async with world(people=People(ways={"ann": KEY_THEN_CODE})) as w:
            assert not await with_paramiko(w, twice)
            assert await with_paramiko(w, first)
            assert await with_paramiko(w, twice)

    run(story())


def test_a_remembered_code_is_for_one_person_one_proof_one_place_and_minutes() -> None:
    """Anything else asks again."""
    now = [100.0]
    memory = CodeMemory(60, lambda: now[0])
    memory.remember("ann", "192.0.2.1", ("publickey:SHA256:x",))

    assert memory.knows("ann", "192.0.2.1", ("publickey:SHA256:x",))
    assert not memory.knows("bob", "192.0.2.1", ("publickey:SHA256:x",))
    assert not memory.knows("ann", "192.0.2.2", ("publickey:SHA256:x",))
    assert not memory.knows("ann", "192.0.2.1", ("publickey:SHA256:y",))
    assert not memory.knows(None, "192.0.2.1", ())
    now[0] += 60
    assert not memory.knows("ann", "192.0.2.1", ("publickey:SHA256:x",))


@pytest.mark.parametrize(
    ("principals", "is_revoked", "is_known", "is_let_in"),
    [
        (["ann"], False, True, True),
        (["bob"], False, True, False),
        (["ann"], True, True, False),
        (["ann"], False, False, False),
    ],
    ids=["hers", "another's", "revoked", "foreign authority"],
)
def test_a_certificate_of_our_authority_signs_in_its_principal(
    principals: list[str], is_revoked: bool, is_known: bool, is_let_in: bool
) -> None:
    """Own CA, principal = person, revocation by serial."""

    async def story() -> None:
        people = People(
            keys={},
            authorities={key("ca").public_data: Authority()} if is_known else {},
            revoked={7} if is_revoked else set(),
        )
        ticket = key("ca").generate_user_certificate(
            key("laptop"), "laptop", serial=7, principals=principals, valid_before="+1h"
        )
        async with world(people=people) as w:
            try:
                async with w.client(client_keys=[(key("laptop"), ticket)]):
                    came_in = True
            except asyncssh.PermissionDenied:
                came_in = False
            assert is_let_in == came_in

    run(story())


def test_a_certificate_is_not_a_key() -> None:
    """Where a key needs a code and a certificate none, each is taken for what it is, and the record says which."""

    async def story() -> None:
        people = People(
            ways={"ann": ((Factor.KEY, Factor.CODE), (Factor.CERTIFICATE,))},
            authorities={key("ca").public_data: Authority()},
        )
        ticket = key("ca").generate_user_certificate(
            key("laptop"), "laptop", serial=7, principals=["ann"], valid_before="+1h"
        )
        async with world(people=people) as w:
            with pytest.raises(asyncssh.PermissionDenied):
                async with w.client(preferred_auth="publickey"):
                    pass
            async with w.client(client_keys=[(key("laptop"), ticket)]) as client:
                await client.start_sftp_client()
            assert ["certificate"] == w.proofs
            assert (Factor.CERTIFICATE, "certificate 7") == (people.attempts[-1].factor, people.attempts[-1].evidence)

    run(story())


def test_a_plain_key_cannot_do_what_verification_is_asked_of() -> None:
    """`verify-required` on Ann's ordinary key: she is not let in."""

    async def story() -> None:
        async with world(people=People(terms=KeyTerms(must_verify=True))) as w:
            with pytest.raises(asyncssh.PermissionDenied):
                async with w.client(password=None):
                    pass

    run(story())


def test_nobody_never_completes_a_way() -> None:
    """Even where every check says yes, a name without a person is not signed in."""

    class Gullible(People):
        async def key_terms(self, account: Account, key: object) -> KeyTerms | None:
            return KeyTerms()

    async def story() -> None:
        async with world(people=Gullible(ways={"ann": KEY_ONLY})) as w:
            with pytest.raises(asyncssh.PermissionDenied):
                async with w.client("nobody", password=None):
                    pass
            assert [] == w.clients

    run(story())


def test_an_empty_name_is_nobody() -> None:
    """asyncssh does not begin for a name of no letters: nothing is offered for it."""

    def script(t: paramiko.Transport) -> Any:
        with pytest.raises(paramiko.SSHException):
            t.auth_password("", PASSWORD, fallback=False)
        return t.is_authenticated()

    async def story() -> None:
        async with world() as w:
            assert not await with_paramiko(w, script)
            assert [] == w.people.asked

    run(story())
