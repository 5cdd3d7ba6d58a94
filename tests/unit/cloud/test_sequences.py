"""Known sequences as stretches: a set of numbers, whatever the order they come in."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.observations.sequences import Sequences

numbers = st.lists(st.lists(st.integers(1, 40), max_size=12), max_size=8)


@given(numbers)
@settings(max_examples=200)
def test_it_holds_what_was_added_and_nothing_else(added: list[list[int]]) -> None:
    known, expected = Sequences(), set[int]()
    for some in added:
        known.add(some)
        expected |= set(some)
    assert {number for number in range(-1, 45) if number in known} == expected
    assert all(first <= last for first, last in known.stretches)
    assert all(
        two[0] > one[1] + 1 for one, two in zip(known.stretches, known.stretches[1:], strict=False)
    )
    assert known.known_below(20) == len({number for number in expected if number < 20})


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)), max_size=8))
@settings(max_examples=100)
def test_stretches_are_added_whole(stretches: list[tuple[int, int]]) -> None:
    known, expected = Sequences(), set[int]()
    for first, length in stretches:
        known.add_stretch(first, first + length)
        expected |= set(range(first, first + length + 1))
    assert {number for number in range(60) if number in known} == expected


def test_numbers_of_any_size_are_known() -> None:
    known = Sequences()
    known.add([2**64, 2**64 + 1, 7])
    known.add([])
    assert known.stretches == [[7, 7], [2**64, 2**64 + 1]]


def test_through_is_the_end_of_what_is_known_from_the_first_on() -> None:
    known = Sequences()
    assert known.through == 0
    known.add([2, 3])
    assert known.through == 0
    known.add([1])
    assert known.through == 3
    known.add_stretch(5, 9)
    assert known.through == 3
