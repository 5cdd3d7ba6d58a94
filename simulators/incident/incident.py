"""One incident from the emergency call to the handover, every part a process of its own.

The parts are methods in the order they happen, so that a test can kill one of the processes
in between. Everything is done from outside: processes, sockets, HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from simulators.devices.registry import INCIDENT_DEVICES, DeviceKind
from simulators.errors import CloudRefusedError, NotReadyError, ProcessError
from simulators.incident import gateway
from simulators.incident.cloud_client import CloudClient, JsonObject, Page
from simulators.incident.hospital import HospitalRecord, read_bundle
from simulators.incident.ledger import Ledger, Witnesses, draw_up
from simulators.incident.listening import free_port
from simulators.incident.plan import CLOUD, CREW, HOST, SIMULATORS, VEHICLE, Plan
from simulators.incident.processes import Child, Processes, undisturbed
from simulators.incident.stored_readings import live_counts, stored_readings
from simulators.incident.tenant import Tenant, bootstrap
from simulators.journal import DeviceRecord
from simulators.patient.vital_signs import Patient

SERIAL_DEVICE: Final = "defibrillator"
FACILITY: Final = "emergency-department-1"
NURSE: Final = "triage-nurse-7"
_ENROL: Final = "/api/v1/devices/enrol"
_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.2
_LEAD: Final = timedelta(seconds=1)


@dataclass(slots=True)
class CloudParts:
    """The cloud's processes; `broker` is one of its own only where the plan says so."""

    api: Child
    http: str
    mqtt: str
    broker: Child | None = None


