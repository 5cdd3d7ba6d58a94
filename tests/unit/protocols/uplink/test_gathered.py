"""Gathered rows are a sequence of rows like any other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink.gathering import Gatherer, gather
from protocols.uplink.messages import UplinkRow
from protocols.uplink.row_codec import encode_row
from tests.fixtures import strategies


@given(st.lists(strategies.rows, max_size=6))
@settings(max_examples=30)
def test_rows_come_back_as_they_were_given_however_they_are_asked_for(
    rows: list[UplinkRow],
) -> None:
    gathered = gather(rows)
    assert len(gathered) == len(rows)
    assert list(gathered) == rows
    assert gathered == tuple(rows)
    assert gathered[1:] == tuple(rows[1:])
    assert gathered[::-1] == tuple(rows[::-1])
    assert [gathered[number] for number in range(-len(rows), 0)] == rows


@given(st.lists(strategies.rows, min_size=1, max_size=6))
@settings(max_examples=30)
def test_kept_rows_are_read_from_their_octets(rows: list[UplinkRow]) -> None:
    gatherer = Gatherer()
    for row in rows:
        assert gatherer.keep([encode_row(row)], [row.sequence], [row.octets]) == []
    assert gatherer.rows() == rows


def test_there_is_no_row_beyond_the_last_and_no_set_of_them() -> None:
    gathered = gather([])
    with pytest.raises(IndexError):
        _ = gathered[0]
    assert gathered != 7
    with pytest.raises(TypeError):
        hash(gathered)
