"""A record access client against a meter played by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import LocalProtocolError
from protocols.gatt.racp import RecordAccess
from protocols.gatt.racp_events import Outcome, RecordAccessEnded, RecordsAnnounced
from protocols.gatt.racp_retrieval import (
    RECORD_NUMBERS,
    SEQUENCE_NUMBERS,
    UNNUMBERED,
)
from protocols.gatt.racp_table import RacpState
from protocols.ieee20601.events import ProtocolWarning
from tests.unit.protocols.gatt.meter import DELETING, NO_RECORDS, SUCCESS, Meter, reporting


@pytest.fixture
def meter() -> Meter:
    return Meter(RecordAccess(SEQUENCE_NUMBERS))


def test_a_retrieval_counts_then_fetches_then_says_it_is_complete(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now)
    assert meter.written() == ["0401"]
    meter.indicate("05000300")
    assert meter.written() == ["0101"]
    meter.send(1, 2, 3)
    meter.indicate(SUCCESS)
    announced, ended = meter.events()
    assert announced == RecordsAnnounced(3)
    assert ended == RecordAccessEnded(
        outcome=Outcome.COMPLETE, received=3, announced=3, last_durable=3
    )
    assert meter.access.state is RacpState.IDLE


def test_only_newer_records_are_asked_for_when_a_last_one_is_known(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now, after=41)
    assert meter.written() == ["0403012a00"]


@pytest.mark.parametrize("answer", ["05000000", "06000406"])
def test_no_records_is_a_normal_end(meter: Meter, answer: str) -> None:
    meter.access.retrieve(now=meter.now)
    meter.indicate(answer)
    assert meter.outcome() is Outcome.NOTHING_NEW
    assert meter.written() == []


def test_no_records_after_a_count_that_was_refused_is_a_normal_end(meter: Meter) -> None:
    meter.access.retrieve(now=meter.now)
    meter.indicate("06000402")
    assert meter.written() == ["0401", "0101"]
    meter.indicate(NO_RECORDS)
    assert meter.outcome() is Outcome.NOTHING_NEW


def test_missing_records_are_asked_for_once_more(meter: Meter) -> None:
    reporting(meter)
    meter.send(1, 3)
    meter.indicate(SUCCESS)
    assert meter.written() == ["0101"]
    assert ProtocolWarning(
        "record access: 2 records came where 3 were announced, asked once more"
    ) in (meter.events())
    meter.send(1, 2, 3)
    meter.indicate(SUCCESS)
    ended = meter.ending()
    assert (ended.outcome, ended.received, ended.last_durable) == (Outcome.COMPLETE, 3, 3)


def test_records_missing_twice_are_reported_and_no_mark_is_kept(meter: Meter) -> None:
    reporting(meter)
    meter.send(1, 3)
    meter.indicate(SUCCESS)
    meter.send(1, 3)
    meter.indicate(SUCCESS)
    ended = meter.ending()
    assert (ended.outcome, ended.received, ended.announced) == (Outcome.SHORT, 2, 3)
    assert ended.last_durable is None


def test_no_records_found_behind_an_announcement_is_doubted_once(meter: Meter) -> None:
    reporting(meter)
    meter.indicate(NO_RECORDS)
    assert meter.written() == ["0101"]
    meter.indicate(NO_RECORDS)
    assert meter.outcome() is Outcome.SHORT


def test_a_link_lost_in_the_middle_resumes_after_the_last_durable_record(meter: Meter) -> None:
    reporting(meter, announced=9)
    meter.send(1, 2, 3)
    meter.send(4, durable=False)
    meter.access.transport_closed(now=meter.now)
    ended = meter.ending()
    assert (ended.outcome, ended.last_durable) == (Outcome.INTERRUPTED, 3)
    meter.access.transport_connected(now=meter.now)
    assert meter.written() == ["0403010400"]
    meter.indicate("05000600")
    assert meter.written() == ["0103010400"]
    meter.send(4, 5, 6, 7, 8, 9)
    meter.indicate(SUCCESS)
    assert meter.outcome() is Outcome.COMPLETE
    assert meter.access.last_durable == 9
    meter.access.transport_closed(now=meter.now)
    meter.access.transport_connected(now=meter.now)
    assert meter.written() == []


def test_a_commit_that_ends_after_the_link_counts_for_the_resume(meter: Meter) -> None:
    reporting(meter)
    meter.send(1, durable=False)
    meter.access.transport_closed(now=meter.now)
    meter.access.confirm(1)
    meter.access.transport_connected(now=meter.now)
    assert meter.written() == ["0403010200"]


def test_records_are_never_deleted_by_default(meter: Meter) -> None:
    reporting(meter)
    meter.send(1, 2, 3)
    meter.indicate(SUCCESS)
    with pytest.raises(LocalProtocolError, match="against the policy"):
        meter.access.delete_durable(now=meter.now)
    assert meter.written() == []


def test_durable_records_are_deleted_where_the_policy_says_so() -> None:
    meter = Meter(RecordAccess(SEQUENCE_NUMBERS, DELETING))
    with pytest.raises(LocalProtocolError):
        meter.access.delete_durable(now=meter.now)
    reporting(meter)
    meter.send(1, 2)
    meter.send(3, durable=False)
    meter.indicate(SUCCESS)
    meter.events()
    meter.access.delete_durable(now=meter.now)
    assert meter.written() == ["0202010200"]
    meter.indicate("06000201")
    ended = meter.ending()
    assert (ended.outcome, ended.deleting) == (Outcome.DELETED, True)


def test_records_without_numbers_are_never_deleted() -> None:
    meter = Meter(RecordAccess(UNNUMBERED, DELETING))
    reporting(meter, announced=1)
    meter.send(None)
    meter.indicate(SUCCESS)
    assert meter.outcome() is Outcome.COMPLETE
    with pytest.raises(LocalProtocolError):
        meter.access.delete_durable(now=meter.now)


def test_a_generic_health_sensor_reports_and_counts_in_one() -> None:
    meter = Meter(RecordAccess(RECORD_NUMBERS))
    meter.access.retrieve(now=meter.now, after=9)
    assert meter.written() == ["0403010a000000"]
    meter.indicate("0500020000 00".replace(" ", ""))
    assert meter.written() == ["0703010a000000"]
    meter.send(10, 11)
    meter.indicate("080002000000")
    assert meter.outcome() is Outcome.COMPLETE


def test_a_second_request_is_refused_and_changes_nothing(meter: Meter) -> None:
    reporting(meter)
    meter.send(1)
    with pytest.raises(LocalProtocolError, match="while Reporting"):
        meter.access.retrieve(now=meter.now, after=50)
    assert meter.access.last_durable == 1
    with pytest.raises(LocalProtocolError, match="transport connected"):
        meter.access.transport_connected(now=meter.now)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=8),
            st.integers(0, 0xFFFF),
            st.sampled_from(["up", "down", "get", "stop", "busy", "fail", "wait"]),
        ),
        max_size=30,
    )
)
def test_whatever_happens_nothing_raises_but_refusals_of_our_own_side(
    happenings: list[bytes | int | str],
) -> None:
    access = RecordAccess(SEQUENCE_NUMBERS)
    now = 0.0
    for item in happenings:
        now += 1
        try:
            if isinstance(item, bytes):
                access.receive_data(item, now=now)
            elif isinstance(item, int):
                access.record_received(item, now=now)
            else:
                {
                    "up": access.transport_connected,
                    "down": access.transport_closed,
                    "get": access.retrieve,
                    "stop": access.abort,
                    "wait": access.handle_deadline,
                }.get(item, lambda now: access.write_refused(0xFE, now=now))(now=now)
        except LocalProtocolError:
            assert item in ("up", "get", "stop")
    assert (access.next_deadline() is None) is (
        access.state in (RacpState.IDLE, RacpState.DISCONNECTED)
    )
