"""The sealed scratch file against a plain one: random writes, cuts, crashes, swapped and torn chunks."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.keep.scratch import Scratch
from gateway.keep.sealed import CHUNK, NONCE, STRIDE
from gateway.transfer import BlobId, Digest

BLOB = BlobId("ab" * 16)
KEY = b"k" * 32
LARGEST = 4 * CHUNK

# Where things go wrong: about the borders of chunks.
near = st.builds(lambda chunk, off: max(0, chunk * CHUNK + off), st.integers(0, 3), st.integers(-3, 3))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), near, st.integers(1, 3 * CHUNK + 5), st.integers(0, 255)),
        st.tuples(st.just("cut"), near, st.just(0), st.just(0)),
        st.tuples(st.just("leave"), st.just(0), st.just(0), st.just(0)),
    ),
    min_size=2,
    max_size=20,
)


def sealed_size(size: int) -> int:
    """What a finished file of `size` takes on the disk, to the byte."""
    return size + (STRIDE - CHUNK) * max(1, -(-size // CHUNK))


class Entropy:
    """Draws nonces and remembers them."""

    def __init__(self) -> None:
        self.drawn: Counter[bytes] = Counter()

    def __call__(self, size: int) -> bytes:
        """The next one, or several."""
        first = self.drawn.total() + 1
        nonces = [number.to_bytes(NONCE, "big") for number in range(first, first + size // NONCE)]
        self.drawn.update(nonces)
        return b"".join(nonces)


class Model:
    """The same file without seals: its bytes, and which of them were written."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.written = bytearray()

    def write(self, offset: int, data: bytes) -> None:
        """Write."""
        grow = max(0, offset + len(data) - len(self.bytes))
        self.bytes.extend(bytes(grow))
        self.written.extend(bytes(grow))
        self.bytes[offset : offset + len(data)] = data
        self.written[offset : offset + len(data)] = b"\x01" * len(data)

    def cut(self, size: int) -> None:
        """Cut."""
        del self.bytes[size:], self.written[size:]

    @property
    def prefix(self) -> int:
        """How much there is before the first hole."""
        hole = self.written.find(0)
        return len(self.written) if hole < 0 else hole


@settings(max_examples=150)
@given(steps=steps)
def test_scratch_is_a_file(steps: list[tuple[str, int, int, int]]) -> None:
    """After any writes, cuts and resumptions it holds what a plain file would, and no nonce was drawn twice."""
    entropy, model = Entropy(), Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        scratch = Scratch.begin(path, BLOB, KEY, entropy, largest_bytes=LARGEST)
        for word, offset, size, value in steps:
            if word == "write":
                data = bytes([value]) * min(size, LARGEST - offset) if offset < LARGEST else b""
                scratch.write(offset, data)
                if data:
                    model.write(offset, data)
            elif word == "cut":
                if offset <= len(model.bytes):
                    scratch.truncate(offset)
                    model.cut(offset)
            else:  # what lies behind a hole does not outlive a session
                model.cut(model.prefix)
                scratch.leave()
                scratch = Scratch.resume(path, BLOB, KEY, entropy, largest_bytes=LARGEST)

            assert bytes(model.bytes) == scratch.read(0, LARGEST)
            assert (len(model.bytes), all(model.written)) == (scratch.size_bytes, scratch.is_whole)
        assert Digest.of(bytes(model.bytes)) == scratch.digest()
        if scratch.is_whole:
            scratch.finish()
            assert sealed_size(len(model.bytes)) == path.stat().st_size
        else:
            scratch.leave()
    assert all(count == 1 for count in entropy.drawn.values())


@settings(max_examples=40)
@given(writes=st.lists(st.tuples(near, st.integers(1, CHUNK + 5)), min_size=1, max_size=12), fills=st.booleans())
def test_a_crash_leaves_no_hole_that_reads_as_content(writes: list[tuple[int, int]], fills: bool) -> None:
    """Stopped anywhere, without a word of goodbye, what the next start offers is a true beginning: no zeros in it."""
    content = bytes(1 + n % 255 for n in range(LARGEST))
    with tempfile.TemporaryDirectory() as folder:
        path, left = Path(folder) / "upload", Path(folder) / "left"
        scratch = Scratch.begin(path, BLOB, KEY, Entropy(), largest_bytes=LARGEST)
        for offset, size in writes:
            scratch.write(offset, content[offset : offset + size])
            left.write_bytes(path.read_bytes())
            again = Scratch.resume(left, BLOB, KEY, Entropy(), largest_bytes=LARGEST)

            offered = again.read(0, LARGEST)
            assert content[: len(offered)] == offered
            again.leave()
        if fills:  # and what had holes for a while is a file like any other
            scratch.write(0, content)
            scratch.finish()
            whole = Scratch.resume(path, BLOB, KEY, Entropy(), largest_bytes=LARGEST)
            assert content == whole.read(0, LARGEST)
            whole.leave()
        else:
            scratch.leave()


@settings(max_examples=80)
@given(
    chunks=st.integers(1, 4),
    tail=st.integers(1, CHUNK),
    damage=st.sampled_from(["flip", "swap", "cut", "extend", "foreign"]),
    at=st.floats(0, 1, exclude_max=True),
)
def test_resume_offers_only_what_verifies(chunks: int, tail: int, damage: str, at: float) -> None:
    """Whatever was done to the file, what is offered is a true beginning of what was written."""
    size = min(LARGEST, (chunks - 1) * CHUNK + tail)
    content = b"".join(bytes([n + 1]) * CHUNK for n in range(4))[:size]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        entropy = Entropy()
        scratch = Scratch.begin(path, BLOB, KEY, entropy, largest_bytes=LARGEST)
        scratch.write(0, content)
        scratch.leave()
        stored = bytearray(path.read_bytes())
        where = int(at * len(stored))
        match damage:
            case "flip":
                stored[where] ^= 0x80
            case "swap":
                stored[:STRIDE], stored[STRIDE : 2 * STRIDE] = stored[STRIDE : 2 * STRIDE], stored[:STRIDE]
            case "cut":
                del stored[where:]
            case "extend":
                stored += stored[-100:]
            case "foreign":
                foreign = Scratch.begin(Path(folder) / "f", BlobId("cd" * 16), KEY, entropy, largest_bytes=LARGEST)
                foreign.write(0, content[:CHUNK])
                foreign.leave()
                stored[: min(len(stored), STRIDE)] = (Path(folder) / "f").read_bytes()
        path.write_bytes(stored)

        again = Scratch.resume(path, BLOB, KEY, entropy, largest_bytes=LARGEST)

        offered = again.read(0, LARGEST)
        assert content[: len(offered)] == offered
        assert len(offered) >= (where // STRIDE * CHUNK if damage in ("flip", "cut") else 0)
        assert Digest.of(offered) == again.finish()
        assert sealed_size(len(offered)) == path.stat().st_size
