"""GATT values: fields at the octets that gave them, whatever the record looks like."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Flag
from uuid import UUID

import pytest

from edge.decoding.characteristics import read_characteristic
from edge.decoding.node import lines_of, ranges_of, tree_of
from protocols.errors import DecodeError
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import DateTime, FieldReader, FieldWriter
from protocols.gatt.glucose_measurement import MEASUREMENT as GLUCOSE
from protocols.gatt.heart_rate import MEASUREMENT as HEART_RATE
from protocols.gatt.pulse_oximeter import CONTINUOUS
from protocols.mder.numbers import Number


class Flags(Flag):
    RATE = 0x01
    STAMP = 0x02


@dataclass(frozen=True, slots=True)
class Reading:
    flags: Flags
    level: Number
    doubled: int
    rate: int | None
    stamp: DateTime | None


def _read(reader: FieldReader) -> Reading:
    flags = Flags(reader.u8())
    return Reading(
        flags,
        reader.sfloat(),
        2 * reader.u8(),
        reader.u8() if Flags.RATE in flags else None,
        reader.date_time() if Flags.STAMP in flags else None,
    )


def _write(record: Reading, writer: FieldWriter) -> None:
    raise NotImplementedError


READING = Characteristic(
    uuid=UUID(int=1),
    name="Reading",
    properties=Property.NOTIFY,
    clause="a document of this test",
    read=_read,
    write=_write,
    decode_as=("reading",),
)
# Flags 3; SFLOAT 0xF16C = 36.4; 5; 64; 2026-11-26 01:02:03.
OCTETS = bytes.fromhex("036cf10540ea070b1a010203")


def test_fields_stand_where_they_were_read() -> None:
    node, warnings = read_characteristic(READING, OCTETS)
    assert warnings == ()
    assert tree_of(node) == {
        "flags": 3,
        "level": "36.4",
        "doubled": 10,
        "rate": 64,
        "stamp": "2026-11-26T01:02:03",
    }
    # What was worked out has no octets of its own.
    assert ranges_of(node) == {"flags": [0, 1], "level": [1, 3], "rate": [4, 5], "stamp": [5, 12]}
    assert "        0-0  flags: 3 (RATE, STAMP)" in list(lines_of(node))


def test_an_absent_field_takes_no_octets_of_another() -> None:
    node, _ = read_characteristic(READING, bytes.fromhex("02010001ea070b1a010203"))
    assert ranges_of(node) == {"flags": [0, 1], "level": [1, 3], "stamp": [4, 11]}


def test_surplus_octets_are_read_leniently_and_told() -> None:
    node, warnings = read_characteristic(READING, OCTETS + b"\0")
    assert isinstance(node.content, dict)
    assert node.content["level"].content == f"{Decimal('36.4')}"
    assert warnings[0].startswith("refused by strict rules: 1 surplus octets")
    assert "1 surplus octets dropped" in warnings[1]


def test_too_few_octets_are_an_error() -> None:
    with pytest.raises(DecodeError, match="0 octets where 1 are needed"):
        read_characteristic(READING, b"")


def test_flags_of_the_same_worth_are_no_octets_of_a_field() -> None:
    octets = bytes.fromhex("03 0300 E307021B0B0A1E 0000 1E00 11")
    node, _ = read_characteristic(GLUCOSE, octets)
    ranges = ranges_of(node)
    assert ranges["sequence_number"] == [1, 3]
    assert ranges["concentration.value"] == [12, 14]


def test_what_stands_in_a_record_within_has_its_octets() -> None:
    node, _ = read_characteristic(CONTINUOUS, bytes.fromhex("03 6200 4000 6100 4000 6000 FF07"))
    ranges = ranges_of(node)
    assert ranges["fast"] == [5, 9]
    assert ranges["fast.pulse_rate"] == [7, 9]
    assert ranges["slow.pulse_rate"] == [11, 13]


def test_every_item_of_a_list_has_its_octets() -> None:
    node, _ = read_characteristic(HEART_RATE, bytes.fromhex("10 55 0004 0004"))
    assert ranges_of(node)["rr_intervals.1"] == [4, 6]
