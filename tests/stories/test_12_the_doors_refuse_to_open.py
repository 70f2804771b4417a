"""The doors refuse to open.

Something is wrong on the machine: a key others can read, a certificate that does not belong to its key. A gateway that
starts anyway promises what it cannot keep; one that dies with forty lines of Python helps nobody at seven in the
morning. It says one sentence, with what to do, and the exit code says which kind. A typing error in a rule file is no
such thing: what was published is in force, and the doors open.
"""

from __future__ import annotations

import pytest

from tests.house import JO, House
from tests.world import letter

REGISTRY = "registry@court.test"
ENVIRONMENT = 5


def test_rules_with_a_mistake(closed_house: House) -> None:
    """The doors open all the same: what is in force is what was published, and the edit waits under a banner."""
    closed_house.changes("transfers.toml", '"solicitor"]', '"solicitr"]')

    closed_house.opens()

    assert "rules/ does not load (1 to mend) and has no effect; the rules in force stay" in closed_house.log()
    closed_house.meets(REGISTRY)
    letter_in = closed_house.staff(JO).hands_in(letter(JO, REGISTRY, "[case] CANARY", "CANARY\n"), [REGISTRY])
    assert letter_in.transfer.startswith("T-")
    told = closed_house.asks("rules", "status", may_fail=True)
    assert 'unknown role "solicitr"; did you mean "solicitor"?' in told
    assert 0 == closed_house.closes()
    closed_house.changes("transfers.toml", '"solicitr"]', '"solicitor"]')


def test_rules_anybody_can_write(closed_house: House) -> None:
    """Nothing in such a folder is believed, so what was published stays in force."""
    folder = closed_house.folder / "rules"
    folder.chmod(0o777)

    closed_house.opens()

    assert "rules/ does not load" in closed_house.log()
    assert 0 == closed_house.closes()
    folder.chmod(0o755)


@pytest.mark.parametrize(
    ("path", "mode", "proper"),
    [
        ("certs/gateway.key", 0o644, 0o600),
        ("certs/ssh_host_ed25519_key", 0o640, 0o600),
        ("var/keys/ledger.seed", 0o644, 0o600),
    ],
)
def test_what_is_secret_lies_open(path: str, mode: int, proper: int, closed_house: House) -> None:
    """A private key others can read: one sentence that names the file."""
    place = closed_house.folder / path
    place.chmod(mode)

    code, said = closed_house.fails_to_open()

    assert ENVIRONMENT == code
    assert path.rpartition("/")[2] in said
    assert "Traceback" not in said
    place.chmod(proper)


def test_a_certificate_that_is_not_the_keys(closed_house: House) -> None:
    """Exit 5; both files are named."""
    certs = closed_house.folder / "certs"
    proper = (certs / "gateway.pem").read_bytes()
    (certs / "gateway.pem").write_bytes((certs / "outside.pem").read_bytes())

    code, said = closed_house.fails_to_open()

    assert ENVIRONMENT == code
    assert f"sealgate: {certs / 'gateway.pem'} and {certs / 'gateway.key'} do not belong together" == said
    (certs / "gateway.pem").write_bytes(proper)


def test_a_file_door_without_its_key(closed_house: House) -> None:
    """Exit 5; the sentence names the verb that makes one, and with a new one the office opens."""
    key = closed_house.folder / "certs" / "ssh_host_ed25519_key"
    for path in (key, key.with_name(key.name + ".pub")):
        path.unlink()

    code, said = closed_house.fails_to_open()
    assert ENVIRONMENT == code
    assert f"sealgate: {key} is missing, and the file door needs it; make one with: sealgate people host-key" == said

    closed_house.asks("people", "host-key")
    closed_house.opens()
    assert 0 == closed_house.closes()


def test_a_second_gateway_on_the_same_office(closed_house: House) -> None:
    """Exit 5; two writers would be one too many for a ledger."""
    closed_house.opens()

    code, said = closed_house.fails_to_open()

    assert ENVIRONMENT == code
    assert f"sealgate: another sealgate already runs on {closed_house.folder}" == said
