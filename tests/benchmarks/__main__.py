"""`make bench`: every figure the README shows, and what it means."""

from __future__ import annotations

import os

from tests.benchmarks import mail, stations


def main() -> None:
    """Run all, print tables."""
    print(f"Mail, {mail.SIZE} bytes, {mail.CONNECTIONS} connections, on {os.cpu_count()} cores, medians of 3 rounds.")
    print(
        "Sealgate signs in, judges, strips, encrypts with OpenPGP and at rest, and signs six ledger entries a message;"
    )
    print("Postfix relays. Both speak TLS both ways. Accept: from the final dot to the 250, durable in both.\n")
    print(mail.table(mail.measure()))
    print("\nEach station alone, one core, milliseconds a message (median of 300).\n")
    print(stations.table())


if __name__ == "__main__":
    main()
