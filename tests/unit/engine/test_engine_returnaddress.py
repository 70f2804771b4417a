"""An answer's address names its transfer, at the gateway and nowhere else."""

from __future__ import annotations

import pytest

from gateway.engine.returnaddress import answer_address, answered
from gateway.transfer import Address, transfer_id

HOST = "mail.town.test"
TRANSFER = transfer_id(bytes(range(16)))


def test_there_and_back() -> None:
    """However a mail program writes it."""
    address = answer_address(TRANSFER, HOST)

    assert TRANSFER == answered(Address.of(address), HOST) == answered(Address.of(address.upper()), HOST)


@pytest.mark.parametrize(
    "address",
    ["confirm@mail.town.test", "confirm+abc@mail.town.test", "jo@mail.town.test", "confirm+" + "a" * 27 + "@" + HOST],
)
def test_other_addresses_are_not_answers(address: str) -> None:
    """They are judged like any other recipient."""
    assert answered(Address.of(address), HOST) is None


def test_another_host_is_not_ours() -> None:
    """Nor is the office's own domain, where people have mailboxes."""
    local = answer_address(TRANSFER, HOST).partition("@")[0]

    assert answered(Address.of(f"{local}@town.test"), HOST) is None
