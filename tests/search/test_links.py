"""Links of a target: what they are called when a user is told of them."""

import pytest
import sympy

from workbench.search.structure.links import LINKS, Link

SPEED = sympy.Symbol("speed", real=True)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_a_link_is_told_of_the_users_own_target(link: Link) -> None:
    assert link.named(SPEED).free_symbols == {SPEED}


def test_functions_keep_the_names_that_they_are_typed_with() -> None:
    told = {link.name: str(link.named(SPEED)) for link in LINKS}
    assert told["artanh(y)"] == "artanh(speed)"
    assert told["1/y**2"] == "speed**(-2)"
