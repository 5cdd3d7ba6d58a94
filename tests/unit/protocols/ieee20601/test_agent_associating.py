"""An agent asks, is tested or not, offers its configurations in turn, and ends by their reasons."""

from __future__ import annotations

import pytest

from protocols.errors import AssociationRejectedError
from protocols.ieee20601.association import FunctionalUnits
from protocols.ieee20601.events import AgentAssociated, AssociationEnded
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, aarq, abrt, prst
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.scanned import scanning

TEST = FunctionalUnits.HAVE_TEST_CAP | FunctionalUnits.CREATE_TEST_ASSOCIATION


def verdict(config_id: int, result: int) -> bytes:
    return (
        bytes.fromhex("0000 FFFFFFFF 0D1C 0004") + config_id.to_bytes(2, "big") + bytes([0, result])
    )


@pytest.mark.parametrize("result", [1, 2])
def test_a_refused_configuration_is_followed_by_the_next(result: int) -> None:
    device = Device(config_id=0x0190, other_configurations=(scanning(),))
    device.offer()
    # First the same objects as an extended configuration.
    assert device.receive(prst(0, 0x0201, verdict(0x0190, result)))[22:24].hex() == "4000"
    second = device.receive(prst(1, 0x0201, verdict(0x4000, result)))
    assert second[22:24].hex() == "4000"
    assert len(second) > 200
    # Reason 1: no more configurations.
    last = device.receive(prst(2, 0x0201, verdict(0x4000, result)))
    assert last == bytes.fromhex("E400 0002 0001")
    device.receive(RLRE)
    assert device.take_events() == [AssociationEnded(cause=None, released=True)]
    # The next association begins with the first again.
    assert device.associate()[44:46].hex() == "0190"


def test_without_an_extended_id_the_next_configuration_is_offered() -> None:
    device = Device(
        AgentPolicy(extended_config_id=None), config_id=0x0190, other_configurations=(scanning(),)
    )
    device.offer()
    device.receive(prst(0, 0x0201, verdict(0x0190, 2)))
    device.receive(prst(1, 0x0201, verdict(0x4000, 0)))
    assert device.take_events() == [AgentAssociated(0x4000, known=False, test=False)]


def test_a_test_association_is_asked_for_and_agreed() -> None:
    device = Device(AgentPolicy(functional_units=int(TEST)))
    assert device.associate() == aarq(config_id=0x4001, functional_units=int(TEST))
    device.receive(aare(0, functional_units=FunctionalUnits.CREATE_TEST_ASSOCIATION))
    assert device.take_events() == [AgentAssociated(0x4001, known=True, test=True)]


def test_test_data_never_goes_into_a_real_association() -> None:
    device = Device(AgentPolicy(functional_units=int(TEST)))
    device.associate()
    assert device.receive(aare(0)) == abrt(0)
    assert device.is_in(State.UNASSOCIATED)


def test_the_request_is_sent_again_and_given_up() -> None:
    device = Device()
    request = device.associate()
    assert device.wait(10.0) + device.wait(10.0) + device.wait(10.0) == request * 3
    assert device.wait(10.0) == abrt(2)


def test_a_refusal_and_another_agent_are_told_apart() -> None:
    device = Device()
    device.associate()
    assert device.receive(aarq(config_id=0x0190)) == bytes.fromhex("E300 0006 0001 0000 0000")
    assert device.is_in(State.ASSOCIATING)
    device.receive(aare(7))
    (end,) = device.take_events()
    assert isinstance(end, AssociationEnded)
    assert isinstance(end.cause, AssociationRejectedError)
    assert end.cause.result == 7


def test_only_what_began_ends() -> None:
    device = Device()
    device.agent.transport_closed(now=0.0)
    device.drain()
    assert device.take_events() == []
