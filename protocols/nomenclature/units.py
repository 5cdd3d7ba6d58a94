"""The units configurations name, as constants; their rows stand in `dimensions`."""

from __future__ import annotations

from typing import Final

from protocols.model.codes import UnitCode

DIMENSIONLESS: Final = UnitCode(512)
PERCENT: Final = UnitCode(544)
DEGREES_OF_ANGLE: Final = UnitCode(736)
METRES: Final = UnitCode(1280)
CENTIMETRES: Final = UnitCode(1297)
LITRES: Final = UnitCode(1600)
MILLILITRES: Final = UnitCode(1618)
KILOGRAMS: Final = UnitCode(1731)
MILLIGRAMS: Final = UnitCode(1746)
KILOGRAMS_PER_SQUARE_METRE: Final = UnitCode(1952)
MILLIGRAMS_PER_DECILITRE: Final = UnitCode(2130)
SECONDS: Final = UnitCode(2176)
MILLISECONDS: Final = UnitCode(2194)
MINUTES: Final = UnitCode(2208)
HOURS: Final = UnitCode(2240)
DAYS: Final = UnitCode(2272)
YEARS: Final = UnitCode(2368)
PER_MINUTE: Final = UnitCode(2528)
BEATS_PER_MINUTE: Final = UnitCode(2720)
BREATHS_PER_MINUTE: Final = UnitCode(2784)
METRES_PER_SECOND: Final = UnitCode(2816)
LITRES_PER_MINUTE: Final = UnitCode(3072)
KILOPASCALS: Final = UnitCode(3843)
MILLIMETRES_OF_MERCURY: Final = UnitCode(3872)
JOULES: Final = UnitCode(3968)
WATTS: Final = UnitCode(4032)
MILLIVOLTS: Final = UnitCode(4274)
OHMS: Final = UnitCode(4288)
MILLIMOLES_PER_LITRE: Final = UnitCode(4722)
INTERNATIONAL_UNITS: Final = UnitCode(5472)
DEGREES_CELSIUS: Final = UnitCode(6048)
NORMALIZED_RATIO: Final = UnitCode(6608)
STEPS: Final = UnitCode(6656)
STEPS_PER_MINUTE: Final = UnitCode(6752)
REVOLUTIONS_PER_MINUTE: Final = UnitCode(6816)
TICKS: Final = UnitCode(6848)
