"""How a manager reads the MDS, and what becomes of reports when nobody answers the Get."""

from __future__ import annotations

import pytest

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import MdsTimeInfo
from protocols.ieee20601.configuration import build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import DeviceDescribed, ObservationsReported, ProtocolWarning
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.policies import ClockSetting, ManagerPolicy
from protocols.ieee20601.states import State
from protocols.model.device import DeviceInfo
from tests.unit.protocols.ieee20601.apdu_octets import aarq, abrt, prst, sized
from tests.unit.protocols.ieee20601.exchange import AGENT, Bench, spo2


def error(invoke_id: int, code: int) -> bytes:
    return prst(invoke_id, 0x0300, code.to_bytes(2, "big") + bytes(2))


def reject(invoke_id: int, problem: int) -> bytes:
    return prst(invoke_id, 0x0400, problem.to_bytes(2, "big"))


def test_what_is_odd_in_an_mds_is_told_and_tolerated() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    attributes = bytes.fromhex("0984") + sized(sized(bytes(8)))
    bench.receive(prst(0, 0x0203, b"\x00\x00\x00\x01" + sized(attributes)))
    assert DeviceDescribed(DeviceInfo(system_id=AGENT)) in bench.events
    assert ProtocolWarning("the MDS names another System-Id than the association") in bench.events


def test_an_mds_that_is_never_told_aborts_and_live_values_are_not_lost() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98))
    bench.report(2, spo2(97), confirmed=False)
    bench.take_events()
    assert bench.wait(3.0) == abrt(2)
    described, reported, end = bench.take_events()
    assert described == DeviceDescribed(DeviceInfo(system_id=AGENT))
    # The confirmed one will be sent again; the live one would be gone.
    assert isinstance(reported, ObservationsReported)
    assert reported.invoke_id is None
    assert "GetMds" in str(getattr(end, "cause", None))


def test_the_clock_is_set_before_stored_data_are_asked_for() -> None:
    store = ConfigObject(int(ObjectClass.PM_STORE), 0x0100, ())
    bench = Bench(
        policy=ManagerPolicy(clock_setting=ClockSetting.WHEN_ALLOWED),
        configurations=lambda _id, _config: build_configuration(0x4001, (store,)),
    )
    bench.receive(aarq(config_id=0x4001))
    info = at.MDS_TIME_INFO.encode(MdsTimeInfo(0xC010, 7936, 0, 0, 0, 0))
    attributes = bytes.fromhex("0A45") + sized(info)
    written = bench.receive(prst(0, 0x0203, b"\x00\x00\x00\x01" + sized(attributes)))
    assert written[8:10] == b"\x01\x07"
    assert bench.receive(prst(1, 0x0207, bytes.fromhex("0000 0C17 0000")))[12:16] == (
        bytes.fromhex("0100 0C0D")
    )


@pytest.mark.parametrize(
    "refusal",
    [error(0, 2), reject(0, 0), bytes.fromhex("E700 000C 000A 0000 0203 0004 0000 0001")],
    ids=["ROER", "RORJ", "undecodable"],
)
def test_an_agent_that_refuses_the_get_is_used_all_the_same(refusal: bytes) -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(98))
    bench.take_events()
    assert bench.receive(refusal) == b""
    described, reported = bench.take_events()
    assert described == DeviceDescribed(DeviceInfo(system_id=AGENT))
    assert isinstance(reported, ObservationsReported)
    assert bench.is_in(State.OPERATING)
