"""Whose a device is, as the cloud's list and the scans on board say."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from edge.commands.inbox import CommandInbox
from edge.enrolment.devices import Belonging, EnrolledDevices
from protocols.model.codes import SystemId
from protocols.uplink.commands import (
    CommandAnswer,
    DeviceEnrolment,
    EnrolledDevice,
    EnrolmentOutcome,
    ListDevices,
    Outcome,
    ReadClock,
)
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.making import NOON


def device(system_id: str, vehicle_id: str) -> EnrolledDevice:
    return EnrolledDevice(
        system_id=system_id, serial_number="S", manufacturer="Acme", vehicle_id=vehicle_id
    )


def scan(number: int, system_id: str = "") -> DeviceEnrolment:
    return DeviceEnrolment(
        enrolment_id=UUID(int=number),
        at=NOON,
        serial_number=f"S-{number}",
        manufacturer="Acme",
        device_class="oximeter",
        system_id=system_id,
    )


async def take(devices: EnrolledDevices, request: ListDevices) -> tuple[tuple[str, str], ...]:
    one = command(request)
    devices.inbox.take(one)
    carried = await devices.take_list(one)
    answer = CommandAnswer(command_id=one.command_id, outcome=Outcome.DONE, at=NOON)
    devices.inbox.finish(answer, carried.keep)
    carried.then()
    return carried.facts


LIST = ListDevices(
    version=5,
    devices=(
        device("0102030405060708", "AMB-7"),
        device("1112131415161718", "AMB-8"),
        device("AABBCCFFFEDDEEFF", ""),
    ),
)


async def test_the_list_says_ours_another_vehicles_or_unknown(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    devices = EnrolledDevices(inbox, "AMB-7")
    assert not devices.is_known()
    assert devices.judge("0102030405060708") is Belonging.UNKNOWN
    assert await take(devices, LIST) == (("devices", "3"),)
    assert devices.is_known()
    for where in (devices, EnrolledDevices(inbox, "AMB-7")):
        assert where.judge("01-02-03-04-05-06-07-08") is Belonging.OURS
        assert where.judge(SystemId.parse("1112131415161718")) is Belonging.OTHER_VEHICLE
        assert where.judge("AA:BB:CC:DD:EE:FF") is Belonging.OURS, "its Bluetooth address"
        assert where.judge("no address") is Belonging.UNKNOWN
    inbox.close()


async def test_an_older_list_changes_nothing(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    devices = EnrolledDevices(inbox, "AMB-7")
    await take(devices, LIST)
    assert await take(devices, ListDevices(version=4)) == (("list", "older"),)
    assert devices.judge("0102030405060708") is Belonging.OURS
    assert (await devices.take_list(command(ReadClock()))).reason == "another_request"
    inbox.close()


async def test_a_scanned_device_is_ours_at_once_and_settled_by_the_cloud(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    devices = EnrolledDevices(inbox, "AMB-7")
    await take(devices, LIST)
    fresh = scan(1, "2122232425262728")
    assert devices.enrol(fresh) is Belonging.OURS
    assert devices.judge("2122232425262728") is Belonging.OURS
    assert devices.enrol(scan(2)) is Belonging.OURS
    assert devices.enrol(scan(3, "1112131415161718")) is Belonging.OTHER_VEHICLE
    assert {one.enrolment_id for one in inbox.enrolments()} == {UUID(int=1), UUID(int=2)}
    await take(devices, ListDevices(version=6, settled=(UUID(int=1), UUID(int=2))))
    assert inbox.enrolments() == ()
    inbox.close()


async def test_how_a_scan_stands_is_known_over_a_power_cut(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    devices = EnrolledDevices(inbox, "AMB-7")
    devices.enrol(scan(1))
    devices.enrol(scan(2))
    again = EnrolledDevices(inbox, "AMB-7")
    assert [(one.code, one.state) for one in again.scanned()] == [
        ("S-1", "to_send"),
        ("S-2", "to_send"),
    ]
    said = ListDevices(
        version=6,
        settled=(UUID(int=1),),
        outcomes=(
            EnrolmentOutcome(
                enrolment_id=UUID(int=1), state="waiting", reason="device", code="S-1"
            ),
        ),
    )
    await take(again, said)
    for where in (again, EnrolledDevices(inbox, "AMB-7")):
        assert [(one.code, one.state) for one in where.scanned()] == [
            ("S-2", "to_send"),
            ("S-1", "waiting"),
        ]
    inbox.close()


async def test_what_is_killed_before_it_is_settled_goes_up_once_more(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    devices = EnrolledDevices(inbox, "AMB-7")
    devices.enrol(scan(1))
    one = command(ListDevices(version=6, settled=(UUID(int=1),)))
    inbox.take(one)
    carried = await devices.take_list(one)
    answer = CommandAnswer(command_id=one.command_id, outcome=Outcome.DONE, at=NOON)
    inbox.finish(answer, carried.keep)
    again = EnrolledDevices(inbox, "AMB-7")
    assert [one.enrolment_id for one in inbox.enrolments()] == [UUID(int=1)]
    await take(again, ListDevices(version=5, settled=(UUID(int=1),)))
    assert inbox.enrolments() == (), "an older list settles too"
    inbox.close()


def test_a_list_kept_by_an_older_gateway_is_read(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    inbox.keep({"devices.list": '{"version": 3, "devices": []}'})
    devices = EnrolledDevices(inbox, "AMB-7")
    assert devices.is_known()
    assert devices.scanned() == ()
    inbox.close()
