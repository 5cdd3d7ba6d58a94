"""What a retrieval asks for, and what it believes to be durable."""

from __future__ import annotations

import pytest

from protocols.gatt.racp_codec import RECORD_ACCESS, OpCode, Operator
from protocols.gatt.racp_retrieval import (
    KINDS,
    RECORD_NUMBERS,
    SEQUENCE_NUMBERS,
    TIME_OFFSETS,
    UNNUMBERED,
    RecordKind,
    Retrieval,
)
from protocols.gatt.registry import find_profile


def running(after: int | None = None, *numbers: int | None) -> Retrieval:
    retrieval = Retrieval(SEQUENCE_NUMBERS)
    retrieval.begin(after)
    for number in numbers:
        retrieval.take(number)
    return retrieval


@pytest.mark.parametrize(
    ("kind", "after", "text"),
    [
        (SEQUENCE_NUMBERS, None, "0101"),
        (SEQUENCE_NUMBERS, 41, "0103012a00"),
        (SEQUENCE_NUMBERS, 0xFFFF, "0101"),
        (TIME_OFFSETS, 5, "0103010600"),
        (RECORD_NUMBERS, None, "0701"),
        (RECORD_NUMBERS, 0xFFFF, "07030100000100"),
        (UNNUMBERED, 7, "0101"),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_newer_records_are_asked_for_by_the_number_of_the_service(
    kind: RecordKind, after: int | None, text: str
) -> None:
    retrieval = Retrieval(kind)
    retrieval.begin(after)
    assert RECORD_ACCESS.encode(retrieval.report_request()).hex() == text


def test_the_mark_follows_records_that_come_oldest_first() -> None:
    retrieval = running(3, 4, 5, 6)
    retrieval.confirm(5)
    assert retrieval.durable == 5
    retrieval.confirm(4)
    assert retrieval.durable == 5


def test_records_out_of_order_move_no_mark() -> None:
    retrieval = running(3, 6, 4)
    retrieval.confirm(6)
    assert retrieval.durable == 3


def test_records_without_a_number_move_no_mark() -> None:
    retrieval = running(None, None)
    retrieval.confirm(1)
    assert retrieval.durable is None
    assert not retrieval.can_delete


def test_a_number_that_did_not_come_in_this_run_moves_no_mark() -> None:
    retrieval = running(3, 4)
    retrieval.confirm(9)
    assert retrieval.durable == 3
    retrieval.repeat()
    retrieval.confirm(4)
    assert retrieval.durable == 3


def test_a_repeat_asks_for_the_same_and_a_resume_for_the_rest() -> None:
    retrieval = running(3, 4, 5)
    retrieval.expected = 4
    retrieval.confirm(5)
    retrieval.repeat()
    assert (retrieval.expected, retrieval.repeated, retrieval.durable) == (4, True, 3)
    retrieval.take(4)
    retrieval.confirm(4)
    retrieval.resume()
    assert not retrieval.repeated
    assert RECORD_ACCESS.encode(retrieval.count_request()).hex() == "0403010500"


def test_widening_asks_for_everything() -> None:
    retrieval = running(3)
    assert retrieval.is_filtered(retrieval.count_request())
    retrieval.widen()
    assert retrieval.count_request().operator is Operator.ALL
    assert not retrieval.is_filtered(retrieval.count_request())
    assert not retrieval.is_filtered(None)


def test_durable_records_can_be_named_for_deletion() -> None:
    retrieval = running(3)
    request = retrieval.delete_request()
    assert (request.op_code, request.operator) == (OpCode.DELETE_RECORDS, Operator.LESS_OR_EQUAL)
    assert RECORD_ACCESS.encode(request).hex() == "0202010300"
    assert retrieval.can_delete


def test_whole_means_as_many_as_announced() -> None:
    retrieval = running(None, 1, 2)
    assert retrieval.is_whole
    retrieval.expected = 3
    assert not retrieval.is_whole
    assert retrieval.difference == "2 records came where 3 were announced"


def test_every_service_with_records_is_a_profile_and_has_a_kind() -> None:
    named = {find_profile(service) for service in KINDS}
    assert None not in named
    assert len(named) == 4
