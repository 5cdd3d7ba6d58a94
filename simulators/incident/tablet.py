"""The crew's tablet: what people see, do and decide, told to the cloud beside what devices measure.

It has no network for as long as the cloud does not answer: what it noted waits, and is sent again
under the same ids, so that nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from simulators.errors import CloudRefusedError
from simulators.incident.cloud_client import CloudClient
from simulators.patient.happenings import EventKind
from simulators.patient.scenario import PatientEvent

DEVICE: Final = "tablet-1"
SNOMED: Final = "http://snomed.info/sct"
_OPERATIONS: Final = UUID("0b1f8c53-35b8-5a6e-9b73-4c9d4f1f0a11")
_TO_HOSPITAL: Final = timedelta(minutes=8)
_BY_SHOCKABLE: Final = {
    EventKind.ARREST: "ventricular_fibrillation",
    EventKind.PULSELESS_VT: "pulseless_ventricular_tachycardia",
    EventKind.ASYSTOLE: "asystole",
    EventKind.PULSELESS_ACTIVITY: "pea",
}

Told = Mapping[str, object]


def _coded(display: str, code: str) -> Told:
    return {"display": display, "code": code, "system": SNOMED}


_DONE: Final[Mapping[EventKind, tuple[str, Told]]] = {
    EventKind.CPR_STARTED: (
        "procedures",
        {"code": _coded("Cardiopulmonary resuscitation", "89666000")},
    ),
    EventKind.BAGGED: ("procedures", {"code": _coded("Manual ventilation", "243142003")}),
    EventKind.OXYGEN: ("medications", {"code": _coded("Oxygen", "24099007")}),
    EventKind.ADRENALINE: (
        "medications",
        {"code": _coded("Adrenaline", "387362001"), "dose": 1, "unit": "mg", "route": "IV"},
    ),
    EventKind.FLUIDS: (
        "medications",
        {
            "code": _coded("Sodium chloride", "387390002"),
            "dose": 250,
            "unit": "mL",
            "route": "IV",
        },
    ),
    EventKind.BRONCHODILATOR: (
        "medications",
        {"code": _coded("Salbutamol", "372897005"), "dose": 5, "unit": "mg", "route": "NEB"},
    ),
    EventKind.NALOXONE: (
        "medications",
        {"code": _coded("Naloxone", "372890007"), "dose": 400, "unit": "ug", "route": "IV"},
    ),
    EventKind.GLUCOSE_GIVEN: (
        "medications",
        {"code": _coded("Glucose", "67079006"), "dose": 10, "unit": "g", "route": "IV"},
    ),
}
"""What the crew does to the patient, by the scenario's word: list and entry of the record."""


class Tablet:
    """One tablet on one encounter; `say` gets a line for whoever watches."""

    def __init__(
        self,
        client: CloudClient,
        encounter_id: str,
        *,
        facility: str,
        say: Callable[[str], None],
    ) -> None:
        self._client = client
        self._path = f"/api/v1/epcr/encounters/{encounter_id}"
        self._facility = facility
        self._say = say
        self._encounter_id = encounter_id
        self._noted = 0
        self._counted = 0
        self._waiting: list[Told] = []
        self._is_alerted = False
        self._has_arrested = False

    def arrive(self, called_at: datetime) -> None:
        """The crew is with the patient."""
        now = datetime.now(UTC)
        self._note("times.call", called_at.isoformat(), now)
        self._note("times.at_patient", now.isoformat(), now)
        self._note("allergies", {"status": "no_known"}, now)
        self._send()

    def tell(self, events: Sequence[PatientEvent], start_at: datetime, t: float) -> None:
        """Note what happened up to `t` seconds of the patient's time, and send what waits."""
        while self._noted < len(events) and events[self._noted].at <= t:
            event = events[self._noted]
            self._noted += 1
            self._event(event.kind, start_at + timedelta(seconds=event.at))
        self._send()

    def hand_over(self, received_by: str) -> None:
        """At the hospital: the times, the words, the handover itself."""
        now = datetime.now(UTC)
        self._note("times.at_destination", now.isoformat(), now)
        self._note("disposition", "conveyed", now)
        self._note("narrative", "Seen by the crew as the devices and this record tell it.", now)
        if self._has_arrested:
            self._note("arrest.rhythm_at_destination", "sinus_rhythm", now)
        self._send()
        self._client.post(
            f"{self._path}/handover", {"facility_id": self._facility, "received_by": received_by}
        )

    def _event(self, kind: EventKind, at: datetime) -> None:
        if kind in _BY_SHOCKABLE and not self._has_arrested:
            self._has_arrested = True
            self._note("arrest.first_rhythm", _BY_SHOCKABLE[kind], at)
            self._note("arrest.etiology", "cardiac", at)
            self._note("arrest.witnessed_by", "healthcare_provider", at)
            self._note("arrest.resuscitation", "als_started", at)
            self._note("alerts", ["arrest"], at)
            impression = {"code": _coded("Cardiac arrest", "410429000"), "is_primary": True}
            self._note("impressions", impression, at)
        elif kind is EventKind.ROSC:
            self._note("arrest.rosc_at", at.isoformat(), at)
            self._alert("Cardiac arrest, circulation returned")
        elif kind in _DONE:
            path, entry = _DONE[kind]
            self._note(path, entry, at)

    def _alert(self, summary: str) -> None:
        if self._is_alerted:
            return
        eta = datetime.now(UTC) + _TO_HOSPITAL
        alert = {
            "facility_id": self._facility,
            "eta": eta.isoformat(),
            "summary": summary,
            "resources": ["resuscitation room"],
        }
        try:
            self._client.post(f"{self._path}/pre-alert", alert)
        except CloudRefusedError as exc:
            if exc.status:
                raise
            return
        self._is_alerted = True
        self._say(f"the crew has alerted {self._facility}: {summary}, there in 8 minutes")

    def _note(self, path: str, value: object, at: datetime) -> None:
        self._counted += 1
        name = f"{self._encounter_id} {DEVICE} {self._counted}"
        self._waiting.append(
            {
                "op_id": str(uuid5(_OPERATIONS, name)),
                "path": path,
                "value": value,
                "at": at.isoformat(),
                "vector": {DEVICE: self._counted},
            }
        )

    def _send(self) -> None:
        if not self._waiting:
            return
        try:
            self._client.patch(self._path, {"device_id": DEVICE, "ops": self._waiting})
        except CloudRefusedError as exc:
            if exc.status:
                raise
            return
        self._waiting.clear()
