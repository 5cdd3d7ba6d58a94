"""How a device is shown, and how long reports took to the disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from edge.drivers.delays import BOUNDS, Delays
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.drivers.identity import derive_system_id, own_system_id
from edge.errors import StartError
from protocols.model.codes import SystemId
from tests.unit.edge.making import NOON


def health(name: str = "ox") -> DeviceHealth:
    return DeviceHealth(name, "tcp:a:1", NOON)


def test_since_changes_with_the_state_not_with_the_reason() -> None:
    device = health()
    device.move(DeviceState.WAITING, at=NOON + timedelta(seconds=9), reason="no such port")
    assert (device.since, device.reason) == (NOON, "no such port")
    device.move(DeviceState.CONNECTED, at=NOON + timedelta(seconds=9))
    assert (device.since, device.reason) == (NOON + timedelta(seconds=9), "")


def test_a_line_that_comes_back_is_counted_the_first_one_is_not() -> None:
    device = health()
    device.come(at=NOON)
    device.fail(at=NOON, reason="unplugged")
    assert (device.state, device.reason, device.link.reconnects) == (
        DeviceState.WAITING,
        "unplugged",
        0,
    )
    device.come(at=NOON)
    device.fail(at=NOON, reason="fault in the program: KeyError", is_fault=True)
    assert (device.link.reconnects, device.counts.failures, device.counts.faults) == (1, 2, 1)


def test_a_lost_bond_stays_one_until_the_device_is_there_again() -> None:
    device = health()
    device.move(DeviceState.BOND_LOST, at=NOON, reason="pair it again")
    device.fail(at=NOON, reason="the connection broke")
    assert (device.state, device.reason) == (DeviceState.BOND_LOST, "pair it again")
    device.come(at=NOON)
    assert device.state is DeviceState.CONNECTED


def test_what_a_person_should_see_to_is_said_beside_the_state() -> None:
    device = health()
    assert not device.troubles
    device.clock_fault, device.is_battery_low = "it is 5 minutes behind", True
    assert device.troubles == ("clock wrong", "battery low")


def test_an_agent_that_comes_back_goes_on_with_its_counts() -> None:
    board = HealthBoard()
    first, second = health("tcp:1"), health("tcp:2")
    for item in (first, second):
        board.add(item)
        item.system_id = "AA"
    board.identify(first, "AA")
    first.counts.reports = 5
    first.move(DeviceState.ENDED, at=NOON)
    board.leave(first)
    board.identify(second, "AA")
    assert [item.name for item in board] == ["agent AA"]
    assert second.counts.reports == 5


def test_an_agent_that_never_said_its_name_is_forgotten_when_it_leaves() -> None:
    board = HealthBoard()
    guest = health("tcp:1")
    board.add(guest)
    board.leave(guest)
    assert list(board) == []


def test_agents_that_left_are_kept_up_to_a_bound() -> None:
    board = HealthBoard()
    for number in range(100):
        guest = health(f"tcp:{number}")
        guest.system_id = f"{number:02X}"
        board.identify(guest, guest.system_id)
        guest.move(DeviceState.ENDED, at=NOON)
        board.leave(guest)
    assert len(list(board)) == 64


def test_delays_give_percentiles_and_buckets() -> None:
    delays = Delays()
    assert delays.percentiles(0.5, 0.99) == (None, None)
    for milliseconds in range(1, 101):
        delays.record(milliseconds / 1000)
    assert delays.percentiles(0.5, 0.99) == (0.050, 0.099)
    assert sum(delays.by_bound) == delays.count == 100
    assert delays.by_bound[BOUNDS.index(0.1)] == 50
    delays.record(99.0)
    assert delays.by_bound[-1] == 1
    assert delays.most == 99.0


def test_a_gateway_keeps_the_identity_it_was_given_first(tmp_path: Path) -> None:
    first = own_system_id(tmp_path, given="", gateway_id="gw-1")
    assert first == derive_system_id("gw-1")
    assert first.octets[0] & 0x03 == 0x02, "locally administered, not a group"
    assert own_system_id(tmp_path, given="", gateway_id="renamed") == first
    wished = own_system_id(tmp_path, given="0102030405060708", gateway_id="gw-1")
    assert wished == SystemId(bytes(range(1, 9)))


def test_a_spoilt_identity_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "system-id").write_text("not hex", encoding="ascii")
    with pytest.raises(StartError, match="holds no System-Id"):
        own_system_id(tmp_path, given="", gateway_id="gw-1")
