"""MDC codes and units the GATT profiles speak in; their rows are in `protocols.nomenclature`."""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode, UnitCode

SPO2: Final = MdcCode(2, 19384)
PULSE_RATE_OXIMETER: Final = MdcCode(2, 18458)
PERFUSION: Final = MdcCode(2, 19376)
OXIMETER_STATUS: Final = MdcCode(2, 19532)
FAST: Final = MdcCode(2, 19508)
SLOW: Final = MdcCode(2, 19512)
SPOT: Final = MdcCode(2, 19516)

NIBP: Final = MdcCode(2, 18948)
NIBP_SYSTOLIC: Final = MdcCode(2, 18949)
NIBP_DIASTOLIC: Final = MdcCode(2, 18950)
NIBP_MEAN: Final = MdcCode(2, 18951)
PULSE_RATE_CUFF: Final = MdcCode(2, 18474)
CUFF_PRESSURE: Final = MdcCode(2, 19228)
NIBP_STATUS: Final = MdcCode(128, 22000)

HEART_RATE: Final = MdcCode(2, 16770)
RR_INTERVAL: Final = MdcCode(2, 16168)
ENERGY_EXPENDED: Final = MdcCode(129, 119)

TEMPERATURE_BODY: Final = MdcCode(2, 19292)

BODY_WEIGHT: Final = MdcCode(2, 57664)
BODY_HEIGHT: Final = MdcCode(2, 57668)
BODY_FAT: Final = MdcCode(2, 57676)
BODY_MASS_INDEX: Final = MdcCode(2, 57680)
FAT_FREE_MASS: Final = MdcCode(2, 57684)
SOFT_LEAN_MASS: Final = MdcCode(2, 57688)
BODY_WATER: Final = MdcCode(2, 57692)
BASAL_METABOLISM: Final = MdcCode(2, 57696)
BODY_MUSCLE: Final = MdcCode(2, 57700)
MUSCLE_MASS: Final = MdcCode(2, 57704)
BODY_IMPEDANCE: Final = MdcCode(2, 57708)

BATTERY_CHARGE: Final = MdcCode(1, 2460)
POWER_STATUS: Final = MdcCode(1, 2389)

BEATS_PER_MINUTE: Final = UnitCode(2720)
CELSIUS: Final = UnitCode(6048)
CENTIMETRE: Final = UnitCode(1297)
FAHRENHEIT: Final = UnitCode(4416)
INCH: Final = UnitCode(1376)
JOULE: Final = UnitCode(3968)
KILOGRAM: Final = UnitCode(1731)
KILOGRAM_PER_SQUARE_METRE: Final = UnitCode(1952)
KILOPASCAL: Final = UnitCode(3843)
MILLIMETRES_OF_MERCURY: Final = UnitCode(3872)
MILLISECOND: Final = UnitCode(2194)
OHM: Final = UnitCode(4288)
PERCENT: Final = UnitCode(544)
POUND: Final = UnitCode(1760)
