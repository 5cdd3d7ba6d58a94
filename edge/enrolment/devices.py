"""The fleet's devices as this gateway knows them: ours, another vehicle's, or nobody's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Final
from uuid import UUID

from edge.commands.carrying import Carried, refused
from edge.commands.inbox import CommandInbox
from edge.enrolment.outcomes import Scanned, scanned_in_words
from protocols.errors import DecodeError
from protocols.model.codes import SystemId
from protocols.uplink.commands import (
    Command,
    DeviceEnrolment,
    EnrolledDevice,
    EnrolmentOutcome,
    ListDevices,
)

log = logging.getLogger(__name__)

KEPT: Final = "devices.list"


class Belonging(Enum):
    """Whose a device is."""

    OURS = "ours"
    OTHER_VEHICLE = "other_vehicle"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class EnrolledDevices:
    """The list the cloud sent last, kept over a power cut, and what was enrolled on board since.

    `vehicle_id` is the vehicle this gateway rides in; `look_again` is called when something is to
    go up.
    """

    inbox: CommandInbox
    vehicle_id: str
    look_again: Callable[[], None] = lambda: None
    _version: int = 0
    _devices: dict[str, EnrolledDevice] = field(default_factory=dict)
    _outcomes: tuple[EnrolmentOutcome, ...] = ()
    _unsent: dict[UUID, DeviceEnrolment] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._unsent = {one.enrolment_id: one for one in self.inbox.enrolments()}
        text = self.inbox.kept(KEPT)
        if text is not None:
            self._take(_read(text))

    def judge(self, system_id: SystemId | str) -> Belonging:
        """Whose device this is, by its System-Id, or its Bluetooth address (its last six octets).

        A device with no home vehicle is everybody's, and so ours.
        """
        found = self.find(system_id)
        if found is not None:
            is_ours = found.vehicle_id in ("", self.vehicle_id)
            return Belonging.OURS if is_ours else Belonging.OTHER_VEHICLE
        if any(_key(one.system_id) == _key(system_id) for one in self._unsent.values()):
            return Belonging.OURS
        return Belonging.UNKNOWN

    def find(self, system_id: SystemId | str) -> EnrolledDevice | None:
        """The fleet's entry for a device, None where it has none."""
        return self._devices.get(_key(system_id))

    def of_serial(self, serial_number: str) -> tuple[EnrolledDevice, ...]:
        """The fleet's devices of a serial number; makers may share one. None of an empty one."""
        wanted = serial_number.strip().casefold()
        return tuple(
            one
            for one in self._devices.values()
            if wanted and one.serial_number.strip().casefold() == wanted
        )

    def is_known(self) -> bool:
        """Whether the cloud has ever sent a list."""
        return self._version > 0

    async def take_list(self, command: Command) -> Carried:
        """Carry out `devices.list`; a list older than the one we have changes nothing."""
        request = command.request
        if not isinstance(request, ListDevices):
            return refused("another_request")
        if request.version <= self._version:
            self._settle(request)
            return Carried(facts=(("list", "older"),))

        def then() -> None:
            self._take(request)
            # Only now: how they stand is on the disk. One that stays is sent again and settled.
            self._settle(request)

        return Carried(
            facts=(("devices", str(len(request.devices))),), keep={KEPT: _text(request)}, then=then
        )

    def scanned(self) -> tuple[Scanned, ...]:
        """How the devices enrolled on board stand, those that have yet to go up first."""
        return scanned_in_words(self._unsent.values(), self._outcomes)

    def enrol(self, enrolment: DeviceEnrolment) -> Belonging:
        """Enrol a device scanned on board, unless it is another vehicle's; whose it is now.

        Durable when this returns; it goes up by the next way that is up.
        """
        if enrolment.system_id and self.judge(enrolment.system_id) is Belonging.OTHER_VEHICLE:
            return Belonging.OTHER_VEHICLE
        self.inbox.add_enrolment(enrolment)
        self._unsent[enrolment.enrolment_id] = enrolment
        self.look_again()
        return Belonging.OURS

    def _settle(self, said: ListDevices) -> None:
        for enrolment_id in said.settled:
            if self._unsent.pop(enrolment_id, None) is not None:
                self.inbox.drop_enrolment(enrolment_id)

    def _take(self, said: ListDevices) -> None:
        self._version, self._outcomes = said.version, said.outcomes
        self._devices = {_key(one.system_id): one for one in said.devices}
        log.info("list of devices taken devices=%d", len(said.devices))


def _text(said: ListDevices) -> str:
    outcomes = [asdict(one) | {"enrolment_id": one.enrolment_id.hex} for one in said.outcomes]
    devices = [asdict(one) for one in said.devices]
    return json.dumps({"version": said.version, "devices": devices, "outcomes": outcomes})


def _read(text: str) -> ListDevices:
    members = json.loads(text)
    outcomes = members.get("outcomes", ())
    return ListDevices(
        version=members["version"],
        devices=tuple(EnrolledDevice(**one) for one in members["devices"]),
        outcomes=tuple(
            EnrolmentOutcome(**one | {"enrolment_id": UUID(hex=one["enrolment_id"])})
            for one in outcomes
        ),
    )


def _key(system_id: SystemId | str) -> str:
    """One spelling of an identity; an EUI-64 made from a Bluetooth address is that address."""
    if isinstance(system_id, str):
        try:
            return _key(SystemId.parse(system_id))
        except DecodeError:
            return system_id.upper()
    return (system_id.address or system_id.octets).hex().upper()
