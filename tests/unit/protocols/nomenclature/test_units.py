"""The unit constants: each has a row that says the same."""

from __future__ import annotations

import pytest

from protocols.model.codes import UnitCode
from protocols.nomenclature import units
from protocols.nomenclature.lookup import find_unit, ucum

CONSTANTS = {name: value for name, value in vars(units).items() if isinstance(value, UnitCode)}

UCUM_OF = {
    "DIMENSIONLESS": "1",
    "PERCENT": "%",
    "DEGREES_OF_ANGLE": "deg",
    "METRES": "m",
    "CENTIMETRES": "cm",
    "LITRES": "L",
    "MILLILITRES": "mL",
    "KILOGRAMS": "kg",
    "MILLIGRAMS": "mg",
    "KILOGRAMS_PER_SQUARE_METRE": "kg/m2",
    "KILOGRAMS_PER_LITRE": "kg/L",
    "MILLIGRAMS_PER_DECILITRE": "mg/dL",
    "SECONDS": "s",
    "MILLISECONDS": "ms",
    "MINUTES": "min",
    "HOURS": "h",
    "DAYS": "d",
    "YEARS": "a",
    "PER_MINUTE": "/min",
    "METRES_PER_SECOND": "m/s",
    "LITRES_PER_MINUTE": "L/min",
    "KILOPASCALS": "kPa",
    "MILLIMETRES_OF_MERCURY": "mm[Hg]",
    "JOULES": "J",
    "WATTS": "W",
    "MILLIVOLTS": "mV",
    "MILLIAMPERES": "mA",
    "OHMS": "Ohm",
    "MOLES_PER_LITRE": "mol/L",
    "MILLIMOLES_PER_LITRE": "mmol/L",
    "INTERNATIONAL_UNITS": "[iU]",
    "DEGREES_CELSIUS": "Cel",
    "STEPS": "{steps}",
    "STEPS_PER_MINUTE": "{steps}/min",
    "REVOLUTIONS_PER_MINUTE": "{rev}/min",
}


def test_no_unit_has_two_names() -> None:
    assert len(set(CONSTANTS.values())) == len(CONSTANTS)


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_constant_has_a_row(name: str) -> None:
    assert find_unit(CONSTANTS[name]) is not None


def test_a_constant_is_the_unit_its_name_says() -> None:
    ucums = {name: ucum(CONSTANTS[name]) for name in UCUM_OF}
    assert ucums == UCUM_OF
