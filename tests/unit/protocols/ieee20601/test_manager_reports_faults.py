"""Every fault of a report and of what else an agent may send has its answer."""

from __future__ import annotations

from decimal import Decimal

import pytest

from protocols.errors import RemoteProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import (
    ConfigObject,
    EventType,
    ObservationVar,
    ScanReportVar,
    encode_event_info,
)
from protocols.ieee20601.events import (
    ObservationsReported,
)
from protocols.ieee20601.framing import StreamLimits
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.tolerances import EVERY_TOLERANCE
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import NumericObservation
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import (
    FIXED,
    Bench,
    mds_answer,
    spo2,
)

PERCENT = UnitCode(544)


def confirmation(invoke_id: int) -> bytes:
    return prst(invoke_id, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000"))


def error(invoke_id: int, code: int) -> bytes:
    return prst(invoke_id, 0x0300, code.to_bytes(2, "big") + bytes(2))


def reject(invoke_id: int, problem: int) -> bytes:
    return prst(invoke_id, 0x0400, problem.to_bytes(2, "big"))


@pytest.fixture
def bench() -> Bench:
    operating = Bench()
    operating.operate()
    operating.take_events()
    return operating


def test_an_unknown_event_type_gets_one_error(bench: Bench) -> None:
    assert bench.receive(report(1, 0x0DFF, b"\x01\x02")) == error(1, 9)
    assert bench.is_in(State.OPERATING)
    assert bench.take_events() == []


@pytest.mark.parametrize(
    "info",
    [
        pytest.param(b"", id="empty"),
        pytest.param(spo2(98)[:-1], id="cut short"),
        pytest.param(spo2(98) + b"\x01", id="surplus octet"),
        pytest.param(spo2(98)[:4] + b"\x00\x04" + spo2(98)[6:], id="list count 4 with one entry"),
        pytest.param(spo2(98, extra=b"\x00\x00"), id="longer than its value map"),
    ],
)
def test_a_report_that_does_not_decode_is_rejected(bench: Bench, info: bytes) -> None:
    assert bench.report(1, info) == reject(1, 2)
    assert bench.is_in(State.OPERATING)
    assert bench.take_observations() == []


def test_a_wrong_list_count_is_forgiven_where_the_policy_is_lenient() -> None:
    bench = Bench(policy=ManagerPolicy(tolerances=EVERY_TOLERANCE))
    bench.operate()
    bench.take_events()
    info = spo2(98)
    assert bench.report(1, info[:4] + b"\x00\x04" + info[6:]) == b""
    assert len(bench.take_observations()) == 1


def test_two_zero_octets_behind_the_list_are_tolerated_with_a_warning(bench: Bench) -> None:
    assert bench.report(1, spo2(98) + b"\x00\x00") == b""
    assert any("surplus" in text for text in bench.take_warnings())


def variable(*values: AttributeValue) -> bytes:
    """A variable scan report's content: these attributes of handle 1."""
    info = ScanReportVar(0xF000, 0, (ObservationVar(1, values),))
    return encode_event_info(EventType.SCAN_REPORT_VAR, info)


UNREADABLE = at.NU_CMPD_VAL_OBS_BASIC.of((Decimal(98), Decimal(97)))
VENDOR = AttributeValue(0xF123, b"\xde\xad")


def test_a_report_of_which_no_value_can_be_read_is_rejected_not_lost_silently(
    bench: Bench,
) -> None:
    octets = report(1, EventType.SCAN_REPORT_VAR, variable(UNREADABLE, VENDOR))
    assert bench.receive(octets) == reject(1, 2)
    assert bench.is_in(State.OPERATING)
    warnings = bench.take_warnings()
    assert any("2 values for" in text for text in warnings)
    assert bench.take_observations() == []


@pytest.mark.parametrize(
    "values",
    [
        pytest.param((UNREADABLE, at.NU_VAL_OBS_BASIC.of(Decimal(98))), id="a good one beside it"),
        pytest.param((VENDOR,), id="vendor attribute"),
        pytest.param((at.UNIT_CODE.of(PERCENT),), id="no value at all"),
    ],
)
def test_other_reports_with_nothing_or_less_to_read_are_accepted(
    bench: Bench, values: tuple[AttributeValue, ...]
) -> None:
    assert bench.receive(report(1, EventType.SCAN_REPORT_VAR, variable(*values))) == b""
    assert bench.confirm(1)[8:10] == b"\x02\x01"


def test_a_value_without_a_unit_is_kept_as_dimensionless_and_told_once_per_object() -> None:
    numeric = ConfigObject(ObjectClass.NUMERIC, 1, (at.ID_TYPE.of(MdcCode(2, 19384)),))
    bench = Bench(configurations=lambda _id, _config: build_configuration(0x4001, (numeric,)))
    bench.operate(0x4001)
    bench.take_events()
    info = variable(at.NU_VAL_OBS_BASIC.of(Decimal(98)))
    for invoke_id in (1, 2):
        bench.receive(report(invoke_id, EventType.SCAN_REPORT_VAR, info))
    assert len([text for text in map(str, bench.events) if "missing-unit" in text]) == 1
    units = [o.value.unit for o in bench.take_observations() if isinstance(o, NumericObservation)]
    assert units == [UnitCode(512)] * 2
    with_unit = variable(at.UNIT_CODE.of(PERCENT), at.NU_VAL_OBS_BASIC.of(Decimal(98)))
    bench.receive(report(3, EventType.SCAN_REPORT_VAR, with_unit))
    assert bench.take_warnings() == []


def test_an_unknown_handle_is_an_error(bench: Bench) -> None:
    assert bench.report(1, spo2(98, handle=99)) == error(1, 1)
    assert bench.take_events() == []
    assert bench.is_in(State.OPERATING)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_report_of_an_unknown_source_is_an_error_whatever_it_holds(
    bench: Bench, confirmed: bool
) -> None:
    octets = report(1, FIXED, spo2(98), handle=77, confirmed=confirmed)
    assert bench.receive(octets) == (error(1, 1) if confirmed else b"")
    assert bench.take_observations() == []
    assert bench.is_in(State.OPERATING)


def test_values_of_known_handles_beside_an_unknown_one_are_kept(bench: Bench) -> None:
    one, two = spo2(98)[8:], spo2(77, handle=99)[8:]
    both = b"\xf0\x00\x00\x00\x00\x02" + (len(one) + len(two)).to_bytes(2, "big") + two + one
    assert bench.report(1, both) == error(1, 1)
    (event,) = bench.take_events()
    assert isinstance(event, ObservationsReported)
    assert event.invoke_id is None
    assert len(event.observations) == 1


def test_a_live_report_with_an_unknown_handle_keeps_its_known_values(bench: Bench) -> None:
    one, two = spo2(98)[8:], spo2(77, handle=99)[8:]
    both = b"\xf0\x00\x00\x00\x00\x02" + (len(one) + len(two)).to_bytes(2, "big") + two + one
    assert bench.report(1, both, confirmed=False) == b""
    assert len(bench.take_observations()) == 1


def test_an_unconfirmed_report_that_cannot_be_used_is_dropped_with_a_warning(
    bench: Bench,
) -> None:
    assert bench.report(1, spo2(98)[:-1], confirmed=False) == b""
    assert bench.receive(report(2, 0x0DFF, b"", confirmed=False)) == b""
    assert bench.receive(report(2, EventType.CONFIG, b"", confirmed=False)) == b""
    assert len(bench.take_warnings()) == 3
    assert bench.is_in(State.OPERATING)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        pytest.param(0x0103, bytes(6), id="Get"),
        pytest.param(0x0105, bytes(6), id="Set"),
        pytest.param(0x0107, bytes.fromhex("0000 0C17 0000"), id="Action"),
    ],
)
def test_a_request_from_the_agent_is_rejected(bench: Bench, choice: int, message: bytes) -> None:
    assert bench.receive(prst(0x77, choice, message)) == reject(0x77, 101)
    assert bench.is_in(State.OPERATING)


