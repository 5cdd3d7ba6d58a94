"""What is forgiven in an exchange: told once an association, refused where it is switched off."""

from __future__ import annotations

import pytest

from protocols.ieee20601.events import ProtocolWarning
from protocols.ieee20601.policies import AgentPolicy, ManagerPolicy
from protocols.ieee20601.states import State
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from tests.unit.protocols.ieee20601.apdu_octets import AGENT_ID, MANAGER_ID, aarq
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.exchange import Bench, spo2

STRICT = ManagerPolicy(tolerances=STRICT_TOLERANCES)
REJECTED_PERMANENT = 1


def tolerated(bench: Bench) -> list[str]:
    return [text for text in bench.take_warnings() if text.startswith("tolerated ")]


@pytest.mark.parametrize("system_id", [b"LNIAGENT", b"\x01\x02\x03", bytes(9)])
def test_a_system_id_that_is_no_eui_64_is_an_identity_all_the_same(system_id: bytes) -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190, system_id=system_id))
    assert bench.is_in(State.OPERATING)
    assert tolerated(bench) == ["tolerated system-id-form: the System-Id is no EUI-64"]


def test_a_strict_manager_refuses_a_system_id_that_is_no_eui_64() -> None:
    bench = Bench(policy=STRICT)
    answer = bench.receive(aarq(config_id=0x0190, system_id=b"LNIAGENT"))
    assert answer[:2] == b"\xe3\x00"
    assert int.from_bytes(answer[4:6], "big") == REJECTED_PERMANENT
    bench.receive(aarq(config_id=0x0190))
    assert bench.is_in(State.OPERATING)


def test_a_clock_that_is_not_set_is_told_once_an_association() -> None:
    bench = Bench()
    bench.operate()
    for invoke_id in range(3):
        bench.report(invoke_id, spo2(97, number=invoke_id, stamp=bytes(8)))
    assert len(tolerated(bench)) == 1


def test_a_strict_manager_refuses_a_report_whose_clock_is_not_set() -> None:
    bench = Bench(policy=STRICT)
    bench.operate()
    answer = bench.report(1, spo2(97, stamp=bytes(8)))
    assert answer[8:10] == b"\x04\x00"  # RORJ
    assert answer[12:14] == b"\x00\x02"  # badly-structured-apdu


def echoing() -> bytes:
    octets = aare(0)
    assert MANAGER_ID in octets
    return octets.replace(MANAGER_ID, AGENT_ID)


def test_an_agent_associates_with_a_manager_that_echoes_its_system_id() -> None:
    device = Device()
    device.associate()
    device.receive(echoing())
    assert device.is_in(State.OPERATING)
    warnings = [event.text for event in device.events if isinstance(event, ProtocolWarning)]
    assert warnings == ["tolerated echoed-system-id: the manager echoes our own System-Id"]


def test_a_strict_agent_does_not() -> None:
    device = Device(AgentPolicy(tolerances=STRICT_TOLERANCES))
    device.associate()
    device.receive(echoing())
    assert device.is_in(State.UNASSOCIATED)
