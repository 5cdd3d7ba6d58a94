"""Where rows' octets are recorded: back as they were, for next to nothing when they follow."""

from __future__ import annotations

from itertools import islice

import pytest

from protocols.uplink.columns import PlaceColumns
from protocols.uplink.places import PlaceWriter, count_places, is_place, read_places

PLACES = ["", "a@0+10", "a@0+10", "a@10+8", "", "", "b@5+1", "a@18+2", "a@3+1"]


def columns_of(places: list[str]) -> PlaceColumns:
    writer = PlaceWriter()
    for place in places:
        writer.add(place)
    return writer.columns()


def test_places_come_back_as_they_were() -> None:
    columns = columns_of(PLACES)
    assert count_places(columns) == len(PLACES)
    assert list(read_places(columns)) == PLACES


def test_a_run_of_rows_is_as_good_as_each_of_them() -> None:
    writer = PlaceWriter()
    writer.add("a@0+10", rows=3)
    writer.add("", rows=2)
    assert writer.columns() == columns_of(["a@0+10"] * 3 + [""] * 2)
    assert all(map(is_place, PLACES))


def test_what_follows_without_a_gap_is_said_by_a_nought() -> None:
    assert columns_of(["r@0+10", "r@10+8"]).runs == (1, 1, 0, 10, 1, 1, 0, 8)


def test_rows_without_places_cost_nothing() -> None:
    columns = columns_of(["", "", ""])
    assert columns == PlaceColumns()
    assert count_places(columns) == 0
    assert list(islice(read_places(columns), 3)) == ["", "", ""]


@pytest.mark.parametrize("place", ["r", "r@1", "@1+2", "r@01+2", "r@1+x", "r@1+" + "9" * 30])
def test_a_place_that_no_recorder_writes_is_refused(place: str) -> None:
    assert not is_place(place)


@pytest.mark.parametrize(
    "columns",
    [
        PlaceColumns(("r",), (1, 1, 0)),
        PlaceColumns(("r",), (-1, 1, 0, 4)),
        PlaceColumns(("r",), (1, 2, 0, 4)),
        PlaceColumns(("r",), (1, -1, 0, 4)),
    ],
    ids=["not four", "a negative count", "no such recording", "before the first recording"],
)
def test_columns_that_cannot_be_are_for_no_number_of_rows(columns: PlaceColumns) -> None:
    assert count_places(columns) == -1
