"""What the status bits of a continuous glucose monitor mean in 10101.

The service counts 24 bits from the least significant one. Most of them are bits of
MDC_CGM_DEV_STAT (10425), some of MDC_PHD_DM_DEV_STAT; both count from the highest of 32.
"""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode, UnitCode

STATUS: Final = MdcCode(128, 29452)
DEVICE_STATUS: Final = MdcCode(128, 20000)
TREND: Final = MdcCode(128, 29400)
"""One public list has the number (unconfirmed)."""
RUN_TIME: Final = MdcCode(128, 29432)

MILLIGRAMS_PER_DECILITRE_PER_MINUTE: Final = UnitCode(0xF100)

STATUS_WIDTH: Final = 32

SESSION_STOPPED: Final = 1 << 0
TIME_SYNC_REQUIRED: Final = 1 << 8
DOUBTFUL: Final = 1 << 2 | 1 << 3 | 1 << 5 | 1 << 11 | 1 << 12 | 1 << 13
"""Wrong sensor, malfunction, general fault, calibration required, too warm, too cold."""
CALIBRATING: Final = 1 << 14
OUT_OF_RANGE: Final = 1 << 22 | 1 << 23

_STATUS_BITS: Final = {
    0: 0, 2: 2, 3: 3, 4: 4, 9: 7, 10: 8, 11: 9, 12: 10, 13: 11,
    16: 12, 17: 13, 18: 14, 19: 15, 20: 16, 21: 17, 22: 18, 23: 19,
}  # fmt: skip
_DEVICE_BITS: Final = {1: 25, 5: 5, 8: 16}

ANNUNCIATION_NAMES: Final = {
    0: "session stopped",
    1: "battery low",
    2: "sensor type incorrect",
    3: "sensor malfunction",
    4: "device specific alert",
    5: "general device fault",
    8: "time synchronization required",
    9: "calibration not allowed",
    10: "calibration recommended",
    11: "calibration required",
    12: "sensor temperature too high",
    13: "sensor temperature too low",
    14: "calibration pending",
    16: "below the patient low level",
    17: "above the patient high level",
    18: "below the hypo level",
    19: "above the hyper level",
    20: "falling too fast",
    21: "rising too fast",
    22: "below what the device can process",
    23: "above what the device can process",
}
"""Bits of the Sensor Status Annunciation (CGMS 1.0.2, 3.1)."""
FEATURE_NAMES: Final = {
    0: "calibration",
    1: "patient high and low alerts",
    2: "hypo alerts",
    3: "hyper alerts",
    4: "rate of increase and decrease alerts",
    5: "device specific alert",
    6: "sensor malfunction detection",
    7: "sensor temperature detection",
    8: "sensor result detection",
    9: "low battery detection",
    10: "sensor type error detection",
    11: "general device fault",
    12: "E2E-CRC",
    13: "multiple bonds",
    14: "multiple sessions",
    15: "trend",
    16: "quality",
}
"""Bits of the CGM Feature (CGMS 1.0.2, 3.2)."""
CALIBRATION_NAMES: Final = {
    0: "calibration rejected",
    1: "calibration out of range",
    2: "calibration pending",
}
"""Bits of the Calibration Status (CGMS 1.0.2, 3.8)."""


def status_bits(annunciation: int) -> int:
    """The bits of MDC_CGM_DEV_STAT for a sensor status annunciation."""
    return _translated(annunciation, _STATUS_BITS)


def device_bits(annunciation: int) -> int:
    """The bits of MDC_PHD_DM_DEV_STAT: battery low, device error, time sync required."""
    return _translated(annunciation, _DEVICE_BITS)


def _translated(annunciation: int, bits: dict[int, int]) -> int:
    return sum(
        1 << (STATUS_WIDTH - 1 - term) for bit, term in bits.items() if annunciation >> bit & 1
    )
