"""GnuPG opens what we seal: the whole way from a vouched key to the recipient's plain bytes."""

from __future__ import annotations

import email
import email.policy
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from gateway.facts import Admitted, Standing
from gateway.seal.floor import Vouched
from gateway.seal.gpgpen import encrypt_stream
from gateway.seal.headers import part
from gateway.seal.openpgp import wrap
from gateway.seal.parcel import Packing
from gateway.seal.pen import encrypt
from gateway.seal.registrar import Registrar
from gateway.transfer import Address, BlobId, Digest, Seal, transfer_id

pytestmark = pytest.mark.interop
JANUARY = 1_767_225_600_000
HEADER = (
    b"From: jo@town.test\r\nTo: ann@a.test\r\nSubject: The secret bid\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
)
BODY = "Čtyři sta.  \r\n.\r\nFrom here on \r\n\r\n".encode()
Gpg = Callable[..., bytes]


@pytest.fixture(scope="module")
def recipient() -> Iterator[Gpg]:
    """Ann's own machine: her GnuPG with her secret key."""
    if shutil.which("gpg") is None:
        pytest.skip("gpg is not installed")
    home = tempfile.mkdtemp(prefix="sg-")

    def gpg(*arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", home, "--batch", "--yes", "--pinentry-mode", "loopback", "--passphrase", "",
                   "--faked-system-time", f"{JANUARY // 1000}!", *arguments]  # fmt: skip
        return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout

    said = gpg("--status-fd", "1", "--quick-gen-key", "Ann <ann@a.test>", "ed25519", "sign,cert", "0").decode()
    key = next(line.split()[3] for line in said.splitlines() if " KEY_CREATED " in line)
    gpg("--quick-add-key", key, "cv25519", "encr", "0")
    yield gpg
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def vouched(recipient: Gpg, tmp_path: Path) -> Vouched:
    registrar = Registrar(tmp_path / "ring")
    entry = registrar.take_in(recipient("--armor", "--export"), JANUARY)
    fingerprint = entry.primary.fingerprint  # type: ignore[union-attr]
    admitted = Admitted(
        address="ann@a.test", fingerprint=fingerprint, standing=Standing.VERIFIED, by="jo", how="call-back"
    )
    found = registrar.vouch(Address(local="ann", domain="a.test"), JANUARY, (admitted,))
    assert isinstance(found, Vouched)
    return found


def seal(pen: str, plain: bytes, vouched: Vouched) -> Iterable[bytes]:
    return [encrypt(plain, vouched.certificate)] if pen == "pysequoia" else encrypt_stream([plain], vouched.certificate)


@pytest.mark.parametrize("pen", ["pysequoia", "gnupg"])
def test_recipient_reads_the_very_bytes(recipient, vouched, pen):
    """Ann's GnuPG opens our PGP/MIME to the entity we sealed, byte for byte, its true subject inside."""
    parted = part(HEADER)
    plain = parted.inner + BODY
    packing = Packing(wrap(parted.outer, seal(pen, plain, vouched), "b0UNDARYb0UNDARY"))
    wire = b"".join(packing)

    outside = email.message_from_bytes(wire, policy=email.policy.default)
    ciphertext = list(outside.iter_parts())[1].get_payload(decode=True)
    opened = recipient("--decrypt", stdin=ciphertext)
    inside = email.message_from_bytes(opened, policy=email.policy.default)

    assert plain == opened
    assert ("[...]", "The secret bid", "cipher") == (
        outside["Subject"], inside["Subject"], inside["Content-Type"].params["hp"],
    )  # fmt: skip
    assert b"secret" not in wire
    parcel = packing.parcel(
        transfer=transfer_id(bytes(16)), leg=0, blob=BlobId("0" * 32), seal=Seal.OPENPGP,
        key_fingerprint=vouched.fingerprint,
    )  # fmt: skip
    assert (len(wire), Digest.of(wire)) == (parcel.size_bytes, parcel.digest)


@pytest.mark.parametrize("pen", ["pysequoia", "gnupg"])
def test_gnupg_sees_one_reader_and_integrity(recipient, vouched, pen):
    """GnuPG's own reading of the packets: one reader, the vouched key, and a body with integrity protection."""
    sealed = b"".join(seal(pen, BODY, vouched))

    listing = recipient("--list-packets", stdin=sealed).decode()

    assert 1 == listing.count(":pubkey enc packet:")
    assert f"keyid {vouched.key_id}" in listing
    assert "mdc_method: 2" in listing


def test_tampered_bytes_do_not_open(recipient, vouched):
    """One changed octet and the recipient's GnuPG reports failure."""
    sealed = bytearray(encrypt(BODY * 50, vouched.certificate))
    at = sealed.index(b"\n\n") + 400
    sealed[at] = ord("A") if sealed[at] != ord("A") else ord("B")

    with pytest.raises(subprocess.CalledProcessError):
        recipient("--decrypt", stdin=bytes(sealed))
