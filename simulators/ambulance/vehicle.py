"""The devices of one vehicle, in one process: each with its own wire, clock and journal.

vehicle = Vehicle(patient, clock, plan)
await vehicle.run()                       vehicle.devices["oximeter"].link.unplug()
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from protocols.model.codes import SystemId
from simulators.agent_server import AgentServer
from simulators.byte_links import ByteLink, PtyLink, TcpLink
from simulators.conversation import Times
from simulators.devices.base import DeviceIdentity, SimulatedDevice
from simulators.devices.registry import BY_NAME
from simulators.errors import DeviceSettingsError
from simulators.faulty_link import FaultyLink
from simulators.journal import Journal
from simulators.patient.virtual_clock import VirtualClock
from simulators.patient.vital_signs import Patient

USUAL_DEVICES: Final = (
    "oximeter",
    "blood-pressure",
    "ecg",
    "defibrillator",
    "thermometer",
    "respiration-rate",
    "capnometer",
    "glucose-meter",
    "monitor",
)
SERIAL_DEVICES: Final = ("defibrillator", "monitor")
"""Those with a serial line; all others dial the gateway."""
BY_ID: Final = Path("serial") / "by-id"
_NUMBER_BITS: Final = 16
GRACE_SECONDS: Final = 2.0
"""What devices get to take their leave once they are switched off; some hosts never answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehiclePlan:
    """What is on board.

    `agents` is the gateway's host and port for devices that dial; `folder` holds serial ports and
    journals. `number` tells the devices of two vehicles apart. `seconds` of the patient are played.
    """

    folder: Path
    agents: tuple[str, int]
    seconds: float
    devices: Sequence[str] = USUAL_DEVICES
    serial: Sequence[str] = SERIAL_DEVICES
    number: int = 0
    run: str = ""

    def journal(self, name: str) -> Path:
        """The journal of one device."""
        return self.folder / "journals" / f"{name}.jsonl"

    def port(self, identity: DeviceIdentity) -> Path:
        """A serial device's port, named as udev names it."""
        words = "_".join((identity.info.manufacturer, identity.info.model)).replace(" ", "_")
        return self.folder / BY_ID / f"usb-{words}_{identity.info.serial_number}-if00-port0"


@dataclass(slots=True)
class Aboard:
    """One device of the vehicle."""

    device: SimulatedDevice
    link: FaultyLink
    journal: Journal
    server: AgentServer
    port: Path | None

    @property
    def name(self) -> str:
        """The registry's name."""
        return self.device.name


@dataclass(slots=True)
class Vehicle:
    """Everything on board; made within a running loop."""

    patient: Patient
    clock: VirtualClock
    plan: VehiclePlan
    devices: dict[str, Aboard] = field(init=False)
    _off: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        unknown = [name for name in self.plan.devices if name not in BY_NAME]
        if unknown:
            raise DeviceSettingsError(
                f"there is no device {unknown[0]!r}. Choose from {', '.join(BY_NAME)}."
            )
        self.devices = {name: self._bring(name) for name in self.plan.devices}

    def _bring(self, name: str) -> Aboard:
        kind = BY_NAME[name]
        identity = numbered(kind.identity, self.plan.number, self.plan.run)
        device = kind.make(identity, self.patient)
        port = self.plan.port(identity) if name in self.plan.serial else None
        host, agents = self.plan.agents

        def wire() -> ByteLink:
            return TcpLink(host, agents) if port is None else PtyLink(port)

        link = FaultyLink(wire, seed=self.patient.seed)
        journal = Journal.open(self.plan.journal(name))
        times = Times(monotonic=time.monotonic, utc=self.clock.utc, sleep=self.clock.sleep)
        server = AgentServer(device, link, journal, times, seconds=self.plan.seconds)
        return Aboard(device, link, journal, server, port)

    async def run(self) -> None:
        """Play until every device has made all and has it confirmed, or `stop`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                playing = []
                for one in self.devices.values():
                    begin: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()
                    begin.set_result(self.clock.start_at)
                    playing.append(tasks.create_task(one.server.run(begin), name=one.name))
                cutting = tasks.create_task(self._cut_short(playing), name="cut short")
                await asyncio.wait(playing)
                cutting.cancel()
        finally:
            for one in self.devices.values():
                one.link.remove()
                one.journal.close()

    async def _cut_short(self, playing: Sequence[asyncio.Task[None]]) -> None:
        await self._off.wait()
        await asyncio.sleep(GRACE_SECONDS)
        for task in playing:
            task.cancel()

    def stop(self) -> None:
        """Switch everything off; whoever cannot take their leave in time goes without."""
        self._off.set()
        for one in self.devices.values():
            one.server.stop()

    def settings_lines(self) -> list[str]:
        """What the gateway's settings need, as TOML."""
        host, port = self.plan.agents
        lines = [f'listen = "tcp:{host}:{port}"']
        for one in self.devices.values():
            if one.port is not None:
                address = f"serial:{one.port},115200"
                lines += ["", "[[devices]]", f'name = "{one.name}"', f'transport = "{address}"']
        return lines


def numbered(identity: DeviceIdentity, number: int, run: str) -> DeviceIdentity:
    """The same kind of device in vehicle `number`: its own System-Id and serial number."""
    info = identity.info
    octets = int(info.system_id.hex, 16) + (number << _NUMBER_BITS)
    serial = "-".join(part for part in (info.serial_number, str(number or ""), run) if part)
    own = replace(info, system_id=SystemId.parse(f"{octets:016X}"), serial_number=serial)
    return replace(identity, info=own)
