"""What may be called how."""

from __future__ import annotations

import pytest

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.names import LONGEST_NAME, checked_label, checked_name


@pytest.mark.parametrize(
    "name",
    ["", "  ", "\u200c", "A\x1b[31m", "a\nb", "a\x00b", "\x7f", "a\x9bb", "a\u202eb", "a\udc9bb"],
)
def test_a_name_shows_something_and_steers_no_terminal(name: str) -> None:
    with pytest.raises(InvalidError, match=r"invalid_name: Write the given name in 1 to 120"):
        checked_name(name, field="given_name")


def test_a_name_is_as_long_as_it_can_be_kept() -> None:
    assert checked_name("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    with pytest.raises(InvalidError) as refused:
        checked_name("x" * (LONGEST_NAME + 1))
    assert refused.value.details == {"fields": ["name"]}


@pytest.mark.parametrize("name", ["Ärzte e. V.", "क्\u200cष", "क्\u200dष", "O'Neill-Łoś", "李"])
def test_names_of_every_writing_are_kept_without_the_blanks_around(name: str) -> None:
    assert checked_name(f"  {name} ") == name


def test_a_label_may_be_left_out() -> None:
    assert (checked_label(""), checked_label(" "), checked_label(" new ")) == ("", "", "new")
    with pytest.raises(InvalidError, match="invalid_name"):
        checked_label("a\x1bb")
