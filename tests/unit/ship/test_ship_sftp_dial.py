"""Who is spoken to: the pinned key and nobody else, by our algorithms, with nothing taken from this machine."""

from __future__ import annotations

import asyncio
import datetime
import logging
from pathlib import Path

import asyncssh
import pytest

from gateway.errors import Misconfigured
from gateway.ship import NotNow, Outcome, Taken, Target
from gateway.ship.sftp_dial import CIPHERS, FAMILIES, KEX, MACS
from gateway.ship.sftp_route import Login, Pin, SftpRoute
from tests.unit.ship.sftp_partner import HASTY, PASSWORD, PATIENT, TODAY, Partner, key, login, route, run, send

DAY = datetime.timedelta(days=1)


@pytest.fixture
def partner(tmp_path: Path) -> Partner:
    (tmp_path / "in").mkdir()
    return Partner(tmp_path / "in")


def push(partner: Partner, *pins: asyncssh.SSHKey | Pin, **more) -> Outcome:
    async def story() -> Outcome:
        async with partner.open():
            return await send(route(partner.port, *pins, **more))

    return run(story())


def test_a_changed_key_waits_with_both_fingerprints(partner):
    """A server with another key hears neither user nor secret; a person sees the key shown and the one pinned."""
    outcome = push(partner, key("other"))

    assert isinstance(outcome, NotNow)
    assert ("host-key-changed", "4.7.5") == (outcome.reason.code, outcome.reason.get("status"))
    assert key("theirs").get_fingerprint() == outcome.reason.get("shown")
    assert key("other").get_fingerprint() == outcome.reason.get("pinned")
    assert [] == partner.users


def test_a_second_pin_is_how_a_key_changes(partner):
    """During a rotation either key will do."""
    assert isinstance(push(partner, key("other"), key("theirs")), Taken)


