"""GATT values: fields at the octets that gave them, whatever the record looks like."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Flag
from uuid import UUID

import pytest

from edge.decoding.characteristics import read_characteristic
from edge.decoding.node import lines_of, ranges_of, tree_of
from edge.decoding.report import Decoding, kind_of
from protocols.errors import DecodeError
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.blood_pressure import FEATURE as BLOOD_PRESSURE_FEATURE
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
    writer.u8(record.flags.value)
    writer.sfloat(record.level)
    writer.u8(record.doubled // 2)
    if record.rate is not None:
        writer.u8(record.rate)
    if record.stamp is not None:
        writer.date_time(record.stamp)


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


@pytest.mark.parametrize(
    "octets", [OCTETS, bytes.fromhex("006cf105")], ids=["all fields", "no optional field"]
)
def test_the_record_of_these_tests_is_written_back_as_it_was_read(octets: bytes) -> None:
    assert READING.encode(READING.decode(octets)) == octets


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


def in_words(kind: str, octets: str) -> list[str]:
    data = octets.encode()
    return [line.strip() for line in Decoding(kind=kind_of(kind)).lines(data)]


@pytest.mark.parametrize(
    ("kind", "octets", "line"),
    [
        (
            "bps",
            "10 7800 5000 6000 2300",
            "7-8  status: 35 (body movement, cuff too loose, improper measurement position)",
        ),
        ("bps_feature", "2100", "0-1  bits: 33 (body movement detection, multiple bonds)"),
        ("plx", "06 6200 4000 8000 200000", "5-6  measurement_status: 128 (validated)"),
        ("plx", "06 6200 4000 8000 200000", "7-9  device_status: 32 (low perfusion)"),
        ("plx_continuous", "08 6200 4000 010040", "5-7  device_status: 4194305 (extended"),
        ("plx_features", "1000", "0-1  features: 16 (fast response)"),
        ("gls", "0A 0300 E307021B0B0A1E 1E00 11 0100", "13-14  status: 1 (battery low)"),
        ("glucose_feature", "0004", "0-1  features: 1024 (multiple bonds)"),
        ("cgm", "0780 0c10 0600 01", "annunciation: 1 (session stopped)"),
        ("cgm_status", "0600 000100", "2-4  annunciation: 256 (time synchronization required)"),
        ("cgm_feature", "000001 59 FFFF", "0-2  features: 65536 (quality)"),
        ("cgm_control", "06 0c10 0600 11 0000 0100 02", "status: 2 (calibration out of range)"),
        ("cts", "E307021B0B0A1E 03 00 05", "9-9  reason: 5 (set by hand, time zone changed)"),
        ("weight_feature", "05000000", "0-3  bits: 5 (timestamp, body mass index)"),
        ("body_composition_feature", "00040000", "0-3  bits: 1024 (height)"),
    ],
)
def test_bits_are_named_beside_the_number(kind: str, octets: str, line: str) -> None:
    assert any(line in found for found in in_words(kind, octets))


def test_a_bit_without_a_name_is_told_by_its_number_and_no_note_is_in_the_json() -> None:
    node, _ = read_characteristic(BLOOD_PRESSURE_FEATURE, bytes.fromhex("0180"))
    assert "0-1  bits: 32769 (body movement detection, bit 15)" in "".join(lines_of(node))
    assert tree_of(node) == {"bits": 32769}


@pytest.mark.parametrize(
    ("kind", "octets", "line"),
    [
        ("hts", "01 6c0100ff", "unit: 4416 ([degF])"),
        ("weight", "00 1027", "unit: 1731 (kg)"),
        ("weight", "01 1027", "length_unit: 1376 ([in_i])"),
        ("body_composition", "0100 6400", "unit: 1760 ([lb_av])"),
        ("gls", "06 0300 E307021B0B0A1E 1E00 11", "unit: 4704 (mol/L)"),
        ("gls", "02 0300 E307021B0B0A1E 1E00 11", "unit: 2051 (kg/L)"),
        ("cgm_start", "E307021B0B0A1E 08 04", "zone_minutes: 120"),
        ("cgm_start", "E307021B0B0A1E 08 04", "dst_minutes: 60"),
        ("system_id", "665544FEFF331122", "system_id: 22-11-33-FF-FE-44-55-66"),
        ("racp", "06000101", "op_code: RESPONSE"),
        ("racp", "0101", "op_code: REPORT_RECORDS"),
    ],
)
def test_what_a_record_works_out_is_shown(kind: str, octets: str, line: str) -> None:
    assert line in in_words(kind, octets)


@pytest.mark.parametrize(
    ("kind", "octets", "warning"),
    [
        ("cgm", "08000c100600 0000", "! the E2E-CRC of record 1 does not fit"),
        ("cgm_feature", "001000 59 FFFF", "! E2E-CRCs are claimed and there is none here"),
        ("battery_level", "65", "! a battery level out of range"),
        ("system_id", "debc9afeff563412", "! a System ID many devices share"),
    ],
)
def test_what_is_odd_about_a_record_is_a_warning(kind: str, octets: str, warning: str) -> None:
    assert in_words(kind, octets)[-1].startswith(warning)


def test_without_a_checksum_nothing_is_said_of_it() -> None:
    assert "crc_fits: -" in in_words("cgm", "06000c100600")
    assert "crc_fits: False" in in_words("cgm", "08000c100600 0000")