def test_an_unconfirmed_request_from_the_agent_is_ignored(bench: Bench) -> None:
    assert bench.receive(prst(1, 0x0104, bytes(6))) == b""
    assert bench.is_in(State.OPERATING)


@pytest.mark.parametrize(
    "octets",
    [
        prst(0x55, 0x0203, bytes(6)),
        prst(0x55, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000")),
        error(0x55, 1),
        reject(0x55, 2),
    ],
    ids=["Get response", "event response", "ROER", "RORJ"],
)
def test_an_answer_to_nothing_aborts(bench: Bench, octets: bytes) -> None:
    assert bench.receive(octets) == abrt(0)
    assert isinstance(bench.take_end().cause, RemoteProtocolError)


def test_a_second_answer_to_a_finished_get_aborts(bench: Bench) -> None:
    assert bench.receive(mds_answer(0)) == abrt(0)


def test_a_badly_structured_message_is_rejected_when_its_id_can_be_read(bench: Bench) -> None:
    # DATA announces 54 octets and holds 12.
    octets = bytes.fromhex("E700 0014 0012 0054 0101 0036") + bytes(12)
    assert bench.receive(octets) == reject(0x54, 2)
    assert bench.is_in(State.OPERATING)


def test_a_badly_structured_unconfirmed_report_gets_no_answer(bench: Bench) -> None:
    octets = bytes.fromhex("E700 0014 0012 0054 0100 0036") + bytes(12)
    assert bench.receive(octets) == b""
    assert bench.is_in(State.OPERATING)


def test_a_message_without_a_readable_id_aborts(bench: Bench) -> None:
    assert bench.receive(bytes.fromhex("E700 0004 0002 1234")) == abrt(0)


@pytest.mark.parametrize(
    ("octets", "answer", "stays"),
    [
        pytest.param(prst(0x1234, 0x0101, bytes(300)), reject(0x1234, 103), True, id="report"),
        pytest.param(prst(0x1234, 0x0100, bytes(300)), b"", True, id="unconfirmed report"),
        pytest.param(prst(0x1234, 0x0203, bytes(300)), abrt(0), False, id="stray response"),
        pytest.param(
            aarq(config_id=1, system_id=bytes(60)), abrt(1), False, id="no invoke id to answer"
        ),
    ],
)
def test_an_apdu_longer_than_allowed_is_refused(octets: bytes, answer: bytes, stays: bool) -> None:
    bench = Bench(policy=ManagerPolicy(limits=StreamLimits(max_octets=100)))
    bench.operate()
    assert bench.receive(octets) == answer
    assert bench.is_in(State.OPERATING) is stays
    if stays:
        assert bench.report(1, spo2(98)) == b""
        assert len(bench.take_observations()) == 1


def test_what_every_report_deviates_in_is_told_once() -> None:
    bench = Bench()
    bench.operate()
    for invoke_id in range(3):
        bench.report(invoke_id, spo2(97, number=invoke_id, stamp=bytes(8)))
    told = [text for text in bench.take_warnings() if "unset-clock" in text]
    assert told == ["tolerated unset-clock: a time that is no date is taken as unknown"]
