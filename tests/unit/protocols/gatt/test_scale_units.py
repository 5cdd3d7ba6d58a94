"""Steps of masses and lengths, and the number that is none."""

from __future__ import annotations

from decimal import Decimal

from protocols.gatt import terms
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.scale_units import (
    IMPERIAL,
    METRIC,
    read_steps,
    system_of,
    write_steps,
)
from protocols.mder.numbers import Number
from protocols.model.quantity import SpecialValue


def read(octets: str) -> Number:
    return read_steps(FieldReader(bytes.fromhex(octets), clause="WSS"), METRIC.mass_step)


def written(value: Number) -> str:
    writer = FieldWriter(clause="WSS")
    write_steps(value, writer, METRIC.mass_step)
    return writer.octets.hex()


def test_one_bit_chooses_the_system() -> None:
    assert system_of(True) is IMPERIAL
    assert system_of(False) is METRIC
    assert (METRIC.mass_unit, IMPERIAL.mass_unit) == (terms.KILOGRAM, terms.POUND)


def test_all_ones_is_no_measurement() -> None:
    assert read("ffff") is SpecialValue.NAN
    assert str(read("f446")) == "90.820"
    assert written(SpecialValue.NAN) == "ffff"
    assert written(Decimal("90.82")) == "f446"
