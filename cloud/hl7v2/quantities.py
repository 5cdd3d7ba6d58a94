"""What a reading's status and special values become in OBX-8 and OBX-11.

The words are those of IHE's Patient Care Device framework: for the measurement status, and for why
there is no number (its table of null flavours). A reading without a number has OBX-11 `X`.
"""

from __future__ import annotations

from typing import Final

from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue

NO_RESULT: Final = "X"
UNVERIFIED: Final = "R"
VERIFIED: Final = "F"
_WITHOUT_VALUE: Final = (
    MeasurementStatus.INVALID | MeasurementStatus.NOT_AVAILABLE | MeasurementStatus.ONGOING
)
_WORDS: Final = (
    (MeasurementStatus.INVALID, "INV"),
    (MeasurementStatus.QUESTIONABLE, "QUES"),
    (MeasurementStatus.NOT_AVAILABLE, "NAV"),
    (MeasurementStatus.CALIBRATION_ONGOING, "CAL"),
    (MeasurementStatus.TEST_DATA, "TEST"),
    (MeasurementStatus.DEMO_DATA, "DEMO"),
    (MeasurementStatus.EARLY_INDICATION, "EARLY"),
    (MeasurementStatus.ONGOING, "BUSY"),
)
_SPECIAL: Final = {
    SpecialValue.NAN: "NAN",
    SpecialValue.POSITIVE_INFINITY: "PINF",
    SpecialValue.NEGATIVE_INFINITY: "NINF",
    # Not at this resolution, and reserved: not among the values that number could be.
    SpecialValue.NRES: "OTH",
    SpecialValue.RESERVED: "OTH",
}


def flags(status: MeasurementStatus, special: SpecialValue | None = None) -> list[str]:
    """The words of OBX-8."""
    told = [word for bit, word in _WORDS if bit in status]
    return told if special is None else [*told, _SPECIAL[special]]


def has_value(status: MeasurementStatus) -> bool:
    """Whether a reading of this status says anything in OBX-5."""
    return not status & _WITHOUT_VALUE


def result_status(status: MeasurementStatus, *, is_there: bool) -> str:
    """OBX-11: `X` without a value, `F` where the device calls it validated, else `R`."""
    if not is_there:
        return NO_RESULT
    return VERIFIED if MeasurementStatus.VALIDATED in status else UNVERIFIED
