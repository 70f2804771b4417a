"""The pen for large messages: a stream that is only good when it has ended. What both pens share: `test_seal_pen`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, StoreAway
from gateway.seal import packets
from gateway.seal.gpgpen import encrypt_stream
from gateway.seal.pen import Unsealed


@pytest.fixture(scope="module")
def certificate(locksmith) -> bytes:
    return packets.dearmor(locksmith.public(locksmith.pair("Ann <ann@a.test>")))


@pytest.fixture
def program(tmp_path: Path):
    """A stand-in for GnuPG that keeps its arguments, then does what it is told."""

    def made(then: str) -> str:
        script = tmp_path / "stand-in"
        script.write_text(f'#!/bin/sh\nfor word; do echo "$word"; done > {tmp_path}/words\n{then}\n')
        script.chmod(0o700)
        return str(script)

    return made


def test_a_long_stream_passes_whole(certificate, locksmith):
    """Five mebibytes in pieces come out as they went in, and the pieces leave long before the end."""
    pieces = [bytes([n]) * 65536 for n in range(80)]
    stream = encrypt_stream(iter(pieces), certificate)

    first = next(stream)

    assert b"".join(pieces) == locksmith.open(first + b"".join(stream))
    assert len(first) <= 256 * 1024


def test_a_source_that_fails_is_not_the_end_of_the_message(certificate):
    """If the plain text cannot be read to its end, what was written is refused, with the true fault."""

    def failing():
        yield b"x" * 100_000
        raise StoreAway("the disk is gone")

    with pytest.raises(StoreAway):
        b"".join(encrypt_stream(failing(), certificate))


def test_a_reader_that_gives_up_leaves_no_process(certificate):
    """Closing the stream early ends GnuPG and its feeder."""
    stream = encrypt_stream((b"x" * 65536 for _ in range(10_000)), certificate)
    next(stream)

    stream.close()

    with pytest.raises(StopIteration):
        next(stream)


@pytest.mark.parametrize("plain", [[], [b""], [b"", b"x", b""]])
def test_empty_pieces_are_pieces(certificate, locksmith, plain):
    """However little there is, it is a whole message."""
    assert b"".join(plain) == locksmith.open(b"".join(encrypt_stream(plain, certificate)))


@pytest.mark.parametrize(
    "then",
    [
        "cat > /dev/null",  # nothing
        "cat > /dev/null; exit 2",
        "cat",  # the plain text itself
        "cat > /dev/null; echo '-----BEGIN PGP MESSAGE-----'; echo; echo AAAA; echo '-----END PGP MESSAGE-----'",
        "exit 0",  # without reading
        "kill -9 $$",
    ],
)
def test_what_gnupg_wrote_is_not_believed(certificate, program, then):
    """Whatever a program writes, and however it ends: unless it reads back as demanded, it is refused."""
    with pytest.raises(Unsealed):
        b"".join(encrypt_stream([b"Subject: x\r\n\r\n" * 1000], certificate, program=program(then)))


def test_a_message_cut_short_is_refused(certificate, program, tmp_path):
    """A good beginning without its end is not a message."""
    whole = b"".join(encrypt_stream([b"x" * 10_000], certificate))
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(Unsealed):
        b"".join(encrypt_stream([b"x"], certificate, program=program(f"cat > /dev/null; cat {tmp_path}/cut")))


def test_a_message_to_somebody_else_is_refused(certificate, locksmith, program, tmp_path):
    """A whole message that another key opens is refused when it is read back."""
    other = packets.dearmor(locksmith.public(locksmith.pair("Eve <eve@a.test>")))
    (tmp_path / "other").write_bytes(b"".join(encrypt_stream([b"x"], other)))

    with pytest.raises(Unsealed, match="read back"):
        b"".join(encrypt_stream([b"x"], certificate, program=program(f"cat > /dev/null; cat {tmp_path}/other")))


def test_the_arguments_are_fixed(certificate, program, tmp_path):
    """One recipient, from a file, in a home of its own; no option a user's text could have reached (B79)."""
    with pytest.raises(Unsealed):
        b"".join(encrypt_stream([b"x"], certificate, program=program("cat > /dev/null")))

    words = (tmp_path / "words").read_text().splitlines()
    home = words[words.index("--homedir") + 1]
    assert f"{home}/recipient.pgp" == words[words.index("--recipient-file") + 1]
    assert {"--no-options", "--no-autostart", "--disable-dirmngr", "--rfc4880", "--no-encrypt-to"} < set(words)
    assert "--encrypt" == words[-1]
    assert not Path(home).exists()


def test_nothing_is_left_behind(certificate, tmp_path, monkeypatch):
    """The throw-away home is gone, whether the stream was read to its end or not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    b"".join(encrypt_stream([b"x"], certificate))
    given_up = encrypt_stream([b"x"], certificate)
    next(given_up)
    given_up.close()

    assert [] == list(tmp_path.iterdir())


def test_no_program_is_said_plainly(certificate):
    """A machine without GnuPG gets one sentence."""
    with pytest.raises(Misconfigured, match="GnuPG is not installed"):
        next(encrypt_stream([b"x"], certificate, program="no-such-gpg"))
