"""Which of several operations counts, whatever the order they came in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.encounters.merging import flags_of, merge, winner
from cloud.core.encounters.operations import Operation, Vector, happened_before, joined
from cloud.core.encounters.recorded import assembled

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
A, B, C = "tab-a", "tab-b", "tab-c"


def told(
    number: int,
    value: object = "conveyed",
    *,
    by: str = A,
    minutes: float = 0,
    path: str = "disposition",
    vector: Vector | None = None,
) -> Operation:
    return Operation(
        op_id=UUID(int=number),
        device_id=by,
        path=path,
        value=value,
        at=START + timedelta(minutes=minutes),
        vector={by: number} if vector is None else vector,
    )


def test_who_knew_of_the_other_wins_whatever_the_clocks_say() -> None:
    first = told(1, minutes=5)
    second = told(2, by=B, minutes=2, vector={A: 1, B: 1})
    assert winner([first, second]) is winner([second, first]) is second


def test_of_two_that_did_not_know_each_other_the_later_clock_wins_then_the_device() -> None:
    mine, theirs = told(1, minutes=3), told(2, by=B, minutes=0)
    assert winner([mine, theirs]) is mine
    at_once = told(3, by=B, minutes=3)
    assert winner([mine, at_once]) is at_once
    merged = merge([mine, theirs])
    assert merged.winners == {theirs.op_id: mine.op_id}


def test_three_that_beat_each_other_in_a_circle_have_one_winner_in_any_order() -> None:
    first = told(1, minutes=10)
    knew_first = told(2, by=B, minutes=1, vector={A: 1, B: 1})
    alone = told(3, by=C, minutes=5)
    orders = [
        (first, knew_first, alone), (alone, first, knew_first), (knew_first, alone, first),
    ]  # fmt: skip
    assert {winner(order).op_id for order in orders} == {alone.op_id}


@pytest.mark.parametrize(
    ("earlier", "later", "expected"),
    [
        ({}, {A: 1}, True),
        ({A: 1}, {A: 1}, False),
        ({A: 1}, {A: 2}, True),
        ({A: 2}, {A: 1}, False),
        ({A: 1}, {B: 1}, False),
        ({A: 1}, {A: 1, B: 1}, True),
        ({A: 1, B: 2}, {A: 2, B: 1}, False),
    ],
)
def test_vectors_are_ordered_only_where_one_knows_all_of_the_other(
    earlier: Vector, later: Vector, *, expected: bool
) -> None:
    assert happened_before(earlier, later) is expected
    assert not (expected and happened_before(later, earlier))


def test_to_know_several_is_to_know_the_most_of_each() -> None:
    assert joined([{A: 1, B: 3}, {A: 2}, {C: 1}]) == {A: 2, B: 3, C: 1}


def test_an_entry_is_added_once_told_anew_and_taken_back_but_never_overwritten() -> None:
    note = told(1, {"text": "Fell"}, path="notes")
    other = told(2, {"text": "Fell"}, by=B, path="notes")
    anew = told(3, {"text": "Fell off a ladder"}, path=f"notes/{note.op_id}", minutes=1)
    record = assembled(merge([note, other, anew]))
    assert [one.text for one in record.notes] == ["Fell", "Fell off a ladder"]
    assert {one.item_id for one in record.notes} == {note.op_id, other.op_id}
    back = told(4, {"taken_back": True}, path=f"notes/{note.op_id}", minutes=2)
    merged = merge([back, anew, note, other])
    assert [one.item_id for one in assembled(merged).notes] == [other.op_id]
    assert merged.winners == {note.op_id: back.op_id, anew.op_id: back.op_id}


def test_an_entry_told_anew_by_a_device_that_knows_nothing_else_is_still_told_anew() -> None:
    note = told(7, {"text": "Fell"}, path="notes", minutes=9)
    anew = told(1, {"text": "Slipped"}, by=B, path=f"notes/{note.op_id}", vector={B: 1})
    assert [one.text for one in assembled(merge([note, anew])).notes] == ["Slipped"]


def test_what_is_told_anew_before_it_came_waits_for_it() -> None:
    anew = told(2, {"text": "Slipped"}, path=f"notes/{UUID(int=1)}")
    waiting = merge([anew])
    assert (assembled(waiting).notes, waiting.winners) == ((), {})
    other_list = told(3, {"text": "Slipped"}, path=f"history/{UUID(int=1)}")
    note = told(1, {"text": "Fell"}, path="notes")
    assert len(assembled(merge([anew, other_list, note])).notes) == 1


def test_a_clock_that_contradicts_what_its_device_knew_is_flagged() -> None:
    first = told(1, minutes=20)
    within = told(2, by=B, minutes=10, vector={A: 1, B: 1})
    beyond = told(3, by=C, minutes=9.9, vector={A: 1, B: 1, C: 1})
    assert flags_of(within, merge([first, within])) == ()
    assert flags_of(beyond, merge([first, within, beyond])) == ("clock_skew",)


def test_a_time_before_an_earlier_step_of_the_mission_is_flagged_and_kept() -> None:
    def at(number: int, name: str, minute: int) -> Operation:
        told_at = (START + timedelta(minutes=minute)).isoformat()
        return told(number, told_at, path=f"times.{name}")

    ops = [at(1, "call", 0), at(2, "on_scene", 9), at(3, "at_patient", 8), at(4, "left_scene", 9)]
    ops.append(told(5, {"not_value": "not_recorded"}, path="times.en_route"))
    fields = assembled(merge(ops)).fields
    flagged = {path for path, one in fields.items() if one.flags == ("out_of_order",)}
    assert flagged == {"times.at_patient"}
    assert fields["times.at_patient"].value == START + timedelta(minutes=8)


VECTORS = st.dictionaries(st.sampled_from((A, B, C)), st.integers(1, 3), min_size=1)
PATHS = (
    "disposition", "narrative", "notes", f"notes/{UUID(int=0)}", f"notes/{UUID(int=1)}",
)  # fmt: skip


@st.composite
def operations(draw: st.DrawFn) -> list[Operation]:
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(PATHS), st.sampled_from((A, B, C)), VECTORS, st.integers(0, 30)
            ),
            min_size=1,
            max_size=8,
        )
    )
    return [
        told(
            number,
            {"text": f"n{number}"} if path.startswith("notes") else f"n{number}",
            by=device,
            minutes=minutes,
            path=path,
            vector=vector,
        )
        for number, (path, device, vector, minutes) in enumerate(drawn)
    ]


@settings(max_examples=150, deadline=None)
@given(operations(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_record_and_nobody_who_was_known_wins(
    listed: list[Operation], random: Random
) -> None:
    shuffled = sorted(listed, key=lambda _: random.random())
    one, other = merge(listed), merge(shuffled)
    assert one == other
    assert assembled(one) == assembled(other)
    for path, counts in one.fields.items():
        rivals = [each for each in listed if each.path == path]
        assert not any(happened_before(counts.vector, rival.vector) for rival in rivals)
        for rival in rivals:
            is_alone = not happened_before(rival.vector, counts.vector)
            if rival is not counts and is_alone and rival.at > counts.at:
                assert any(happened_before(rival.vector, each.vector) for each in rivals)
