"""A record access client when the meter is silent, busy or refuses."""

from __future__ import annotations

import pytest

from protocols.gatt.racp import RecordAccess
from protocols.gatt.racp_events import Outcome
from protocols.gatt.racp_retrieval import (
    SEQUENCE_NUMBERS,
)
from protocols.gatt.racp_table import RacpState
from protocols.ieee20601.events import ProtocolWarning
from tests.unit.protocols.gatt.meter import DELETING, SUCCESS, Meter, reporting


@pytest.fixture
def meter() -> Meter:
    return Meter(RecordAccess(SEQUENCE_NUMBERS))


@pytest.mark.parametrize("state", ["counting", "reporting", "deleting", "aborting", "waiting"])
def test_thirty_seconds_of_silence_end_every_procedure(state: str) -> None:
    meter = Meter(RecordAccess(SEQUENCE_NUMBERS, DELETING))
    reporting(meter)
    if state == "counting":
        meter.access.abort(now=meter.now)
        meter.indicate("06000301")
        meter.access.retrieve(now=meter.now)
    elif state == "deleting":
        meter.send(1, 2, 3)
        meter.indicate(SUCCESS)
        meter.access.delete_durable(now=meter.now)
    elif state == "aborting":
        meter.access.abort(now=meter.now)
    elif state == "waiting":
        meter.access.write_refused(0xFE, now=meter.now)
        meter.wait(5)
    meter.events()
    assert meter.access.next_deadline() == meter.now + 30
    meter.wait(29.9)
    assert meter.events() == []
    meter.wait(0.1)
    ended = meter.ending()
    assert ended.outcome is Outcome.TIMED_OUT
    assert ended.deleting is (state == "deleting")


def test_every_record_restarts_the_timeout(meter: Meter) -> None:
    reporting(meter)
    meter.wait(20)
    meter.send(1)
    assert meter.access.next_deadline() == meter.now + 30


def test_a_deadline_that_is_not_there_does_nothing(meter: Meter) -> None:
    meter.wait(1000)
    assert meter.events() == []


def test_a_busy_server_is_asked_again_after_a_pause(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now)
    meter.written()
    meter.access.write_refused(0x80, now=meter.now)
    assert meter.written() == []
    meter.wait(5)
    assert meter.written() == ["0401"]
    assert meter.access.state is RacpState.COUNTING


@pytest.mark.parametrize("what", ["count", "report", "delete"])
def test_a_server_that_stays_busy_ends_the_procedure(what: str) -> None:
    meter = Meter(RecordAccess(SEQUENCE_NUMBERS, DELETING))
    if what == "count":
        meter.access.retrieve(now=meter.now)
    else:
        reporting(meter)
    if what == "delete":
        meter.send(1, 2, 3)
        meter.indicate(SUCCESS)
        meter.access.delete_durable(now=meter.now)
        meter.events()
    for _ in range(3):
        meter.access.write_refused(0xFE, now=meter.now)
        meter.wait(5)
    meter.access.write_refused(0xFE, now=meter.now)
    ended = meter.ending()
    assert (ended.outcome, ended.reason) == (Outcome.FAILED, "ATT error 0xfe")


def test_a_failed_write_ends_the_retrieval_to_be_resumed(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now)
    meter.access.write_refused(None, now=meter.now)
    ended = meter.ending()
    assert (ended.outcome, ended.reason) == (Outcome.FAILED, "the write failed")
    meter.access.transport_closed(now=meter.now)
    meter.access.transport_connected(now=meter.now)
    assert meter.access.state is RacpState.COUNTING


def test_an_abort_is_written_and_ends_with_its_answer(meter: Meter) -> None:
    reporting(meter)
    meter.send(1)
    meter.access.abort(now=meter.now)
    assert meter.written() == ["0300"]
    meter.send(2)
    meter.indicate(SUCCESS)
    meter.indicate("06000301")
    ended = meter.ending()
    assert (ended.outcome, ended.received) == (Outcome.ABORTED, 2)
    meter.access.transport_closed(now=meter.now)
    meter.access.transport_connected(now=meter.now)
    assert meter.access.state is RacpState.IDLE


@pytest.mark.parametrize("answer", ["06000307", "06000302"])
def test_an_unsuccessful_abort_is_said(meter: Meter, answer: str) -> None:
    reporting(meter)
    meter.access.abort(now=meter.now)
    meter.indicate(answer)
    assert meter.outcome() is Outcome.NOT_ABORTED


def test_nothing_to_abort_is_no_fault(meter: Meter) -> None:
    meter.access.abort(now=meter.now)
    assert meter.written() == []


def test_a_server_without_the_filter_is_asked_for_everything(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now, after=7)
    meter.indicate("06000404")
    assert meter.written() == ["0403010800", "0401"]
    meter.indicate("05000200")
    assert meter.written() == ["0101"]


def test_a_filter_refused_by_the_report_alone_is_widened_there(meter: Meter) -> None:
    reporting(meter, after=7)
    meter.indicate("06000109")
    assert meter.written() == ["0101"]
    meter.send(1, 2)
    meter.indicate(SUCCESS)
    assert meter.outcome() is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        ("06000102", Outcome.REFUSED, "op code not supported"),
        ("06000103", Outcome.REFUSED, "invalid operator"),
        ("06000108", Outcome.FAILED, "procedure not completed"),
        ("060001c8", Outcome.FAILED, "response value 200"),
    ],
)
def test_other_response_values_end_the_retrieval_in_words(
    meter: Meter, answer: str, outcome: Outcome, reason: str
) -> None:
    reporting(meter)
    meter.indicate(answer)
    ended = meter.ending()
    assert (ended.outcome, ended.reason) == (outcome, reason)


@pytest.mark.parametrize(
    "answer", ["05000300", "06000401", "06000201", "080003000000", "0101", "06000307", "05"]
)
def test_an_answer_to_what_was_not_asked_is_a_warning(meter: Meter, answer: str) -> None:
    meter.indicate(answer)
    (warning,) = meter.events()
    assert isinstance(warning, ProtocolWarning)
    reporting(meter)
    meter.indicate(answer)
    assert meter.access.state is RacpState.REPORTING


def test_a_live_record_outside_a_retrieval_is_not_counted(meter: Meter) -> None:
    meter.send(17)
    reporting(meter, announced=1)
    meter.send(18)
    meter.indicate(SUCCESS)
    assert meter.ending().received == 1
