"""Whether the vehicle is at its station: by a person's word, by its network, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from edge.commands.carrying import Carried
from edge.commands.encounter import Binding, EncounterOnBoard
from edge.commands.inbox import CommandInbox
from edge.commands.station import LOOK_SECONDS, Station, Why
from edge.status.control import ControlSocket
from edge.status.station import register_station
from edge.uplink.way_out import StationPolicy, WayOut
from protocols.uplink.commands import (
    ArriveAtStation,
    CommandAnswer,
    LeaveStation,
    ReadClock,
    Request,
)
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.making import NOON, ManualTime

YARD = WayOut("wlan0", IPv4Address("10.20.1.1"))
ROAD = WayOut("wwan0", IPv4Address("100.64.0.1"))
HOUR = 3600.0


@dataclass
class Vehicle:
    """A vehicle that can be driven, switched off and on; its network is `way`."""

    folder: Path
    time: ManualTime = field(default_factory=ManualTime)
    way: WayOut | None = ROAD
    station: Station = field(init=False)

    def __post_init__(self) -> None:
        self.switch_on()

    def switch_on(self) -> None:
        """Begin anew over what is on the disk."""
        self.inbox = CommandInbox(self.folder)
        self.encounters = EncounterOnBoard(self.inbox)
        self.station = Station(
            inbox=self.inbox,
            encounters=self.encounters,
            clock=self.time.clock,
            policy=StationPolicy(networks=("10.20.0.0/16",), hours=8.0),
            look_out=lambda: self.way,
        )

    def restart(self, *, seconds: float = 1.0) -> None:
        self.inbox.close()
        self.time.seconds += seconds
        self.switch_on()

    def drive(self, way: WayOut | None) -> None:
        self.way = way
        self.station.look()

    def bind(self, name: str) -> None:
        self.encounters.begin(Binding(encounter_id=name, started_at=NOON))


@pytest.fixture
def vehicle(tmp_path: Path) -> Vehicle:
    return Vehicle(tmp_path)


def test_a_word_counts_for_its_hours_and_over_a_restart(vehicle: Vehicle) -> None:
    assert (vehicle.station.is_here(), vehicle.station.why) == (False, Why.NOTHING)
    vehicle.station.arrive()
    assert vehicle.station.is_here()
    vehicle.restart(seconds=2 * HOUR)
    assert vehicle.station.why is Why.SAID_HERE
    ends = NOON + timedelta(seconds=100 + 8 * HOUR)
    assert vehicle.station.describe()["until"] == ends.isoformat()
    vehicle.time.seconds += 6 * HOUR - 1
    assert vehicle.station.is_here(), "two hours of the eight went by while it was off"
    vehicle.time.seconds += 1
    assert not vehicle.station.is_here()
    vehicle.station.look()
    vehicle.restart()
    assert vehicle.station.describe()["until"] is None


def test_a_word_that_ended_while_the_gateway_was_off_is_over(vehicle: Vehicle) -> None:
    vehicle.station.arrive()
    vehicle.restart(seconds=9 * HOUR)
    assert not vehicle.station.is_here()
    assert vehicle.inbox.kept("station.said") is None


def test_a_clock_that_is_not_set_yet_ends_the_word(vehicle: Vehicle) -> None:
    vehicle.station.arrive()
    vehicle.restart(seconds=-50)
    assert not vehicle.station.is_here()


def test_a_wall_clock_that_is_set_moves_no_end(vehicle: Vehicle) -> None:
    vehicle.station.arrive()
    vehicle.station.clock = replace(
        vehicle.time.clock, utc=lambda: NOON + timedelta(seconds=vehicle.time.seconds + 20 * HOUR)
    )
    vehicle.station.look()
    assert vehicle.station.is_here()


def test_an_encounter_that_begins_ends_the_word_also_over_a_power_cut(vehicle: Vehicle) -> None:
    vehicle.station.arrive()
    vehicle.bind("enc_1")
    assert not vehicle.station.is_here()
    vehicle.station.arrive()
    assert vehicle.station.is_here(), "said while a patient was still on board"
    vehicle.restart()
    assert vehicle.station.is_here()
    vehicle.encounters.end()
    assert vehicle.station.is_here(), "nothing begins"
    vehicle.restart()
    # The power goes between the two commits of a binding and its end of the word.
    vehicle.encounters.observers.clear()
    vehicle.bind("enc_2")
    vehicle.restart()
    assert not vehicle.station.is_here()


def test_it_has_left_when_somebody_says_so(vehicle: Vehicle) -> None:
    vehicle.station.leave()
    assert vehicle.inbox.kept("station.said") is None
    vehicle.station.arrive()
    vehicle.station.leave()
    assert not vehicle.station.is_here()
    vehicle.restart()
    assert not vehicle.station.is_here()


def test_its_network_is_the_station_as_long_as_it_is_there(vehicle: Vehicle) -> None:
    vehicle.drive(YARD)
    assert (vehicle.station.is_here(), vehicle.station.why) == (True, Why.NETWORK)
    assert vehicle.station.describe()["network"] == "10.20.0.0/16"
    vehicle.bind("enc_1")
    vehicle.restart(seconds=20 * HOUR)
    assert vehicle.station.is_here(), "the network is as cheap as before"
    vehicle.drive(ROAD)
    assert not vehicle.station.is_here()


def test_a_vehicle_that_leaves_its_network_has_left_whatever_was_said(vehicle: Vehicle) -> None:
    vehicle.drive(YARD)
    vehicle.station.arrive()
    vehicle.drive(None)
    assert not vehicle.station.is_here()


def test_left_is_said_of_the_network_that_is_there_and_of_no_later_one(vehicle: Vehicle) -> None:
    vehicle.drive(YARD)
    vehicle.station.leave()
    assert (vehicle.station.is_here(), vehicle.station.why) == (False, Why.SAID_LEFT)
    vehicle.bind("enc_1")
    vehicle.restart(seconds=9 * HOUR)
    assert not vehicle.station.is_here()
    vehicle.drive(ROAD)
    vehicle.drive(YARD)
    assert vehicle.station.is_here()


async def test_the_clouds_word_counts_as_one_and_is_kept_with_its_answer(
    vehicle: Vehicle,
) -> None:
    async def carry_out(request: Request) -> Carried:
        one = command(request)
        vehicle.inbox.take(one)
        carried = await vehicle.station.take_word(one)
        answer = CommandAnswer(command_id=one.command_id, outcome=carried.outcome, at=NOON)
        vehicle.inbox.finish(answer, carried.keep)
        return carried

    await carry_out(ArriveAtStation())
    vehicle.restart()
    assert vehicle.station.is_here(), "the power went between the commit and what follows"
    (await carry_out(LeaveStation())).then()
    assert not vehicle.station.is_here()
    assert (await carry_out(ReadClock())).reason == "another_request"


def test_a_full_disk_holds_up_no_encounter(vehicle: Vehicle) -> None:
    vehicle.station.arrive()
    vehicle.inbox.close()
    vehicle.encounters._tell(Binding(encounter_id="enc_1", started_at=NOON))
    assert not vehicle.station.is_here()


async def test_it_looks_every_few_seconds(vehicle: Vehicle) -> None:
    class Enough(Exception):  # noqa: N818 - ends the endless
        pass

    async def sleep(seconds: float) -> None:
        vehicle.time.slept.append(seconds)
        if vehicle.station.is_here():
            raise Enough
        vehicle.way = YARD

    vehicle.station.clock = replace(vehicle.time.clock, sleep=sleep)
    with pytest.raises(Enough):
        await vehicle.station.run()
    assert vehicle.time.slept == [LOOK_SECONDS] * 2


async def test_a_technician_says_it_by_the_control_socket(vehicle: Vehicle, tmp_path: Path) -> None:
    control = ControlSocket(tmp_path)
    register_station(control, vehicle.station)
    for do, is_here in (
        (b'{"do": "station"}', False),
        (b'{"do": "station.here"}', True),
        (b'{"do": "station"}', True),
        (b'{"do": "station.left"}', False),
    ):
        assert (await control.answer(do))["station"]["is_here"] is is_here
