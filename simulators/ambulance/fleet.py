"""Many ambulances against one cloud: every gateway and every vehicle a process of its own.

Each vehicle rides for an organisation of its own, so that each has its gateway's credentials.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulators.errors import NotReadyError
from simulators.incident import gateway
from simulators.incident.cloud_client import CloudClient
from simulators.incident.listening import free_port
from simulators.incident.plan import CLOUD, HOST, SIMULATORS
from simulators.incident.processes import Child, Processes, undisturbed
from simulators.incident.stored_readings import stored_readings
from simulators.incident.tenant import Tenant, bootstrap
from simulators.journal import DeviceRecord

_START_SECONDS: Final = 120.0
_SETTLE_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """So many vehicles, each with the scenario's `seconds` of patient, in a folder of their own."""

    folder: Path
    vehicles: int
    scenario: str
    seconds: float
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Car:
    """One vehicle with its gateway."""

    name: str
    folder: Path
    client: CloudClient
    edge: Child
    ambulance: Child

    @property
    def edge_config(self) -> Path:
        """The gateway's settings."""
        return self.folder / "edge.toml"

    def tally(self) -> Tally:
        """What its devices made and what the cloud has of it, reading by reading."""
        journals = (self.folder / "journals").glob("*.jsonl")
        records = [DeviceRecord.read(path.stem, path) for path in journals]
        made = {one.observation_id for record in records for one in record.readings(live=False)}
        confirmed = {one for record in records for one in record.confirmed_at}
        devices = self.client.get("/api/v1/devices")["items"]
        stored = {
            reading.observation_id
            for device in devices
            for reading in stored_readings(self.client, str(device["id"]))
        }
        return Tally(self.name, len(made), len(made & confirmed), len(made & stored))


@dataclass(frozen=True, slots=True)
class Tally:
    """Readings that need an answer: made, confirmed to the devices, stored by the cloud."""

    name: str
    made: int
    confirmed: int
    stored: int

    @property
    def reconciles(self) -> bool:
        """Whether all three are one number, and not none."""
        return self.made == self.confirmed == self.stored > 0


@dataclass(slots=True)
class Fleet:
    """The programs of one plan; leaving the `with` block stops all of them."""

    plan: FleetPlan
    cars: list[Car] = field(default_factory=list)
    _processes: Processes = field(init=False)
    _cloud: Child = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with undisturbed():
            self._stack.close()

    def start(self, say: Callable[[str], None]) -> None:
        """The cloud, then car after car."""
        plan = self.plan
        self._processes = self._stack.enter_context(Processes(plan.folder / "logs"))
        data = plan.folder / "cloud"
        data.mkdir(parents=True, exist_ok=True)
        tenants = [self._tenant(number, data) for number in range(1, plan.vehicles + 1)]
        http, mqtt = free_port(), free_port()
        words = [*CLOUD, "serve", "--host", HOST, "--port", str(http), "--data", str(data)]
        words += ["--mqtt-host", HOST, "--mqtt-port", str(mqtt)]
        self._cloud = self._processes.launch("cloud", words)
        ready = self._processes.wait_ready(self._cloud, seconds=_START_SECONDS)
        say(f"the cloud is at {ready['http']}")
        for number, tenant in enumerate(tenants, start=1):
            self.cars.append(self._car(number, tenant, str(ready["http"]), str(ready["mqtt"])))
        for car in self.cars:
            self._processes.wait_ready(car.edge, seconds=_START_SECONDS)
            self._processes.wait_ready(car.ambulance, seconds=_START_SECONDS)
            car.ambulance.may_end = True
        say(f"{len(self.cars)} vehicles are on the road")

    def _tenant(self, number: int, data: Path) -> Tenant:
        log = self.plan.folder / "logs" / "bootstrap.log"
        return bootstrap(f"Ambulance service {number}", data, {}, log)

    def _car(self, number: int, tenant: Tenant, http: str, mqtt: str) -> Car:
        plan, name = self.plan, f"ambulance-{number}"
        folder, agents = plan.folder / name, free_port()
        client = self._stack.enter_context(CloudClient(http, tenant.client))
        body = {"care_model": "prehospital_emergency", "vehicle_id": name, "crew_ids": ["crew-1"]}
        client.post("/api/v1/epcr/encounters", {**body, "cad_incident_id": f"fleet-{number}"})
        config = folder / "edge.toml"
        gateway.write_settings(
            config,
            tenant,
            data=folder / "edge",
            agents_port=agents,
            mqtt_url=mqtt,
            http_url=http,
            lines=[],
            vehicle_id=name,
        )
        edge = self._processes.launch(f"edge-{number}", gateway.run_command(config))
        words = [*SIMULATORS, "ambulance", "--quiet", "--scenario", plan.scenario, "--serial"]
        words += ["--seed", str(plan.seed + number), "--number", str(number)]
        words += ["--folder", str(folder), "--connect", f"tcp:{HOST}:{agents}"]
        words += ["--duration", str(plan.seconds)]
        ambulance = self._processes.launch(name, words)
        return Car(
            name=name,
            folder=folder,
            client=client,
            edge=edge,
            ambulance=ambulance,
        )

    @property
    def on_the_road(self) -> int:
        """Vehicles whose devices still have something to say."""
        self._processes.check()
        return sum(car.ambulance.running for car in self.cars)

    def settle(self) -> None:
        """Return when no gateway has anything left; NotReadyError when that takes too long."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        for car in self.cars:
            while not gateway.is_drained(gateway.status(car.edge_config)):
                self._processes.check()
                if time.monotonic() > deadline:
                    raise NotReadyError(f"the gateway of {car.name} still has rows to send.")
                time.sleep(_LOOK_SECONDS)
