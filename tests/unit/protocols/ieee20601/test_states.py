"""A table of rows is a dictionary without double answers, and a document."""

from __future__ import annotations

from enum import Enum

import pytest

from protocols.ieee20601.states import Row, State, Trigger, index_rows, table_as_markdown


class Answer(Enum):
    WAVE = "wave back"


ROWS = (
    Row("1", State.OPERATING, (Trigger.RX_RLRQ, Trigger.RX_ABRT), State.UNASSOCIATED, Answer.WAVE),
)


def test_every_trigger_of_a_row_finds_it() -> None:
    table = index_rows(ROWS)
    assert set(table) == {
        (State.OPERATING, Trigger.RX_RLRQ),
        (State.OPERATING, Trigger.RX_ABRT),
    }


def test_a_pair_with_two_answers_is_a_mistake() -> None:
    with pytest.raises(AssertionError, match="two rows"):
        index_rows((*ROWS, *ROWS))


def test_a_table_is_printed_row_by_row() -> None:
    assert table_as_markdown("Ours", ROWS).splitlines() == [
        "# Ours",
        "",
        "| Row | State | Trigger | Next state | Answer |",
        "|---|---|---|---|---|",
        "| 1 | Operating | RLRQ; ABRT | Unassociated | wave back |",
    ]
