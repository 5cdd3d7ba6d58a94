"""TYPE, unit codes and System-Ids as octets."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.mder.codes import SYSTEM_ID, TYPE, UNIT
from protocols.mder.records import Codec
from protocols.model.codes import MdcCode, SystemId, UnitCode

TYPES: Codec[MdcCode] = Codec(TYPE, clause="TYPE")
UNITS: Codec[UnitCode] = Codec(UNIT, clause="unit")
SYSTEM_IDS: Codec[SystemId] = Codec(SYSTEM_ID, clause="System-Id")


def test_a_type_is_a_partition_and_a_term() -> None:
    assert TYPES.decode(bytes.fromhex("00024BB8")) == MdcCode(2, 19384)
    assert TYPES.encode(MdcCode(2, 19384)) == bytes.fromhex("00024BB8")


def test_a_unit_nobody_knows_keeps_its_number() -> None:
    assert UNITS.decode(b"\xff\xfe") == UnitCode(0xFFFE)
    assert UNITS.encode(UnitCode(0xFFFE)) == b"\xff\xfe"


@pytest.mark.parametrize("octets", ["0008 1133557799BBDDFF", "0009 4C4E494147454E5431"])
def test_a_system_id_is_as_long_as_the_device_made_it(octets: str) -> None:
    wire = bytes.fromhex(octets)
    assert SYSTEM_IDS.decode(wire) == SystemId(wire[2:])
    assert SYSTEM_IDS.encode(SystemId(wire[2:])) == wire


def test_an_empty_system_id_is_refused_with_its_clause() -> None:
    with pytest.raises(DecodeError, match="System-Id"):
        SYSTEM_IDS.decode(b"\0\0")
