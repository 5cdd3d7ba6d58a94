"""The way down put together: inbox, encounter on board, handlers, desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.commands.clock import ClockReader
from edge.commands.desk import CommandDesk
from edge.commands.encounter import EncounterOnBoard
from edge.commands.inbox import CommandInbox
from edge.commands.reporting import CountedRows, GatewayReporter
from edge.commands.station import Station
from edge.commands.waveforms import StoredWaveforms, WaveformSender
from edge.uplink.choice import LinkChoice
from edge.uplink.downlink import AskedLink, Downlink, PushingLink
from edge.uplink.link import LinkClient
from edge.uplink.way_out import StationPolicy

PROGRAM_VERSION: Final = version("vitalwire")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commanding:
    """What the rest of the gateway needs of the way down."""

    inbox: CommandInbox
    encounter: EncounterOnBoard
    downlink: Downlink
    desk: CommandDesk
    reporter: GatewayReporter
    station: Station

    @property
    def services(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """What has to run, by name."""
        return (
            ("commands", self.desk.run),
            ("downlink", self.downlink.run),
            ("gateway reports", self.reporter.run),
            ("station", self.station.run),
        )


def add_waveforms(
    commanding: Commanding,
    buffer: StoredWaveforms,
    choice: LinkChoice,
    clock: Clock,
    *,
    gateway_id: str,
) -> Callable[[], Awaitable[None]]:
    """Register `waveform.window`; what has to run for it."""
    sender = WaveformSender(
        buffer=buffer,
        choice=choice,
        gateway_id=gateway_id,
        clock=clock,
        conclude=commanding.desk.conclude,
    )
    commanding.desk.register("waveform.window", sender.want)
    return sender.run


def make_commanding(
    folder: Path,
    links: Sequence[LinkClient],
    clock: Clock,
    *,
    buffer: CountedRows,
    vehicle_id: str,
    station: StationPolicy,
) -> Commanding:
    """Everything behind the commands; CommandStoreError when the folder refuses."""
    inbox = CommandInbox(folder)
    encounter = EncounterOnBoard(inbox)
    downlink = Downlink(
        pushing=next((link for link in links if isinstance(link, PushingLink)), None),
        asked=next((link for link in links if isinstance(link, AskedLink)), None),
        clock=clock,
    )
    desk = CommandDesk(
        inbox=inbox,
        clock=clock,
        way=downlink,
        handlers={
            "clock.read": ClockReader(clock).read,
            "encounter.bind": encounter.bind,
            "encounter.release": encounter.release,
        },
    )
    reporter = GatewayReporter(
        buffer=buffer,
        clock=clock,
        send=desk.say,
        vehicle_id=vehicle_id,
        version=PROGRAM_VERSION,
    )

    def returned() -> None:
        desk.look_again()
        reporter.look_again()

    downlink.listen(desk.arrive, returned)
    place = Station(inbox=inbox, encounters=encounter, clock=clock, policy=station)
    for kind in ("station.here", "station.left"):
        desk.register(kind, place.take_word)
    return Commanding(
        inbox=inbox,
        encounter=encounter,
        downlink=downlink,
        desk=desk,
        reporter=reporter,
        station=place,
    )
