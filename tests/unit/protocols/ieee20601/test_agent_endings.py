"""An agent's association ends by release, abort or a closed transport, with the right reason."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.ieee20601.events import AssociationEnded
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import RLRE, RLRQ, abrt, prst
from tests.unit.protocols.ieee20601.device import Device, aare
from tests.unit.protocols.ieee20601.scanned import scanning


@pytest.fixture
def operating() -> Device:
    device = Device()
    device.operate()
    return device


def test_a_changed_configuration_releases_with_its_reason_and_is_offered_next(
    operating: Device,
) -> None:
    operating.agent.change_configuration(scanning(), now=0.0)
    assert operating.drain() == bytes.fromhex("E400 0002 0002")
    operating.receive(RLRE)
    assert operating.take_events() == [AssociationEnded(cause=None, released=True)]
    assert operating.associate()[44:46].hex() == "4000"
    operating.receive(aare(0))
    operating.agent.release(now=0.0)
    assert operating.drain() == RLRQ


def test_a_configuration_can_be_changed_between_associations() -> None:
    device = Device()
    device.agent.change_configuration(scanning(), now=0.0)
    assert device.drain() == b""
    assert device.associate()[44:46].hex() == "4000"
    device.agent.transport_closed(now=0.0)
    device.drain()
    with pytest.raises(LocalProtocolError):
        device.agent.change_configuration(scanning(), now=0.0)


def test_a_release_crossing_ours_is_answered_and_we_wait_on(operating: Device) -> None:
    operating.agent.release(now=0.0)
    operating.drain()
    assert operating.receive(RLRQ) == RLRE
    assert operating.is_in(State.DISASSOCIATING)
    assert operating.wait(3.0) == abrt(2)


def test_a_release_of_the_manager_ends_it(operating: Device) -> None:
    assert operating.receive(RLRQ) == RLRE
    assert operating.take_events() == [AssociationEnded(cause=None, released=True)]


def test_both_sides_can_abort(operating: Device) -> None:
    operating.agent.abort(1, now=0.0)
    assert operating.drain() == abrt(1)
    operating.operate()
    assert operating.receive(abrt(3)) == b""
    (end,) = operating.take_events()
    assert isinstance(end, AssociationEnded)
    assert isinstance(end.cause, RemoteProtocolError)
    assert "reason 3" in str(end.cause)


def test_giving_up_the_request_aborts_with_reason_undefined(operating: Device) -> None:
    operating.agent.abort(1, now=0.0)
    operating.associate()
    operating.agent.release(now=0.0)
    assert operating.drain() == abrt(0)


def test_a_closed_transport_ends_it_without_a_cause(operating: Device) -> None:
    operating.agent.transport_closed(now=0.0)
    operating.drain()
    assert operating.take_events() == [AssociationEnded(cause=None, released=False)]


def test_without_an_association_an_abort_answers_what_needs_one() -> None:
    device = Device()
    assert device.receive(RLRQ) == abrt(0)
    assert device.is_in(State.UNASSOCIATED)
    # What follows the abort is stale for a while.
    assert device.receive(prst(1, 0x0103, bytes(6))) == b""
