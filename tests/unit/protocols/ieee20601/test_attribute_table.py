"""The table of attributes: every line its own id, its name and its value's octets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import ATTRIBUTES, name_of
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    MetricStructure,
    ObservedNumber,
    SampleSpecification,
    ScaleAndRange,
    SystemModel,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.quantity import SpecialValue


def test_every_line_of_the_table_has_its_own_id_and_name() -> None:
    assert len({kind.ref_id for kind in ATTRIBUTES.values()}) == len(ATTRIBUTES)
    assert all(ATTRIBUTES[number].attribute_id == number for number in ATTRIBUTES)
    assert len(ATTRIBUTES) >= 77


@pytest.mark.parametrize(
    ("kind", "digits", "value"),
    [
        (at.ID_TYPE, "00024bb8", MdcCode(2, 19384)),
        (at.UNIT_CODE, "0220", UnitCode(544)),
        (at.NU_VAL_OBS_SIMP, "fe001c5c", Decimal("72.60")),
        (at.NU_VAL_OBS_BASIC, "07ff", SpecialValue.NAN),
        (at.NU_CMPD_VAL_OBS_BASIC, "00020004007b004c", (Decimal(123), Decimal(76))),
        (at.METRIC_STRUCT_SMALL, "0303", MetricStructure(3, 3)),
        (at.ID_PHYSIO_LIST, "000100024a05", (18949,)),
        (at.ATTRIBUTE_VAL_MAP, "000100040a4c0002", (ValueMapEntry(0x0A4C, 2),)),
        (at.SUPPLEMENTAL_TYPES, "0001000400024c34", (MdcCode(2, 19508),)),
        (at.ID_MODEL, "0002414200014300"[:14], SystemModel(b"AB", b"C")),
        (at.SA_SPECN, "003210ff0000", SampleSpecification(50, 16, 255, 0)),
        (
            at.SCALE_SPECN_I16,
            "fffffff600000000"[:8] + "0000000a" + "00000fa0",
            ScaleAndRange(Decimal("-1.0"), Decimal(10), 0, 4000),
        ),
        (at.SIMP_SA_OBS_VAL, "000400010002", b"\x00\x01\x00\x02"),
        (
            at.NU_VAL_OBS,
            "482a40000aa000000048",
            ObservedNumber(18474, 0x4000, UnitCode(2720), Decimal(72)),
        ),
        (at.TIME_STAMP_BO, "0000000100020003"[:16], BaseOffsetTime(1, 2, 3)),
    ],
)
def test_values_are_read_and_written(kind: Attribute[Any], digits: str, value: object) -> None:
    octets = bytes.fromhex(digits)
    assert kind.decode(octets) == value
    assert kind.encode(value) == octets


def test_an_unknown_attribute_is_its_number() -> None:
    assert name_of(0xF123) == "1:61731"
    assert name_of(0x0A4C) == "MDC_ATTR_NU_VAL_OBS_BASIC"


def test_a_surplus_octet_in_a_value_is_refused() -> None:
    with pytest.raises(DecodeError):
        at.MSMT_STAT.decode(b"\0\0\0")
