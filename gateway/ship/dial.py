"""From a target to a server that has proved itself: connect, EHLO, STARTTLS, proof, EHLO.

Before the proof stands, what is heard is anybody's word: every failure here is *not now*, never *never*, so nobody on
the path can turn mail away by forging a refusal. Nothing of a transfer is said before it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from aiosmtplib.esmtp import parse_esmtp_extensions

from gateway.errors import Misconfigured
from gateway.facts import Hop, Reason
from gateway.seal.hop import Demand, Shown, prove, unproved
from gateway.ship import NotNow, Target
from gateway.ship.wire import Lost, Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server may take, each step for itself. RFC 5321 §4.5.3.2 asks for at least these."""

    connect_s: float = 30
    greeting_s: float = 300
    reply_s: float = 300
    data_s: float = 120
    block_s: float = 180
    end_s: float = 600
    content_s: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """A connection whose server has proved what was demanded, and what it offers."""

    wire: Wire
    hop: Hop
    extensions: Mapping[str, str]


def tls_context(demand: Demand) -> ssl.SSLContext:
    """The context for a demand: TLS ≥ 1.2; the chain is verified in the handshake wherever it has to be.

    Names are not checked here but by `seal.hop`, on the certificate the handshake verified. Building one reads the
    system's authorities (some 20 ms): keep it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    if not demand.needs_chain:
        context.verify_mode = ssl.CERT_NONE
    elif demand.ca_pem:
        try:
            context.load_verify_locations(cadata=demand.ca_pem)
        except (ssl.SSLError, ValueError):
            raise Misconfigured("a certificate authority named for a hop cannot be read") from None
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the office may trust an intermediate, or one leaf
    else:
        context.load_default_certs()
    return context


async def dial(
    demand: Demand, target: Target, *, context: ssl.SSLContext, name: str, patience: Patience
) -> Proved | NotNow:
    """A proved connection to `target`, or why there is none. `name` is what we call ourselves in EHLO.

    1. Connect to an address that was checked.  2. EHLO, in clear, giving away our name alone.
    3. STARTTLS.  4. The proof.  5. EHLO again: what was heard in clear is forgotten.
    """
    wire: Wire | None = None
    try:
        async with asyncio.timeout(patience.connect_s):
            wire, address = await _connect(target, context if target.is_tls_at_once else None)  # 1
        greeting = await wire.greeting(patience.greeting_s)
        if greeting.code != 220:
            return _drop(wire, _reason("greeting-refused", target.host, str(greeting)))
        if not target.is_tls_at_once:
            refused = await _secure(wire, target, context, name, patience)  # 2, 3
            if refused is not None:
                return _drop(wire, refused)
        proved = prove(demand, _shown(wire, target, address))  # 4
        if isinstance(proved, Reason):
            return _drop(wire, proved)
        hello = await wire.ask(b"EHLO " + name.encode("ascii"), patience.reply_s)  # 5
        if not hello.is_yes:
            return _drop(wire, _reason("greeting-refused", target.host, str(hello)))
    except ssl.SSLCertVerificationError as error:
        return _drop(wire, unproved(target.host, "chain-unverified", error.verify_message))
    except ssl.SSLError as error:
        return _drop(wire, unproved(target.host, "handshake-failed", error.reason or ""))
    except Lost as lost:
        return _drop(wire, _reason("connection-lost", target.host, lost.cause))
    except (OSError, TimeoutError) as error:
        return _drop(wire, _reason("unreachable", target.host, type(error).__name__))
    except BaseException:
        _abort(wire)
        raise
    wire.throttle()
    return Proved(wire=wire, hop=proved, extensions=parse_esmtp_extensions(hello.text)[0])


async def _connect(target: Target, context: ssl.SSLContext | None) -> tuple[Wire, str]:
    loop = asyncio.get_running_loop()
    last: OSError = ConnectionError("no address")
    for address in target.addresses:
        try:
            _, wire = await loop.create_connection(
                Wire, address, target.port, ssl=context, server_hostname=target.host if context else None
            )
        except ssl.SSLError:
            raise
        except OSError as error:
            last = error
        else:
            return wire, address
    raise last


async def _secure(wire: Wire, target: Target, context: ssl.SSLContext, name: str, patience: Patience) -> Reason | None:
    hello = await wire.ask(b"EHLO " + name.encode("ascii"), patience.reply_s)
    if not hello.is_yes or "starttls" not in parse_esmtp_extensions(hello.text)[0]:
        return unproved(target.host, "starttls-not-offered")
    try:
        answer = await wire.secure(context, target.host, patience.connect_s)
    except Lost as lost:
        return unproved(target.host, "handshake-failed", lost.cause)
    if answer.code != 220:
        return unproved(target.host, "starttls-refused", str(answer))
    return None


def _shown(wire: Wire, target: Target, address: str) -> Shown:
    assert wire.transport is not None
    tls: ssl.SSLObject = wire.transport.get_extra_info("ssl_object")
    cipher = tls.cipher()
    return Shown(
        host=target.host,
        port=target.port,
        address=address,
        leaf_der=tls.getpeercert(binary_form=True) or b"",
        # With CERT_REQUIRED the handshake ends in an exception unless the chain is good.
        is_chain_verified=tls.context.verify_mode is ssl.CERT_REQUIRED,
        tls_version=tls.version() or "",
        cipher=cipher[0] if cipher else "",
    )


def _drop(wire: Wire | None, reason: Reason) -> NotNow:
    _abort(wire)
    return NotNow(reason=reason)


def _abort(wire: Wire | None) -> None:
    if wire is not None:
        wire.abort()


def _reason(code: str, host: str, detail: str) -> Reason:
    return Reason(code=code, about=(("host", host), ("status", "4.4.1"), ("detail", detail)))
