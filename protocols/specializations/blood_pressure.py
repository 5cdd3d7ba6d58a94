"""Blood pressure monitor (IEEE 11073-10407): standard configuration 0x02BC."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.standard_configurations import STANDARD_CONFIGURATIONS
from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization

PRESSURES_HANDLE: Final = 1
"""Systolic, diastolic and mean, in this order, in mmHg."""
PULSE_RATE_HANDLE: Final = 2

SPECIALIZATION: Final = Specialization(
    name="blood_pressure",
    standard="IEEE 11073-10407",
    profile=MdcCode(8, 4103),
    profile_version=1,
    configuration=STANDARD_CONFIGURATIONS[0x02BC],
    standard_configurations=(STANDARD_CONFIGURATIONS[0x02BC],),
)
