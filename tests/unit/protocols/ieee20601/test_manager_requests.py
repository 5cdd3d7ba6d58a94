"""Requests of a manager: each waits for the class of answer it expects, under its own id."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import (
    AttributesRead,
    AttributesSet,
    RequestRefused,
    StoredDataFinished,
)
from protocols.ieee20601.manager_requests import narrowed
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.remote_operations import Message, RorsConfirmedSet, RorsGet
from protocols.ieee20601.requests import set_attribute
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst
from tests.unit.protocols.ieee20601.exchange import Bench, mds_answer


def reading_mds() -> Bench:
    """A manager that waits for the answer to its Get, invoke id 7."""
    bench = Bench(first_invoke_id=7)
    assert bench.receive(aarq(config_id=0x0190)).endswith(prst(7, 0x0103, bytes(6)))
    return bench


def operating() -> Bench:
    """A manager whose next request has the id 8."""
    bench = reading_mds()
    bench.receive(mds_answer(7))
    bench.take_events()
    return bench


def test_the_answer_completes_the_request_and_stops_its_timer() -> None:
    bench = reading_mds()
    assert bench.receive(mds_answer(7)) == b""
    assert bench.manager.next_deadline() is None


def test_attributes_are_read_and_told_under_the_id_of_the_request() -> None:
    bench = operating()
    assert bench.manager.get(1, [2646, 2448], now=bench.now) == 8
    assert bench.drain() == prst(8, 0x0103, bytes.fromhex("0001 0002 0004 0A56 0990"))
    bench.receive(prst(8, 0x0203, bytes.fromhex("0001 0001 0006 0A56 0002 0062")))
    attributes = (AttributeValue(2646, b"\x00\x62"),)
    assert bench.take_events() == [AttributesRead(8, 1, attributes)]


def test_attributes_are_set_and_told_as_they_are_then() -> None:
    bench = operating()
    change = set_attribute(55, at.OP_STAT, 1).modifications
    assert bench.manager.set(55, change, now=bench.now) == 8
    assert bench.drain() == prst(8, 0x0105, bytes.fromhex("0037 0001 0008 0000 0953 0002 0001"))
    bench.receive(prst(8, 0x0205, bytes.fromhex("0037 0001 0006 0953 0002 0001")))
    assert bench.take_events() == [AttributesSet(8, 55, (AttributeValue(0x0953, b"\0\1"),))]


def test_a_refused_get_or_set_is_told_under_its_id() -> None:
    bench = operating()
    ids = [bench.manager.get(now=0.0), bench.manager.set(55, (), now=0.0)]
    for invoke_id in ids:
        bench.receive(prst(invoke_id, 0x0300, bytes.fromhex("0001 0000")))
    assert bench.take_events() == [RequestRefused(invoke_id) for invoke_id in ids]


def test_each_request_has_its_own_timer() -> None:
    bench = operating()
    bench.manager.get(now=0.0)
    bench.wait(2.0)
    bench.manager.set(55, (), now=bench.now)
    bench.drain()
    bench.receive(prst(8, 0x0203, bytes(6)))
    assert bench.wait(2.0) == b""
    assert bench.wait(1.0) == abrt(2)
    assert "no answer to Set" in str(bench.take_end().cause)


def test_an_answer_that_comes_after_the_abort_matches_nothing() -> None:
    bench = operating()
    bench.manager.get(now=0.0)
    bench.drain()
    assert bench.wait(3.0) == abrt(2)
    assert bench.receive(prst(8, 0x0203, bytes(6))) == b""
    bench.operate()
    assert bench.receive(prst(8, 0x0203, bytes(6))) == abrt(0)


def test_nothing_is_asked_without_an_operating_association() -> None:
    bench = Bench()
    with pytest.raises(LocalProtocolError):
        bench.manager.get(now=0.0)
    with pytest.raises(LocalProtocolError):
        bench.manager.set_time(now=0.0)
    assert bench.drain() == b""


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
