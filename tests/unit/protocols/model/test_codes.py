"""Codes and identities are what they are, whatever they are written as."""

from __future__ import annotations

import pytest
from hypothesis import given

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from tests.fixtures import strategies

SPO2 = MdcCode(2, 19384)


def test_a_term_has_a_context_free_number() -> None:
    assert SPO2.cf_code == 150456
    assert UnitCode(544).cf_code == 262688
    assert MdcCode.from_cf_code(150456) == SPO2


def test_a_code_is_written_partition_and_term() -> None:
    assert str(SPO2) == "2:19384"
    assert MdcCode.parse("2:19384") == SPO2


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
    oximeter = SystemId.parse("11:22:33:44:55:66:77:04")
    assert str(oximeter) == "11-22-33-44-55-66-77-04"
    assert SystemId(b"LNIAGENT").hex == "4C4E494147454E54"


@pytest.mark.parametrize("text", ["", "zz", "1", "00" * 65])
def test_other_texts_are_no_system_id(text: str) -> None:
    with pytest.raises(DecodeError):
        SystemId.parse(text)
