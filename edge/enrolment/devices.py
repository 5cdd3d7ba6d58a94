"""The fleet's devices as this gateway knows them: ours, another vehicle's, or nobody's."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from edge.commands.carrying import Carried, refused
from edge.commands.inbox import CommandInbox
from protocols.errors import DecodeError
from protocols.model.codes import SystemId
from protocols.uplink.commands import Command, DeviceEnrolment, EnrolledDevice, ListDevices

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

    def __post_init__(self) -> None:
        text = self.inbox.kept(KEPT)
        if text is not None:
            members = json.loads(text)
            self._take(
                members["version"], tuple(EnrolledDevice(**one) for one in members["devices"])
            )

    def judge(self, system_id: SystemId | str) -> Belonging:
        """Whose device this is, by its System-Id, or its Bluetooth address (its last six octets).

        A device with no home vehicle is everybody's, and so ours.
        """
        found = self.find(system_id)
        if found is not None:
            is_ours = found.vehicle_id in ("", self.vehicle_id)
            return Belonging.OURS if is_ours else Belonging.OTHER_VEHICLE
        if any(_key(one.system_id) == _key(system_id) for one in self.inbox.enrolments()):
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
        for enrolment_id in request.settled:
            self.inbox.drop_enrolment(enrolment_id)
        if request.version <= self._version:
            return Carried(facts=(("list", "older"),))
        rows = [
            {
                "system_id": one.system_id,
                "serial_number": one.serial_number,
                "manufacturer": one.manufacturer,
                "vehicle_id": one.vehicle_id,
            }
            for one in request.devices
        ]
        text = json.dumps({"version": request.version, "devices": rows})
        return Carried(
            facts=(("devices", str(len(rows))),),
            keep={KEPT: text},
            then=lambda: self._take(request.version, request.devices),
        )

    def enrol(self, enrolment: DeviceEnrolment) -> Belonging:
        """Enrol a device scanned on board, unless it is another vehicle's; whose it is now.

        Durable when this returns; it goes up by the next way that is up.
        """
        if enrolment.system_id and self.judge(enrolment.system_id) is Belonging.OTHER_VEHICLE:
            return Belonging.OTHER_VEHICLE
        self.inbox.add_enrolment(enrolment)
        self.look_again()
        return Belonging.OURS

    def _take(self, version: int, devices: tuple[EnrolledDevice, ...]) -> None:
        self._version = version
        self._devices = {_key(one.system_id): one for one in devices}
        log.info("list of devices taken devices=%d", len(devices))


def _key(system_id: SystemId | str) -> str:
    """One spelling of an identity; an EUI-64 made from a Bluetooth address is that address."""
    if isinstance(system_id, str):
        try:
            octets = SystemId.parse(system_id).octets
        except DecodeError:
            return system_id.upper()
    else:
        octets = system_id.octets
    if len(octets) == 8 and octets[3:5] == b"\xff\xfe":
        octets = octets[:3] + octets[5:]
    return octets.hex().upper()
