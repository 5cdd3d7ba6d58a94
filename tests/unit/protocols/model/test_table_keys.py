"""Members of an enumeration as keys of tables."""

from __future__ import annotations

import pickle
from copy import deepcopy

from protocols.model.table_keys import TableKey


class _Colour(TableKey):
    RED = "red"
    ALSO_RED = "red"
    GREEN = "green"


def test_a_member_is_found_by_itself_and_by_its_other_name() -> None:
    table = {_Colour.RED: 1, _Colour.GREEN: 2}
    assert table[_Colour.ALSO_RED] == table[_Colour("red")] == 1
    assert _Colour.GREEN in frozenset(table)


def test_a_copy_and_a_member_read_again_are_the_same_key() -> None:
    table = {_Colour.RED: 1}
    assert table[deepcopy(_Colour.RED)] == 1
    assert table[pickle.loads(pickle.dumps(_Colour.RED))] == 1  # noqa: S301 - made here


def test_no_line_of_python_is_run_for_a_look() -> None:
    assert vars(TableKey)["__hash__"] is object.__hash__
