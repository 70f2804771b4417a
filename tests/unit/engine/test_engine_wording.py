"""Reasons in words: no sender is ever told a code."""

from __future__ import annotations

import re

import pytest

from gateway.engine.wording import SENTENCES, sentence
from gateway.facts import Reason
from gateway.seal import keyring

KEY_CODES = sorted(set(re.findall(r"key-[a-z-]+", keyring.__doc__ or "")))


@pytest.mark.parametrize("code", KEY_CODES)
def test_everything_that_can_be_wrong_with_a_key_has_words(code: str) -> None:
    """Each code of the gate is a sentence that names the key, or whose it is."""
    said = sentence(Reason(code=code, about=(("fingerprint", "ABCD"),)), recipient="ann@court.test")

    assert "called '" not in said
    assert "ABCD" in said or "ann@court.test" in said


def test_the_gate_has_codes() -> None:
    """The list above is read from where the gate explains itself."""
    assert {"key-withdrawn", "key-expired"} <= set(KEY_CODES) <= SENTENCES.keys()


def test_a_code_without_words_says_so() -> None:
    """Better a strange sentence than none."""
    assert "It waits for a reason called 'moon-phase'." == sentence(Reason(code="moon-phase"))
