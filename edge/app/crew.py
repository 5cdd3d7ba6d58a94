"""The crew page of a run, put together; without its setting nothing of it exists."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.types import ASGIApp

from edge.clock import Clock
from edge.commands.encounter import EncounterOnBoard
from edge.commands.station import Station
from edge.crew.board import CrewBoard
from edge.crew.desk import CrewDesk
from edge.crew.enrolling import DeviceEnroller
from edge.crew.folder import crew_folder
from edge.crew.forgetting import Forgetting
from edge.crew.journal import EventJournal
from edge.crew.page import CrewPage
from edge.crew.photographs import Photographs, unsent_pictures
from edge.crew.pin import PinStore, PinThrottle
from edge.crew.routes import crew_application
from edge.crew.serving import open_socket, serve
from edge.crew.sessions import Sessions
from edge.crew.told import Told
from edge.enrolment.devices import EnrolledDevices
from edge.pipeline.live import LiveFeed
from edge.pipeline.sink import ObservationSink
from edge.settings import EdgeSettings
from edge.status.snapshot import Snapshot
from edge.transports.ble.pairing import PairingDesk


@dataclass(frozen=True, slots=True)
class Crew:
    """The page and what keeps it alive; each service may fail by itself and is begun again."""

    page: CrewPage
    forgetting: Forgetting
    application: ASGIApp
    listener: socket.socket

    def services(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        """What has to run, by name."""
        return (
            ("crew page", lambda: serve(self.application, self.listener)),
            ("crew board", self.page.board.follow),
            ("crew look", self.page.board.look),
            ("crew desk", self.page.desk.run),
            ("crew photographs", self.page.photographs.run),
            ("crew forgetting", self.forgetting.run),
        )

    def describe(self) -> Snapshot:
        """For the status: how the page is used; no word of a patient."""
        page = self.page
        return {
            "screens": len(page.board.viewers),
            "unlocked": len(page.sessions),
            "wrong_pins": page.throttle.failures,
            "events": len(page.desk.journal.events),
            "events_outside_buffer": len(page.desk.journal.unkept),
            "photographs_outside_buffer": page.photographs.waiting,
        }

    def close(self) -> None:
        """Give the port back."""
        self.listener.close()


def make_crew(
    settings: EdgeSettings,
    folder: Path,
    *,
    sink: ObservationSink,
    feed: LiveFeed,
    encounter: EncounterOnBoard,
    pairing: PairingDesk | None,
    status: Callable[[], dict[str, Any]],
    clock: Clock,
    devices: EnrolledDevices | None = None,
    station: Station | None = None,
) -> Crew | None:
    """The page, None when it is off. StartError when its port is taken."""
    policy = settings.crew
    if not policy.listen:
        return None
    own = crew_folder(folder)
    journal = EventJournal(own)
    keep = timedelta(hours=policy.keep_hours)
    unsent = [UUID(path.stem) for path in unsent_pictures(own)]
    journal.open(since=clock.utc() - keep, but=unsent)
    desk = CrewDesk(
        journal=journal,
        sink=sink,
        clock=clock,
        vehicle_id=settings.vehicle_id,
        encounter=lambda: "" if encounter.current is None else encounter.current.encounter_id,
    )
    told = Told(own)
    photographs = Photographs(own, desk=desk, sink=sink)
    photographs.forget(and_torn=True)
    board = CrewBoard(
        policy=policy,
        desk=desk,
        told=told,
        encounters=encounter,
        feed=feed,
        status=status,
        clock=clock,
        pairing=pairing,
        enrolled=None if devices is None else DeviceEnroller(devices, clock),
        zone=settings.drivers.zone,
    )
    page = CrewPage(
        policy=policy,
        vehicle_id=settings.vehicle_id,
        pins=PinStore(own),
        throttle=PinThrottle(own, clock.monotonic),
        sessions=Sessions(policy.lock_seconds, clock.monotonic),
        board=board,
        desk=desk,
        told=told,
        photographs=photographs,
        encounters=encounter,
        clock=clock,
        station=station,
    )
    forgetting = Forgetting(
        keep=keep,
        journal=journal,
        told=told,
        photographs=photographs,
        clock=clock,
        on_forgotten=board.show_anew,
    )
    return Crew(page, forgetting, crew_application(page), open_socket(policy.listen))
