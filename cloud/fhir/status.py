"""What a reading's status and special values become (HL7 PHD guide, Measurement Status).

Invalid, not available and ongoing readings have no value but a reason; questionable, calibrating,
validated and early ones keep their value and say so; test and demonstration data are labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cloud.fhir import systems
from cloud.fhir.json import Element
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue


@dataclass(frozen=True, slots=True)
class Reason:
    """A code of data-absent-reason and what the device really said."""

    code: str
    text: str

    def concept(self) -> Element:
        """As dataAbsentReason holds it."""
        return {
            "coding": [{"system": systems.DATA_ABSENT, "code": self.code}],
            "text": self.text,
        }


_WITHOUT_VALUE: Final = (
    (MeasurementStatus.INVALID, Reason("error", "The device marked the reading invalid.")),
    (
        MeasurementStatus.NOT_AVAILABLE,
        Reason("not-performed", "The device had no reading available."),
    ),
    (MeasurementStatus.ONGOING, Reason("temp-unknown", "The measurement was still ongoing.")),
)
_SPECIAL: Final = {
    SpecialValue.NAN: Reason("not-a-number", "NaN: the device reported not a number."),
    SpecialValue.POSITIVE_INFINITY: Reason(
        "positive-infinity", "+INFINITY: above what the device can report."
    ),
    SpecialValue.NEGATIVE_INFINITY: Reason(
        "negative-infinity", "-INFINITY: below what the device can report."
    ),
    SpecialValue.NRES: Reason("error", "NRes: not at this resolution."),
    SpecialValue.RESERVED: Reason("error", "The device sent a reserved value."),
}
_INTERPRETED: Final = (
    (MeasurementStatus.QUESTIONABLE, "questionable"),
    (MeasurementStatus.CALIBRATION_ONGOING, "calibration-ongoing"),
    (MeasurementStatus.VALIDATED, "validated-data"),
    (MeasurementStatus.EARLY_INDICATION, "early-indication"),
)
_TEST: Final = MeasurementStatus.TEST_DATA | MeasurementStatus.DEMO_DATA


def absence(status: MeasurementStatus) -> Reason | None:
    """Why a reading of this status carries no value; None where it carries one."""
    if not status.value:
        return None
    return next((reason for bit, reason in _WITHOUT_VALUE if bit in status), None)


def special_absence(value: SpecialValue) -> Reason:
    """Why there is no number in place of a special value."""
    return _SPECIAL[value]


def observation_status(status: MeasurementStatus) -> str:
    """`preliminary` for an early indication, else `final`."""
    return "preliminary" if MeasurementStatus.EARLY_INDICATION in status else "final"


def security(status: MeasurementStatus) -> list[Element]:
    """HTEST for test and demonstration data."""
    if not status & _TEST:
        return []
    return [{"system": systems.ACT_REASON, "code": "HTEST", "display": "test health data"}]


def interpretation(status: MeasurementStatus) -> list[Element]:
    """What else the status says about a value that is there."""
    return [
        {"coding": [{"system": systems.MEASUREMENT_STATUS, "code": code}]}
        for bit, code in _INTERPRETED
        if bit in status
    ]
