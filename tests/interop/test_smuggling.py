"""P1.4: one DATA is one message. Odd line endings around its end, through the running gateway, into real mail servers.

All strings of two to four of {CR, LF, ".", NUL, CRLF}, each where a hasty reader could see an end: before what looks
like a second transaction, before the true end, and first of all. Whatever the string, the message is refused with 5xx
or arrives as exactly one, without a bare CR or LF; nobody ever hears from the second.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.peer_postfix import Postfix
from tests.house import ALENA, House
from tests.interop.raw_smtp import Closed, Talk
from tests.world import PartnerServer, eventually

pytestmark = pytest.mark.interop

ANNA, EVE = "anna@example.test", "eve@example.test"
TOKENS = (b"\r", b"\n", b".", b"\0", b"\r\n")
END = b"\r\n.\r\n"
QUIET = """
[alarms]
volume = { act = "off" }
refusals = { act = "off" }
hours = { act = "off" }
"""
"""Somebody who sends hundreds of odd messages is unusual, and the letters about it would be counted here."""
HEADER = f"From: {ALENA}\r\nTo: {ANNA}\r\nSubject: [office] Hours\r\n\r\n".encode()
SECOND = (
    f"MAIL FROM:<{ALENA}>\r\nRCPT TO:<{EVE}>\r\nDATA\r\nFrom: {ALENA}\r\nSubject: [office] smuggled\r\n\r\nsmuggled"
).encode()


def strings(*lengths: int) -> list[bytes]:
    """Every different string of that many tokens."""
    return sorted({b"".join(one) for length in lengths for one in itertools.product(TOKENS, repeat=length)})


def before_a_second(odd: bytes) -> bytes:
    """The string, then what a hasty reader takes for commands."""
    return HEADER + b"first" + odd + SECOND + END


def before_the_end(odd: bytes) -> bytes:
    """The string, then the true end."""
    return HEADER + b"first" + odd + END


def at_the_start(odd: bytes) -> bytes:
    """The string before anything else."""
    return odd + HEADER + b"first\r\n" + SECOND + END


@dataclass(frozen=True)
class Street:
    """A gateway, the server behind it, and where mail is read in the end."""

    house: House
    sink: PartnerServer


@pytest.fixture(scope="module", params=["aiosmtpd", "postfix"])
def street(request: pytest.FixtureRequest) -> Iterator[Street]:
    """The sample office, open, with a real server as its next hop."""
    if request.param == "postfix" and not Postfix.is_here():
        pytest.skip("postfix is not installed")
    with tempfile.TemporaryDirectory(prefix="h") as folder, contextlib.ExitStack() as ending:
        house = House.laid_out(Path(folder))
        ending.callback(house.ends)
        sink = house.outside()
        if request.param == "postfix":
            sink = _behind_postfix(house, Path(folder), ending)
        sink.start()
        ending.callback(sink.stop)
        house.adds("gateway.toml", QUIET)
        house.publishes()
        house.opens()
        yield Street(house, sink)
        house.is_whole()
        assert 0 == house.closes()


def _behind_postfix(house: House, folder: Path, ending: contextlib.ExitStack) -> PartnerServer:
    """A Postfix instance where the outside would be, relaying to a sink of its own."""
    certs, folder_of_its_own = house.folder / "certs", folder / "postfix"
    folder_of_its_own.mkdir()
    folder.chmod(0o755)  # Postfix's own user must reach its folders
    sink = PartnerServer(house.base + 2526, certs / "outside.pem", certs / "outside.key")
    postfix = Postfix(home=folder_of_its_own, port=house.base + 2525)
    postfix.start(sink=sink.port, certificate=sink.certificate, key=sink.key, ca=house.ca)
    ending.callback(postfix.stop)
    return sink


class Sender:
    """One session, opened anew whenever the door has closed it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._talk: Talk | None = None

    def hands_in(self, untrusted: bytes) -> str:
        """The transfer's id, or nothing if it was refused with 5xx. Fails at any other answer."""
        talk = self._open()
        talk.addresses(ALENA, ANNA)
        talk.says(untrusted)
        code, said = talk.hears()
        assert code == 250 or 500 <= code < 600, said
        try:
            is_open = talk.asks("NOOP")[0] == 250
        except Closed:
            is_open = False
        if not is_open:
            self.close()
        return said.partition("Kept as ")[2].split()[0].rstrip(".;") if code == 250 else ""

    def close(self) -> None:
        """Hang up."""
        if self._talk is not None:
            self._talk.sock.close()
            self._talk = None

    def _open(self) -> Talk:
        if self._talk is None:
            self._talk = Talk(self._house.base + 465, self._house.ca).__enter__()
            self._talk.signs_in(ALENA, self._house.passwords[ALENA])
        return self._talk


def _tell(street: Street, placed: Callable[[bytes], bytes], odd: list[bytes]) -> tuple[list[str], int]:
    """Hand in one message for each string: the transfers that were kept, and how many were refused."""
    sender = Sender(street.house)
    try:
        answers = [sender.hands_in(placed(one)) for one in odd]
    finally:
        sender.close()
    return [transfer for transfer in answers if transfer], answers.count("")


def _is_one_message_each(street: Street, kept: list[str]) -> None:
    def copies(transfer: str) -> list[bytes]:
        return [one.content for one in list(street.sink.arrivals) if transfer.encode() in one.content]

    assert eventually(lambda: all(copies(transfer) for transfer in kept), 60)
    assert [] == [transfer for transfer in kept if len(copies(transfer)) != 1]
    everything = list(street.sink.arrivals)
    assert [] == [one.recipients for one in everything if one.recipients != (ANNA,)]
    for one in everything:
        bare = one.content.replace(b"\r\n", b"")
        assert not {b"\r", b"\n", b"\0"} & {bare[at : at + 1] for at in range(len(bare))}


def test_strings_of_two_and_three_make_no_second_message(street: Street) -> None:
    """Before a second transaction, and before the true end."""
    before = len(street.sink.arrivals)
    odd = strings(2, 3)

    first, refused_first = _tell(street, before_a_second, odd)
    last, refused_last = _tell(street, before_the_end, odd)

    _is_one_message_each(street, first + last)
    assert before + len(first) + len(last) == len(street.sink.arrivals)
    assert min(len(first), len(last)) >= 5
    assert min(refused_first, refused_last) >= 80


@pytest.mark.slow
@pytest.mark.parametrize("placed", [before_a_second, before_the_end, at_the_start])
def test_strings_of_four_make_no_second_message(street: Street, placed: Callable[[bytes], bytes]) -> None:
    """The whole set, in each place."""
    before = len(street.sink.arrivals)

    kept, refused = _tell(street, placed, strings(2, 4) if placed is at_the_start else strings(4))

    _is_one_message_each(street, kept)
    assert before + len(kept) == len(street.sink.arrivals)
    assert refused > 300
