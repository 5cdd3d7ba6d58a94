"""Basic ECG (IEEE 11073-10406) as an extended configuration: heart rate and lead II."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.configuration import build_configuration
from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization
from protocols.specializations.cardiac_objects import ecg_lead_ii, heart_rate

HEART_RATE_HANDLE: Final = 1
LEAD_II_HANDLE: Final = 2
CONFIG_ID: Final = 0x4000

SPECIALIZATION: Final = Specialization(
    name="basic_ecg",
    standard="IEEE 11073-10406",
    profile=MdcCode(8, 4102),
    profile_version=1,
    configuration=build_configuration(
        CONFIG_ID, (heart_rate(HEART_RATE_HANDLE), ecg_lead_ii(LEAD_II_HANDLE))
    ),
)
