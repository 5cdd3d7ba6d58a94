"""Everything a soak runs: cloud, doors, gateway and vehicle, each a process, all on one clock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from simulators.ambulance.vehicle import SERIAL_DEVICES, VehiclePlan
from simulators.devices.registry import BY_NAME
from simulators.incident import gateway
from simulators.incident.cloud_client import CloudClient, Credentials
from simulators.incident.listening import free_port
from simulators.incident.plan import SIMULATORS
from simulators.incident.processes import Child, Processes
from simulators.incident.tenant import Tenant
from tests.soak.crew import CrewScreen, choose_pin
from tests.soak.door import Door
from tests.soak.fast_clock import set_clock_wrong, write_clock
from tests.soak.kept import Kept, keep

PROJECT: Final = Path(__file__).resolve().parents[2]
VEHICLE: Final = "ambulance-12"
START_SECONDS: Final = 60.0
_CLOUD_STARTS_IN: Final = timedelta(seconds=15)
_LEAD: Final = timedelta(seconds=8)
_DISK_OCTETS: Final = 192 << 20
_GIVEN_UP: Final = 8 << 20


@dataclass(slots=True, kw_only=True)
class World:
    """One soak of `seconds` patient time at `speed`; `scenario` a name or a file."""

    folder: Path
    scenario: str
    seconds: float
    speed: float
    seed: int
    start_at: datetime = field(init=False)
    begins_at: datetime = field(init=False)
    processes: Processes = field(init=False)
    edge: Child = field(init=False)
    cloud: Child = field(init=False)
    vehicle: Child = field(init=False)
    client: CloudClient = field(init=False)
    screen: CrewScreen = field(init=False)
    has_small_disk: bool = field(init=False, default=False)
    kept: Kept = field(init=False)
    _doors: list[Door] = field(init=False, default_factory=list)
    _tenant: Tenant = field(init=False)
    _agents: int = field(init=False)
    _stack: ExitStack = field(init=False, default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.processes = Processes(self.folder / "logs")
        self._begin_in(_CLOUD_STARTS_IN)

    def _begin_in(self, lead: timedelta) -> None:
        """The shift's second 0 is so far away; it lies in the past as long as the shift lasts."""
        self.begins_at = (datetime.now(UTC) + lead).replace(microsecond=0)
        self.start_at = self.begins_at - timedelta(seconds=self.seconds)
        write_clock(
            self.clock_file, start_at=self.start_at, begins_at=self.begins_at, speed=self.speed
        )

    @property
    def clock_file(self) -> Path:
        """What tells every program the time."""
        return self.folder / "clock.json"

    @property
    def edge_data(self) -> Path:
        """The gateway's folder, on a small file system of its own where that can be had."""
        return self.folder / "disk" / "edge"

    @property
    def database(self) -> Path:
        """The cloud's store."""
        return self.folder / "cloud" / "vitalwire.sqlite3"

    @property
    def patient_time(self) -> float:
        """Seconds of the shift that have passed."""
        return (datetime.now(UTC) - self.begins_at).total_seconds() * self.speed

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._mount()
            stack.callback(self._keep)
            stack.enter_context(self.processes)
            self._start_cloud()
            # From here on nothing waits for anything: dispatch and troubles come by the clock.
            self._begin_in(_LEAD)
            self._start_vehicle()
            self._start_edge()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    # ---- parts

    def _mount(self) -> None:
        disk = self.folder / "disk"
        disk.mkdir()
        mount = shutil.which("mount")
        if os.geteuid() or mount is None:
            return
        words = [mount, "-t", "tmpfs", "-o", f"size={_DISK_OCTETS}", "tmpfs", str(disk)]
        done = subprocess.run(words, check=False, capture_output=True)
        if done.returncode == 0:
            self.has_small_disk = True
            self._stack.callback(subprocess.run, ["umount", str(disk)], check=False)

    def _keep(self) -> None:
        """All programs have ended and the file system is still there."""
        self.fill_disk(full=False)
        self.kept = keep(self.edge_data, self.folder / "kept")

    def _start_cloud(self) -> None:
        fast = [sys.executable, "-m", "tests.soak.fast_cloud"]
        where = ["--clock", str(self.clock_file), "--data", str(self.folder / "cloud")]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        told = json.loads(
            subprocess.run(
                [*fast, "bootstrap", *where], check=True, capture_output=True, env=environment
            ).stdout
        )
        tenant = Tenant(
            tenant_id=told["tenant_id"],
            client=Credentials(told["client_id"], told["client_secret"]),
            gateway_id=told["gateway_id"],
            gateway_secret=told["gateway_secret"],
        )
        http, mqtt = free_port(), free_port()
        ports = ["--port", str(http), "--mqtt-port", str(mqtt)]
        settings = {"PYTHONPATH": str(PROJECT), "CLOUD_TOKEN_LIFETIME_SECONDS": "86400"}
        self.cloud = self.processes.launch(
            "cloud", [*fast, "serve", *where, *ports], settings=settings
        )
        self.processes.wait_ready(self.cloud, seconds=START_SECONDS)
        client = CloudClient(f"http://127.0.0.1:{http}", tenant.client)
        self.client = self._stack.enter_context(client)
        self._doors = [self._stack.enter_context(Door(port)) for port in (http, mqtt)]
        self._tenant = tenant

    def _start_vehicle(self) -> None:
        self._agents = free_port()
        words = [*SIMULATORS, "ambulance", "--quiet", "--scenario", self.scenario]
        words += ["--seed", str(self.seed), "--speed", str(self.speed)]
        words += [
            "--start-at",
            self.start_at.isoformat(),
            "--begins-at",
            self.begins_at.isoformat(),
        ]
        words += ["--folder", str(self.folder), "--connect", f"tcp:127.0.0.1:{self._agents}"]
        words += ["--duration", str(self.seconds)]
        self.vehicle = self.processes.launch(
            "ambulance", words, settings={"PYTHONPATH": str(PROJECT)}, with_input=True
        )
        self.vehicle.may_end = True

    def _start_edge(self) -> None:
        http, mqtt = self._doors
        plan = VehiclePlan(folder=self.folder, agents=("", 0), seconds=self.seconds)
        lines = [
            gateway.Line(name, f"serial:{plan.port(BY_NAME[name].identity)},115200")
            for name in SERIAL_DEVICES
        ]
        config = self.folder / "edge.toml"
        gateway.write_settings(
            config,
            self._tenant,
            data=self.edge_data,
            agents_port=self._agents,
            mqtt_url=f"mqtt://127.0.0.1:{mqtt.port}",
            http_url=f"http://127.0.0.1:{http.port}",
            lines=lines,
        )
        # An answer takes as long as ever while the clock runs faster.
        waits = f"[uplink]\nack_timeout_seconds = {10 * self.speed}\n"
        crew = free_port()
        page = f'\n[crew]\nlisten = "tcp:127.0.0.1:{crew}"\n'
        config.write_text(config.read_text().replace("[uplink]\n", waits) + page)
        choose_pin(self.edge_data)
        self.screen = self._stack.enter_context(CrewScreen(crew))
        words = [sys.executable, "-m", "tests.soak.fast_edge"]
        words += ["--config", str(config), "--clock", str(self.clock_file)]
        self.edge = self.processes.launch("edge", words, settings={"PYTHONPATH": str(PROJECT)})

    # ---- troubles

    def kill_edge(self) -> None:
        """kill -9, and at once again."""
        self.processes.kill(self.edge)
        self.edge = self.processes.again(self.edge)

    def order(self, *words: object) -> None:
        """Tell the vehicle something."""
        with suppress(BrokenPipeError):
            self.vehicle.tell(" ".join(str(word) for word in words))

    def shut_doors(self, *, shut: bool) -> None:
        """No uplink, or one again."""
        for door in self._doors:
            if shut:
                door.shut()
            else:
                door.open()

    def fill_disk(self, *, full: bool) -> None:
        """Fill the gateway's file system to the last octet, or make room again."""
        filler = self.folder / "disk" / "filler"
        if not full:
            filler.unlink(missing_ok=True)
        elif self.has_small_disk:
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(b"\0" * 65_536):
                    pass

    def set_clock_wrong(self, seconds: float) -> None:
        """The gateway's wall clock is so far ahead from now on."""
        set_clock_wrong(self.clock_file, seconds)

    # ---- what the gateway says

    def waiting(self) -> int:
        """Rows the gateway still has for the cloud; -1 when it says nothing."""
        path = self.edge_data / "status.json"
        with suppress(OSError, ValueError, KeyError):
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            waiting = told["buffer"]["waiting"]
            rows = sum(waiting.values()) if isinstance(waiting, dict) else int(waiting)
            return rows + int(told["buffer"]["in_flight"])
        return -1
