"""Codes and identities are what they are, whatever they are written as."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from protocols.errors import DecodeError, EncodeError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.quantity import Quantity, SpecialValue
from tests.fixtures import strategies

OXIMETER = SystemId.parse("11:22:33:44:55:66:77:04")
SPO2 = MdcCode(2, 19384)


def test_a_term_has_a_context_free_number() -> None:
    assert SPO2.cf_code == 150456
    assert UnitCode(544).cf_code == 262688


@given(strategies.codes)
def test_codes_come_back_from_number_and_text(code: MdcCode) -> None:
    assert MdcCode.from_cf_code(code.cf_code) == code
    assert MdcCode.parse(str(code)) == code


@pytest.mark.parametrize("text", ["", "2", "2:", ":5", "2:x", "-1:5", "2:70000", "2:5:6"])
def test_other_texts_are_no_codes(text: str) -> None:
    with pytest.raises(DecodeError):
        MdcCode.parse(text)


@pytest.mark.parametrize("term", [-1, 0x10000])
def test_units_have_sixteen_bits(term: int) -> None:
    with pytest.raises(DecodeError):
        UnitCode(term)


def test_a_system_id_is_opaque_octets() -> None:
    assert str(OXIMETER) == "11-22-33-44-55-66-77-04"
    assert SystemId(b"LNIAGENT").hex == "4C4E494147454E54"


@pytest.mark.parametrize("text", ["", "zz", "1", "00" * 65])
def test_other_texts_are_no_system_id(text: str) -> None:
    with pytest.raises(DecodeError):
        SystemId.parse(text)


def test_a_quantity_is_finite_or_a_named_special() -> None:
    percent = UnitCode(544)
    assert Quantity(Decimal("97.0"), percent).number == Decimal("97.0")
    assert Quantity(SpecialValue.NRES, percent).number is None
    with pytest.raises(EncodeError):
        Quantity(Decimal("NaN"), percent)
