"""`sealgate-verify BUNDLE --key KEY`: the auditor's verifier for a machine on which nothing else of ours is.

The standard library's own option parser, so that the stand-alone distribution (`make verifier`) needs `cryptography`
and nothing else. It says the same words and ends with the same codes as `sealgate ledger verify`: 0 all true, 1
something is false, 4 undecided; 2 for a mistake in the command.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gateway.commands.verdict import EXIT, check, lines, outcome_of
from gateway.errors import Unreadable
from gateway.ledger.bundle import LARGEST
from gateway.ledger.checkpoint import parse_vkey

USAGE = 2


def main(words: Sequence[str] | None = None) -> int:
    """Verify what is named; the exit code."""
    parser = argparse.ArgumentParser(
        prog="sealgate-verify", description="Verify evidence from a Sealgate ledger with its public key alone."
    )
    parser.add_argument("bundle", type=Path, help="a bundle, or a single .tlog-proof")
    parser.add_argument("--key", action="append", default=[], help="the ledger's public key, which you bring")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(words)
    try:
        for key in given.key:
            parse_vkey(key)
        with given.bundle.open("rb") as file:
            untrusted = file.read(LARGEST + 1)
    except Unreadable as why:
        print(f"sealgate-verify: this is no ledger key: {why.cause}", file=sys.stderr)
        return USAGE
    except OSError as why:
        print(f"sealgate-verify: {given.bundle}: {why.strerror}", file=sys.stderr)
        return USAGE
    report = check(untrusted, tuple(given.key))
    outcome = outcome_of(report)
    if given.json:
        print(json.dumps(asdict(outcome), ensure_ascii=False))
    else:
        print("\n".join(lines(outcome, has_key=bool(given.key))))
    return EXIT[report.verdict]


if __name__ == "__main__":
    sys.exit(main())
