"""A declaration is words anybody can read, and says the same when it is read back."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.containment.contained import Containment, Containments, What
from gateway.engine.containment.declared import plain

ANYTHING = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=200)


@given(ANYTHING)
def test_whatever_somebody_types_is_read_back(typed: str) -> None:
    """Quotes, braces, line ends, other scripts: the file is TOML, and the reason is the same on one line."""
    because = plain(typed)
    order = Containment(id="c-1", what=What.PERSON, who="jo@town.test", at_ms=1, because=because)
    fact = order.ordered("ruth@town.test")
    ((_, text),) = fact.files

    assert (order,) == tuple(one.order for one in Containments([fact]).all)
    assert because == tomllib.loads(text)["contain"]["because"] == fact.why


@given(ANYTHING)
def test_a_reason_stands_on_one_line(typed: str) -> None:
    """Nothing in it moves a cursor, and asking twice changes nothing."""
    once = plain(typed)

    assert once.isprintable()
    assert once == plain(once)
