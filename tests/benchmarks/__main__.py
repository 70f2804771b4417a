"""`make bench`: every figure the README shows, and what it means.

`python -m tests.benchmarks [mail] [files] [stations] [--quick]`: these parts only; `--quick` measures files in sizes
for development.
"""

from __future__ import annotations

import os
import sys

from tests.benchmarks import files, mail, stations


def _mail(is_quick: bool) -> None:
    print(f"Mail, {mail.SIZE} bytes, {mail.CONNECTIONS} connections, on {os.cpu_count()} cores, medians of 3 rounds.")
    print(
        "Sealgate signs in, judges, strips, encrypts with OpenPGP and at rest, and signs six ledger entries a message;"
    )
    print(
        "Postfix relays. Both speak TLS both ways. Accept: from the final dot to the 250, durable in both; MAIL to 250:"
    )
    print("the whole transaction, for under load Sealgate lets a sender wait before its message rather than behind it;")
    print(f"paced: both are offered {mail.PACE} messages a second.\n")
    print(mail.table(mail.measure()))


def _files(is_quick: bool) -> None:
    sizes = files.QUICK if is_quick else files.Sizes()
    rounds = "one round" if sizes.rounds == 1 else f"medians of {sizes.rounds} alternating rounds"
    print(
        f"\nFiles, OpenSSH's client, {files.CIPHER}, {sizes.bulk_bytes // 10**6} MB a stream, or {sizes.files:,} files"
        f" of {files.SMALL_BYTES} bytes in one session, {rounds}."
    )
    print("\n".join(files.MEANING) + "\n")
    print(files.table(files.measure(sizes)))


def _stations(is_quick: bool) -> None:
    print("\nEach station alone, one core, milliseconds a message (median of 300).\n")
    print(stations.table())


PARTS = {"mail": _mail, "files": _files, "stations": _stations}


def main(words: list[str]) -> None:
    """Run the parts named, or all; print tables."""
    names = [word for word in words if not word.startswith("-")]
    if unknown := set(words) - {*PARTS, "--quick"}:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)} and --quick")
    for name, part in PARTS.items():
        if name in names or not names:
            part("--quick" in words)


if __name__ == "__main__":
    main(sys.argv[1:])
