"""The development CA: works at once, and can vouch for nothing but this office and this machine."""

from __future__ import annotations

import shutil
import ssl
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.commands.authority import Pair, issue, make_authority, office_names
from gateway.engine.clock import SystemClock, moment

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture
def ca(tmp_path: Path) -> Pair:
    return make_authority(tmp_path, ["town.example"], now=NOON)


def openssl_verify(ca: Pair, leaf: Pair, name: str, *, at: datetime = NOON) -> subprocess.CompletedProcess[str]:
    host = ["-verify_ip", name] if name[0].isdigit() or ":" in name else ["-verify_hostname", name]
    when = ["-attime", str(int(at.timestamp()))]
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        *when,
        *host,
        "-CAfile",
        ca.cert,
        leaf.cert,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


@needs_openssl
@pytest.mark.parametrize("name", ["gateway.town.example", "mail.town.example", "localhost", "127.0.0.1", "::1"])
def test_openssl_accepts_the_doors_certificate(ca: Pair, name: str) -> None:
    """A client that trusts the CA accepts the doors under the office's names and on this machine."""
    leaf = issue(ca.cert.parent, "gateway", office_names(["town.example"]), now=NOON)

    result = openssl_verify(ca, leaf, name)

    assert (0, f"{leaf.cert}: OK\n") == (result.returncode, result.stdout), result.stderr


@needs_openssl
@pytest.mark.parametrize("name", ["bank.example", "nottown.example", "192.0.2.1"])
def test_openssl_refuses_what_the_ca_may_not_vouch_for(ca: Pair, name: str) -> None:
    """Whoever steals the CA's key still cannot impersonate a name outside its constraints."""
    leaf = issue(ca.cert.parent, "stolen", [name], now=NOON)

    result = openssl_verify(ca, leaf, name)

    assert result.returncode != 0
    assert "permitted subtree violation" in result.stderr


@needs_openssl
def test_a_leaf_ends_after_a_year(ca: Pair) -> None:
    """The doors' certificate is refused once its year is over."""
    leaf = issue(ca.cert.parent, "gateway", ["localhost"], now=NOON)

    result = openssl_verify(ca, leaf, "localhost", at=datetime(2027, 11, 24, 12, tzinfo=UTC))

    assert "certificate has expired" in result.stderr


def test_keys_are_readable_by_their_owner_alone(ca: Pair) -> None:
    """Both keys are made with mode 0600."""
    leaf = issue(ca.cert.parent, "gateway", ["localhost"], now=NOON)

    assert [0o600, 0o600] == [stat.S_IMODE(pair.key.stat().st_mode) for pair in (ca, leaf)]


def test_a_ca_is_never_replaced(ca: Pair) -> None:
    """Making a CA where there is one fails, and the old one stays."""
    before = ca.cert.read_bytes()

    with pytest.raises(FileExistsError):
        make_authority(ca.cert.parent, ["town.example"], now=NOON)

    assert before == ca.cert.read_bytes()


def test_a_real_handshake_succeeds(tmp_path: Path) -> None:
    """Python's own client and server, both at TLS 1.2 or later, agree over the pair with the name checked."""
    now = moment(SystemClock().now_ms())
    authority = make_authority(tmp_path, ["town.example"], now=now)
    leaf = issue(tmp_path, "gateway", office_names(["town.example"]), now=now)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(leaf.cert, leaf.key)
    client = ssl.create_default_context(cafile=str(authority.cert))

    assert "TLSv1.3" == handshake(client, server, "mail.town.example")


def handshake(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> str | None:
    """The version the two agree on, over memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for side in (ours, theirs) * 4:
        if side in waiting:
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    return ours.version() if not waiting else None
