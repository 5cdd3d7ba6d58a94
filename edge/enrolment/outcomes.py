"""How the devices enrolled on board stand, in words for the crew and for technicians."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocols.uplink.commands import DeviceEnrolment, EnrolmentOutcome

_WAITING: Final = {
    "device": "waiting for the device: switch it on near the vehicle until it sends",
    "kind": "waiting: the device does not say what it is; add it again and choose its kind",
    "one_of_several": "waiting: several devices have this number; add it by its System-Id",
}
_REFUSED: Final = {
    "other_vehicle": "it belongs to {vehicle}; ask the fleet to give it to this vehicle",
    "enrolled_elsewhere": "another organisation has it; have it retired there, then add it again",
    "system_id_taken": "another device of the fleet has its System-Id; tell the fleet",
    "enrolment_conflict": "it was enrolled twice at once; add it again",
    "invalid_enrolment": "the code names no device; scan the one on its back",
    "invalid_system_id": "the code names no device; scan the one on its back",
}
FOR_CLOUD: Final = "waiting for the cloud: it is told as soon as there is a connection"


@dataclass(frozen=True, slots=True)
class Scanned:
    """One device enrolled on board: `grade` is good, warn or bad; `words` say what to do."""

    code: str
    state: str
    grade: str
    words: str


def scanned_in_words(
    unsent: Iterable[DeviceEnrolment], outcomes: Iterable[EnrolmentOutcome]
) -> tuple[Scanned, ...]:
    """What has yet to go up, then what the cloud said (newest first); each code once."""
    found: dict[str, Scanned] = {}
    for enrolment in unsent:
        code = enrolment.serial_number or enrolment.system_id
        found[code] = Scanned(code, "to_send", "warn", FOR_CLOUD)
    for outcome in outcomes:
        found.setdefault(outcome.code, _said(outcome))
    return tuple(found.values())


def _said(outcome: EnrolmentOutcome) -> Scanned:
    if outcome.state == "enrolled":
        return Scanned(outcome.code, outcome.state, "good", "enrolled to this vehicle")
    if outcome.state == "waiting":
        words = _WAITING.get(outcome.reason, f"waiting ({outcome.reason.replace('_', ' ')})")
        return Scanned(outcome.code, outcome.state, "warn", words)
    why = _REFUSED.get(outcome.reason, f"{outcome.reason.replace('_', ' ')}; tell the fleet")
    words = f"refused: {why.format(vehicle=outcome.vehicle_id or 'another vehicle')}"
    return Scanned(outcome.code, outcome.state, "bad", words)
