"""Every pair of status and step is listed or refused."""

from __future__ import annotations

import itertools

import pytest

from cloud.core.encounters.lifecycle import CLOSED, ROWS, TABLE, Status, Step, after
from cloud.core.kernel.errors import ConflictError


@pytest.mark.parametrize(("status", "step"), list(itertools.product(Status, Step)))
def test_a_pair_is_in_the_table_or_refused(status: Status, step: Step) -> None:
    if (status, step) in TABLE:
        assert after(status, step) is TABLE[status, step]
    else:
        with pytest.raises(ConflictError, match="invalid_transition"):
            after(status, step)


def test_no_row_is_written_twice_and_nothing_leaves_the_last_statuses() -> None:
    assert len(TABLE) == len(ROWS)
    for last in (Status.COMPLETED, Status.CANCELLED, Status.DUPLICATE):
        assert not [row for row in ROWS if row.status is last]


def test_every_status_can_be_reached_from_the_first() -> None:
    reached = {Status.IN_PROGRESS}
    for _ in Status:
        reached |= {row.next_status for row in ROWS if row.status in reached}
    assert reached == set(Status)


def test_a_closed_encounter_does_not_open_again() -> None:
    assert all(row.next_status in CLOSED for row in ROWS if row.status in CLOSED)
