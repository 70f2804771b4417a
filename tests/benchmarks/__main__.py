"""`make bench`: every figure the README shows, and what it means.

`python -m tests.benchmarks [mail] [files] [stations] [replay] [rules] [ledger] [--quick] [--full]`: these parts only.
`--quick` measures files, the past and the ledger in sizes for development; `--full` fills the ledger with a million
entries, which takes a while.
"""

from __future__ import annotations

import os
import sys

from tests.benchmarks import files, ledger, mail, replay, rules, stations


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


def _replay(is_quick: bool) -> None:
    print("\nThe past under other rules: every recorded decision taken again, and every rule's uses counted.\n")
    print(replay.table(replay.measure(replay.QUICK if is_quick else replay.DECISIONS)))


def _rules(is_quick: bool) -> None:
    print(f"\nThe judge: {rules.RULES} rules, cases with everything known, CPU time of one thread.")
    print("\n".join(rules.MEANING) + "\n")
    print(rules.table(rules.measure()))
    print("\nReading a set and proving every never over every situation, and finding what is odd.\n")
    print(rules.proofs())


def _ledger(is_quick: bool, *, is_full: bool = False) -> None:
    entries = ledger.FULL if is_full else ledger.SMALL if is_quick else ledger.USUAL
    print(f"\nThe ledger, {entries:,} entries, {os.cpu_count()} cores; an append is answered when it is durable.\n")
    print(ledger.table(ledger.measure(entries)))


PARTS = {
    "mail": _mail, "files": _files, "stations": _stations, "replay": _replay, "rules": _rules, "ledger": _ledger,
}  # fmt: skip


def main(words: list[str]) -> None:
    """Run the parts named, or all; print tables."""
    names = [word for word in words if not word.startswith("-")]
    if unknown := set(words) - {*PARTS, "--quick", "--full"}:
        sys.exit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}, --quick and --full")
    for name, part in PARTS.items():
        if name == "ledger" and name in names and "--full" in words:
            _ledger(False, is_full=True)
        elif name in names or not names:
            part("--quick" in words)


if __name__ == "__main__":
    main(sys.argv[1:])