@pytest.mark.parametrize(("since", "until"), [(TODAY + DAY, None), (None, TODAY - DAY)])
def test_a_pin_out_of_its_days_pins_nothing(partner, since, until):
    """Before and after its days a pin is not there; with none left nobody is dialled."""
    pin = Pin(fingerprint=key("theirs").get_fingerprint(), since=since, until=until)

    alone = push(partner, pin)
    beside = push(partner, pin, key("other"))

    assert isinstance(alone, NotNow)
    assert isinstance(beside, NotNow)
    assert ("no-pin-today", "host-key-changed") == (alone.reason.code, beside.reason.code)
    assert [] == partner.users


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_finds_the_pinned_key_among_several(partner, kind):
    """A server may hold a key of each family; the one that is pinned counts, whichever we would have preferred."""
    partner.host_keys = tuple(key("theirs", each) for each in ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"))

    assert isinstance(push(partner, key("theirs", kind)), Taken)


def test_shows_every_key_that_is_not_pinned(partner):
    """When none of a server's keys is pinned, all of them are shown."""
    partner.host_keys = (key("theirs"), key("theirs", "ecdsa-sha2-nistp256"))

    outcome = push(partner, key("other"))

    assert isinstance(outcome, NotNow)
    assert " ".join(each.get_fingerprint() for each in partner.host_keys) == outcome.reason.get("shown")


@pytest.mark.parametrize("kind", [b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"])
def test_a_server_that_shows_another_key_than_agreed_is_left(partner, kind):
    """One that shows the same wrong key whichever family is agreed, or a kind nobody asked for, is soon left alone."""
    connections = []

    def lie(connection) -> None:
        connections.append(connection)
        liar = connection._server_host_keys[b"ssh-ed25519"]
        if not liar.public_data.startswith(len(kind).to_bytes(4, "big") + kind):
            liar.public_data = len(kind).to_bytes(4, "big") + kind + liar.public_data[15:] + b"\x00\x00\x00\x04ssh:"
        liar.set_sig_algorithm = lambda algorithm: None
        everything = [algorithm.encode() for family in FAMILIES for algorithm in family]
        connection._server_host_keys = dict.fromkeys(everything, liar)
        connection._server_host_key_algs = everything

    partner.greets = lie

    outcome = push(partner, key("other"))

    assert isinstance(outcome, NotNow)
    assert ("host-key-changed", []) == (outcome.reason.code, partner.users)
    assert 1 <= len(connections) <= 3


def test_a_certificate_does_not_stand_in_for_a_key(partner):
    """A host certificate, whoever signed it, is not asked for."""
    authority = key("authority")
    shown = key("certified").convert_to_public()
    certificate = authority.generate_host_certificate(shown, "id", principals=["127.0.0.1"])
    partner.host_keys = ((key("certified"), certificate),)  # type: ignore[assignment]

    outcome = push(partner, authority)

    assert isinstance(outcome, NotNow)
    assert ("host-key-changed", []) == (outcome.reason.code, partner.users)


def test_signs_in_by_password(partner):
    """A password is a secret like any other, given as a value."""
    assert isinstance(push(partner, login=login(secret_password=PASSWORD)), Taken)
    assert {"town"} == set(partner.users)


@pytest.mark.parametrize(
    "wrong", [login(secret_password="no"), login(secret_key=key("stranger").export_private_key())], ids=["word", "key"]
)
def test_a_refused_sign_in_waits(partner, wrong):
    """A secret that is not taken is for an administrator to mend; the file waits."""
    outcome = push(partner, login=wrong)

    assert isinstance(outcome, NotNow)
    assert "sign-in-refused" == outcome.reason.code


def test_an_unreadable_key_is_our_fault(partner):
    """A key of ours that cannot be read is said by the route's name, without a byte of it."""
    with pytest.raises(Misconfigured) as caught:
        push(partner, login=Login(user="town", secret_key=b"CANARY"))

    assert "the key for the route court-box cannot be read" == caught.value.cause


def test_nothing_of_this_machine_is_used(partner, tmp_path, monkeypatch):
    """Neither known hosts, nor an OpenSSH configuration, nor default keys, nor an agent of the machine count."""
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "config").write_text("Host *\n  User intruder\n  ProxyCommand false\n")
    (home / ".ssh" / "id_ed25519").write_bytes(key("ours").export_private_key())
    (home / ".ssh" / "known_hosts").write_text("* " + key("theirs").export_public_key().decode())
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(home / "agent"))

    good = push(partner)
    changed = push(partner, key("other"))
    stranger = push(partner, login=login(secret_key=key("stranger").export_private_key()))

    assert isinstance(good, Taken)
    assert isinstance(changed, NotNow)
    assert isinstance(stranger, NotNow)
    assert {"town"} == set(partner.users)


@pytest.mark.parametrize(
    "weak",
    [
        {"kex_algs": ["ecdh-sha2-nistp256"]},
        {"encryption_algs": ["aes128-cbc"], "mac_algs": ["hmac-sha2-256"]},
        {"encryption_algs": ["chacha20-poly1305@openssh.com"]},
        {"encryption_algs": ["aes128-ctr"], "mac_algs": ["hmac-sha2-256"]},
    ],
    ids=["kex", "cbc", "chacha", "mac-then"],
)
def test_speaks_only_our_algorithms(partner, weak):
    """A server that offers nothing of ours is not spoken to."""
    partner.options = weak

    outcome = push(partner)

    assert isinstance(outcome, NotNow)
    assert ("handshake-failed", []) == (outcome.reason.code, partner.users)


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("kex", KEX)
def test_each_of_our_algorithms_works(partner, cipher, kex):
    """Whichever of ours a server insists on, a file goes through."""
    partner.options = {"kex_algs": [kex], "encryption_algs": [cipher], "mac_algs": list(MACS)}

    assert isinstance(push(partner), Taken)


def test_nobody_there(partner):
    """A port that nobody answers is not now; the second address is tried."""
    outcome = run(send(route(1)))

    assert isinstance(outcome, NotNow)
    assert "unreachable" == outcome.reason.code


def test_no_address_that_may_be_dialled():
    """A name that leads inward is not dialled."""
    inward = SftpRoute(
        id="r", target=Target(host="sftp.court.test", port=22, addresses=("127.0.0.1",)),
        pins=(Pin(fingerprint=key("theirs").get_fingerprint()),), login=login(),
    )  # fmt: skip

    outcome = run(send(inward))

    assert isinstance(outcome, NotNow)
    assert "no-public-address" == outcome.reason.code


@pytest.mark.parametrize("words", [b"", b"220 mail ready\r\n", b"SSH-1.5-old\r\n", b"SSH-2.0-x\r\n" + bytes(40)])
def test_what_is_no_ssh_server_waits(words):
    """Silence, another protocol, an old one, garbage: not now, in bounded time."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()

    async def story() -> Outcome:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            patience = type(PATIENT)(connect_s=0.3, sign_in_s=0.3)
            return await send(route(server.sockets[0].getsockname()[1]), patience=patience)

    assert isinstance(run(story()), NotNow)


def test_a_server_without_sftp_waits(partner):
    """A session that cannot be had is not now."""
    partner.options = {"sftp_factory": None}

    async def story() -> Outcome:
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[key("theirs")], server_factory=lambda: _Anyone()
        )
        async with server:
            return await send(route(server.get_port()), patience=HASTY)

    outcome = run(story())

    assert isinstance(outcome, NotNow)
    assert "sftp-refused" == outcome.reason.code


class _Anyone(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, shown: asyncssh.SSHKey) -> bool:
        return True


def test_no_log_tells_of_it(partner, caplog):
    """asyncssh would log users and paths: nothing of it reaches a log."""
    caplog.set_level(logging.DEBUG)

    assert isinstance(push(partner), Taken)
    assert [] == [record for record in caplog.records if record.name.startswith("asyncssh")]
