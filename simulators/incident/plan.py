"""What an incident is made of: where its data go, which ports, which patient, which devices."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from simulators.patient.scenario import Scenario
from simulators.patient.scenario_files import find_scenario

HOST: Final = "127.0.0.1"
VEHICLE: Final = "ambulance-12"
CREW: Final = ("crew-201", "crew-202")

PYTHON: Final = sys.executable
CLOUD: Final = (PYTHON, "-m", "cloud")
EDGE: Final = (PYTHON, "-m", "edge")
SIMULATORS: Final = (PYTHON, "-m", "simulators")


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of the three listeners; 0 stands for any free one."""

    cloud: int = 0
    mqtt: int = 0
    agents: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """One incident. `seconds` of patient time; `data` is a folder of its own.

    `run` makes tenant and serial numbers unique, for a database that holds earlier incidents too.
    """

    data: Path
    seconds: float = 20.0
    seed: int = 1
    scenario: Scenario = field(default_factory=lambda: find_scenario("arrest"))
    ports: Ports = field(default_factory=Ports)
    database_url: str = ""
    separate_broker: bool = False
    run: str = field(default_factory=lambda: uuid4().hex[:8])

    @property
    def pressure_seconds(self) -> float:
        """How often the cuff measures: five times in a short story, every 15 s in a long one."""
        return min(15.0, max(2.0, round(self.seconds / 5, 1)))

    @property
    def logs(self) -> Path:
        """What the programs write."""
        return self.data / "logs"

    @property
    def cloud_data(self) -> Path:
        """The cloud's own folder."""
        return self.data / "cloud"

    @property
    def edge_config(self) -> Path:
        """The gateway's settings; holds its secret."""
        return self.data / "edge.toml"

    def journal(self, device: str) -> Path:
        """The journal of one device."""
        return self.data / "journals" / f"{device}.jsonl"

    @property
    def serial_link(self) -> Path:
        """The serial port the defibrillator hangs on."""
        return self.data / "serial" / "defibrillator"
