"""Requests of a manager: each waits for the class of answer it expects, under its own id."""

from __future__ import annotations

import pytest

from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import StoredDataFinished
from protocols.ieee20601.manager_requests import narrowed
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.remote_operations import Message, RorsConfirmedSet, RorsGet
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst
from tests.unit.protocols.ieee20601.exchange import Bench, mds_answer


def reading_mds() -> Bench:
    """A manager that waits for the answer to its Get, invoke id 7."""
    bench = Bench(first_invoke_id=7)
    assert bench.receive(aarq(config_id=0x0190)).endswith(prst(7, 0x0103, bytes(6)))
    return bench


def test_the_answer_completes_the_request_and_stops_its_timer() -> None:
    bench = reading_mds()
    assert bench.receive(mds_answer(7)) == b""
    assert bench.manager.next_deadline() is None


def test_an_answer_of_another_class_is_an_answer_to_nothing() -> None:
    bench = reading_mds()
    assert bench.receive(prst(7, 0x0205, bytes(6))) == abrt(0)


def test_an_answer_under_another_id_is_an_answer_to_nothing() -> None:
    assert reading_mds().receive(mds_answer(8)) == abrt(0)


def test_a_refusal_is_told_by_the_name_of_the_request() -> None:
    bench = reading_mds()
    assert bench.receive(prst(7, 0x0300, bytes.fromhex("0002 0000"))) == b""
    assert bench.take_warnings() == ["the agent refused GetMds"]


def test_an_answer_that_cannot_be_read_counts_as_a_refusal() -> None:
    store = ConfigObject(int(ObjectClass.PM_STORE), 0x0100, ())
    bench = Bench(configurations=lambda _id, _config: build_configuration(0x4001, (store,)))
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(mds_answer(0)) != b""
    bench.take_events()
    # Asked for the numbers of its segments instead.
    assert bench.receive(prst(1, 0x0207, bytes.fromhex("0100 0C0D 0001 FF"))) != b""
    assert bench.receive(prst(2, 0x0207, bytes.fromhex("0100 0C1E 0001 FF"))) == b""
    assert bench.events[-1] == StoredDataFinished(complete=False)
    told = bench.take_warnings()
    assert ["GetSegments:" in told[0], "GetSegmentIds:" in told[1]] == [True, True]


def test_an_answer_is_only_taken_in_the_form_that_was_expected() -> None:
    taken: list[Message] = []
    take = narrowed(RorsGet, lambda message, _now: taken.append(message))
    take(RorsGet(0, ()), 0.0)
    assert taken == [RorsGet(0, ())]
    with pytest.raises(AssertionError):
        take(RorsConfirmedSet(0, ()), 0.0)
