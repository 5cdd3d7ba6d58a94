"""MDC codes and units the GATT profiles speak in (10101; verified in `protocols.nomenclature`)."""

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

BATTERY_CHARGE: Final = MdcCode(1, 2460)
POWER_STATUS: Final = MdcCode(1, 2389)

BEATS_PER_MINUTE: Final = UnitCode(2720)
CELSIUS: Final = UnitCode(6048)
FAHRENHEIT: Final = UnitCode(4416)
JOULE: Final = UnitCode(3968)
KILOPASCAL: Final = UnitCode(3843)
MILLIMETRES_OF_MERCURY: Final = UnitCode(3872)
MILLISECOND: Final = UnitCode(2194)
PERCENT: Final = UnitCode(544)