class Incident:
    """The programs of one plan, and what they say."""

    def __init__(self, plan: Plan, *, on_wait: Callable[[], None] = lambda: None) -> None:
        self.plan = plan
        self.patient = Patient(seed=plan.seed, scenario=plan.scenario, seconds=plan.seconds)
        self.processes = Processes(plan.logs)
        self.processes.meaning = "No device had made a reading yet: nothing is lost."
        self.devices: dict[str, Child] = {}
        self.edge: Child | None = None
        self.device_ids: dict[str, str] = {}
        self.encounter_id = ""
        self.start_at: datetime | None = None
        self.agents_port = plan.ports.agents or free_port()
        self._on_wait = on_wait
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.processes)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with undisturbed():
            try:
                if isinstance(error, CloudRefusedError | ProcessError):
                    # Whoever does not answer may have died: then that is what is to be said.
                    self.processes.check()
            finally:
                self._stack.close()

    # ---- the cloud

    def start_cloud(self) -> CloudParts:
        """Bootstrap the tenant and start the cloud, in one process or with a broker beside it."""
        plan = self.plan
        settings = {"CLOUD_DATABASE_URL": plan.database_url} if plan.database_url else {}
        plan.cloud_data.mkdir(parents=True, exist_ok=True)
        self.tenant: Tenant = bootstrap(
            f"Ambulance service {plan.run}",
            plan.cloud_data,
            settings,
            plan.logs / "bootstrap.log",
        )
        # A killed program comes back on the ports the others know.
        settings |= {
            "CLOUD_MQTT_HOST": HOST,
            "CLOUD_MQTT_PORT": str(plan.ports.mqtt or free_port()),
        }
        command = [*CLOUD, "serve", "--host", HOST, "--port", str(plan.ports.cloud or free_port())]
        command += ["--data", str(plan.cloud_data)]
        broker = None
        if plan.separate_broker:
            broker = self.processes.launch(
                "broker", [*CLOUD, "broker", "--data", str(plan.cloud_data)], settings=settings
            )
            self.processes.wait_ready(broker, seconds=_START_SECONDS)
            command.append("--no-broker")
        api = self.processes.launch("cloud", command, settings=settings)
        ready = self.processes.wait_ready(api, seconds=_START_SECONDS)
        self.cloud = CloudParts(api, str(ready["http"]), str(ready["mqtt"]), broker)
        self.client = self._stack.enter_context(CloudClient(self.cloud.http, self.tenant.client))
        return self.cloud

    # ---- the vehicle

    def start_edge(self, lines: list[gateway.Line] | None = None) -> Child:
        """Start the gateway, unless it is launched already, and return when it is ready."""
        if self.edge is None:
            self.launch_edge(lines)
        self.processes.wait_ready(self.running_edge, seconds=_START_SECONDS)
        return self.running_edge

    @property
    def running_edge(self) -> Child:
        """The gateway's process; NotReadyError before it was started."""
        if self.edge is None:
            raise NotReadyError("the gateway has not been started.")
        return self.edge

    def launch_edge(self, lines: list[gateway.Line] | None = None) -> None:
        """Write the gateway's settings and start it; by default it calls the serial device."""
        plan = self.plan
        if lines is None:
            lines = [gateway.Line(SERIAL_DEVICE, f"serial:{plan.serial_link},115200")]
        gateway.write_settings(
            plan.edge_config,
            self.tenant,
            data=plan.data / "edge",
            agents_port=self.agents_port,
            mqtt_url=self.cloud.mqtt,
            http_url=self.cloud.http,
            lines=lines,
        )
        self.edge = self.processes.launch("edge", gateway.run_command(plan.edge_config))

    def enrol_devices(self) -> None:
        """Enrol the four devices over the API."""
        for kind in INCIDENT_DEVICES:
            info = kind.identity.info
            answer = self._enrol(
                {
                    "serial_number": self.serial_number(kind),
                    "device_class": kind.identity.device_class,
                    "manufacturer": info.manufacturer,
                    "model": info.model,
                    "firmware": info.firmware,
                    "vehicle_id": VEHICLE,
                    "system_id": str(info.system_id),
                },
            )
            self.device_ids[kind.name] = str(answer["id"])

    def _enrol(self, device: JsonObject) -> JsonObject:
        """Asked again as the cloud advises when it hears the device at this very moment."""
        try:
            return self.client.post(_ENROL, device)
        except CloudRefusedError as exc:
            if exc.reason != "enrolment_conflict":
                raise
        return self.client.post(_ENROL, device)

    def serial_number(self, kind: DeviceKind) -> str:
        """The serial number of a device in this incident."""
        return f"{kind.identity.info.serial_number}-{self.plan.run}"

    def open_encounter(self, *, started_at: datetime | None = None) -> str:
        """What dispatch does when it sends the vehicle; it may say since when (aware)."""
        answer = self.client.post(
            "/api/v1/epcr/encounters",
            {
                "care_model": "prehospital_emergency",
                "vehicle_id": VEHICLE,
                "crew_ids": list(CREW),
                "cad_incident_id": f"incident-{datetime.now(UTC):%Y%m%d-%H%M%S}",
                "chief_complaint": {"display": "Chest pain, then collapse"},
                **({"started_at": started_at.isoformat()} if started_at else {}),
            },
        )
        self.encounter_id = str(answer["id"])
        return self.encounter_id

    # ---- the devices

    def launch_devices(self) -> None:
        """Switch the devices on; they look for the gateway until it is there."""
        for kind in INCIDENT_DEVICES:
            self.devices[kind.name] = self.processes.launch(
                kind.name, self._device_command(kind), with_input=True
            )

    def start_devices(self) -> None:
        """Switch the devices on, unless they are launched already; return when all are ready."""
        if not self.devices:
            self.launch_devices()
        for child in self.devices.values():
            self.processes.wait_ready(child, seconds=_START_SECONDS)

    def wait_associated(self) -> None:
        """Return when every device has associated with the gateway."""
        self.wait_for(
            lambda: all(record.associations for record in self.records()),
            seconds=_START_SECONDS,
            what="the devices to associate with the gateway",
        )

    def _device_command(self, kind: DeviceKind) -> list[str]:
        plan = self.plan
        wire = (
            ["--pty", str(plan.serial_link)]
            if kind.name == SERIAL_DEVICE
            else ["--connect", f"tcp:{HOST}:{self.agents_port}"]
        )
        story = ["--seed", str(plan.seed), "--scenario", plan.scenario.name]
        story += ["--story-seconds", str(plan.seconds), "--duration", str(plan.seconds)]
        command = [*SIMULATORS, "device", kind.name, *wire, *story, "--start-at", "-"]
        command += ["--journal", str(plan.journal(kind.name))]
        command += ["--serial-number", self.serial_number(kind)]
        if kind.name == "blood-pressure":
            command += ["--reading-every", str(plan.pressure_seconds)]
        return command

    def begin(self) -> datetime:
        """The patient's second 0, a moment from now: every device is told the same time."""
        at = datetime.now(UTC) + _LEAD
        self.start_at = at.replace(microsecond=at.microsecond // 10_000 * 10_000)
        self.processes.meaning = (
            f"What the devices were told is safe in {self.plan.data}: what the cloud had not "
            "acknowledged waits in the gateway's folder edge."
        )
        for child in self.devices.values():
            child.may_end = True
            child.tell(self.start_at.isoformat())
        return self.start_at

    @property
    def patient_time(self) -> float:
        """Seconds of the patient's time that have passed."""
        if self.start_at is None:
            return 0.0
        return (datetime.now(UTC) - self.start_at).total_seconds()

    def wait_until_patient_time(self, seconds: float) -> None:
        """Return when so much patient time has passed."""
        self.wait_for(
            lambda: self.patient_time >= seconds,
            seconds=max(0.0, seconds - self.patient_time) + 10,
            what="the patient's time to pass",
        )

    # ---- the end

    def finish_devices(self, *, seconds: float = 60.0) -> None:
        """Return when every device has had everything confirmed and has gone."""
        self.wait_for(
            lambda: not any(child.running for child in self.devices.values()),
            seconds=max(0.0, self.plan.seconds - self.patient_time) + seconds,
            what="the devices to have everything confirmed",
        )

    def settle(self, *, seconds: float = 60.0) -> None:
        """Return when the gateway has nothing left to send and the cloud's counts stand still."""
        self.wait_for(
            lambda: gateway.is_drained(gateway.status(self.plan.edge_config)),
            seconds=seconds,
            what="the gateway to have everything acknowledged by the cloud",
        )
        last = self.counts()
        while (now := self.counts()) != last:
            last = now
            self._pause()

    def counts(self) -> list[Any]:
        """How much of everything the encounter holds, by the cloud's own count."""
        view = self.encounter()
        return [view.get("vitals_total"), view.get("devices"), view.get("gaps")]

    def encounter(self) -> JsonObject:
        """The encounter as partners see it."""
        return self.client.get(f"/api/v1/epcr/encounters/{self.encounter_id}")

    def hand_over(self) -> None:
        """The patient goes to the hospital."""
        self.client.post(
            f"/api/v1/epcr/encounters/{self.encounter_id}/handover",
            {"facility_id": FACILITY, "received_by": NURSE},
        )

    def pull_bundle(self) -> list[Page]:
        """The whole record as the hospital pulls it, page by page."""
        path = f"/api/v1/epcr/encounters/{self.encounter_id}/fhir-bundle?detail=full"
        return list(self.client.bundles(path))

    def document(self) -> bytes:
        """The signed report of the handover, octet by octet."""
        return self.client.document(f"/api/v1/epcr/encounters/{self.encounter_id}/fhir-document")

    # ---- the ledger

    def records(self) -> list[DeviceRecord]:
        """The devices' journals as they stand."""
        return [
            DeviceRecord.read(kind.name, self.plan.journal(kind.name)) for kind in INCIDENT_DEVICES
        ]

    def ledger(self, pages: Sequence[Page]) -> Ledger:
        """Journals against store against bundle."""
        hospital = read_bundle(page.content for page in pages)
        view = self.encounter()
        records = self.records()
        return draw_up(
            records, {record.name: self._witness(record, view, hospital) for record in records}
        )

    def _witness(
        self, record: DeviceRecord, view: JsonObject, hospital: HospitalRecord
    ) -> Witnesses:
        device_id = self.device_ids[record.name]
        kind = next(kind for kind in INCIDENT_DEVICES if kind.name == record.name)
        live = live_counts(view, device_id)
        return Witnesses(
            stored=stored_readings(self.client, device_id),
            bundled=hospital.of_device(kind.identity.info.system_id.hex, record.made.values()),
            live_stored=live.stored,
            gap_samples=live.gap,
        )

    # ---- waiting

    def wait_for(self, is_so: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Return once `is_so()`; NotReadyError after `seconds`, ProcessEndedError when one died."""
        deadline = time.monotonic() + seconds
        while not is_so():
            self.processes.check()
            if time.monotonic() > deadline:
                raise NotReadyError(f"gave up after {seconds:.0f} s waiting for {what}.")
            self._pause()

    def _pause(self) -> None:
        self._on_wait()
        time.sleep(_LOOK_SECONDS)
