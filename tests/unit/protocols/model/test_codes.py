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


def test_a_system_id_made_of_an_address_is_that_address() -> None:
    address = bytes.fromhex("F0F1F2F3F4F5")
    clip = SystemId.from_address(address)
    assert clip.hex == "F0F1F2FFFEF3F4F5"
    assert clip.address == address


@pytest.mark.parametrize("text", ["F0F1F2FFFFF3F4F5", "F0F1F2F3F4F5", "F0F1F2FFFEF3F4F5F6"])
def test_other_system_ids_are_made_of_no_address(text: str) -> None:
    assert SystemId.parse(text).address is None


def test_an_address_has_six_octets() -> None:
    with pytest.raises(DecodeError):
        SystemId.from_address(bytes(8))


@pytest.mark.parametrize("text", ["", "zz", "1", "00" * 65])
def test_other_texts_are_no_system_id(text: str) -> None:
    with pytest.raises(DecodeError):
        SystemId.parse(text)
