"""Pulse oximeter (IEEE 11073-10404): standard configuration 0x0190."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.standard_configurations import STANDARD_CONFIGURATIONS
from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization

SPO2_HANDLE: Final = 1
PULSE_RATE_HANDLE: Final = 10

SPECIALIZATION: Final = Specialization(
    name="pulse_oximeter",
    standard="IEEE 11073-10404",
    profile=MdcCode(8, 4100),
    profile_version=1,
    configuration=STANDARD_CONFIGURATIONS[0x0190],
    standard_configurations=(STANDARD_CONFIGURATIONS[0x0190], STANDARD_CONFIGURATIONS[0x0191]),
)
