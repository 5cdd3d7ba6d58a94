"""Octets of a Generic Health Sensor, by hand from the published layout."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt.elapsed_time import ElapsedTime
from protocols.gatt.ghs_reading import decode_observation, decode_stored
from protocols.gatt.ghs_records import (
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsObservation,
    Header,
    Numeric,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.gatt.ghs_writing import encode_observation
from protocols.model.clock_mapping import Timeline
from protocols.model.codes import MdcCode, UnitCode
from tests.unit.protocols.gatt.ghs_examples import CELSIUS, PULSE, TEMPERATURE, WARM, messages
from tests.unit.protocols.gatt.link import few

# Class 1, 12 octets: flags (type), 2:19292, degrees Celsius, FLOAT 366 x 10^-1.
WARM_OCTETS = bytes.fromhex("01 0C00 0100 5C4B0200 A017 6E0100FF")


def octets_of(kind: int, body: str) -> bytes:
    content = bytes.fromhex(body)
    return bytes([kind]) + len(content).to_bytes(2, "little") + content


def value_of(kind: int, body: str) -> object:
    message = decode_observation(octets_of(kind, "0000" + body))
    assert isinstance(message, GhsObservation)
    return message.value


def test_a_number_is_a_float_with_its_unit() -> None:
    assert decode_observation(WARM_OCTETS) == GhsObservation(1, Header(type=TEMPERATURE), WARM)


def test_the_length_may_stand_before_the_class() -> None:
    other = bytes.fromhex("0D00 01") + WARM_OCTETS[3:]
    assert decode_observation(other) == decode_observation(WARM_OCTETS)


def test_a_stored_observation_stands_behind_its_record_number() -> None:
    number, message = decode_stored(bytes.fromhex("07000000") + WARM_OCTETS)
    assert number == 7
    assert message == decode_observation(WARM_OCTETS)


def test_every_field_before_the_value_has_a_flag() -> None:
    body = (
        "FF03 5C4B0200"  # all flags; the type
        "22 0000E8030000 04 00"  # UTC, the current timeline, 65,536,000 s, set by hand
        "1E000000 0300"  # 30 s; invalid and questionable
        "01000000 02"  # object 1, patient 2
        "01 344C0200 01 05000000 01 06000000"  # a supplement, derived from 5, has member 6
        "01 24090100 0200 04 AABB"  # one attribute of format 4
        "A017 6E0100FF"
    )
    message = decode_observation(octets_of(1, body))
    assert isinstance(message, GhsObservation)
    assert message.header == Header(
        type=TEMPERATURE,
        time=ElapsedTime(value=0x3E8_0000, timeline=Timeline.UTC, source=4),
        duration=Decimal(30),
        status=3,
        object_id=1,
        patient=2,
        supplements=(MdcCode(2, 19508),),
        derived_from=(5,),
        has_member=(6,),
        tlvs=(Tlv(MdcCode(1, 2340), 4, b"\xaa\xbb"),),
    )
    assert message.value == WARM


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        (2, "5C4B0200", Discrete(TEMPERATURE)),
        (3, "0300 C3BC6E", String("ün")),
        (
            4,
            "0002 010000FF 00000000 01000000 64 01 03000000 010203",
            SampleArray(
                unit=UnitCode(512),
                scale=Decimal("0.1"),
                offset=Decimal(0),
                period=Decimal(1),
                per_period=100,
                octets_per_sample=1,
                samples=b"\1\2\3",
            ),
        ),
        (5, "02 5C4B0200 0A480200", CompoundDiscrete((TEMPERATURE, PULSE))),
        (6, "02 0F00 0300 0100", CompoundState(2, 0x0F, 3, 1)),
        (
            7,
            "02 5C4B0200 01 A017 6E0100FF 0A480200 03 0100 41",
            Compound(((TEMPERATURE, WARM), (PULSE, String("A")))),
        ),
        (8, "01 5C4B0200 0100 19 41", Tlvs((Tlv(TEMPERATURE, 0x19, b"A"),))),
    ],
    ids=["discrete", "string", "samples", "codes", "state", "compound", "attributes"],
)
def test_every_class_has_its_value(kind: int, body: str, value: SimpleValue | Compound) -> None:
    assert value_of(kind, body) == value


def test_a_reserved_class_is_kept_unread() -> None:
    message = decode_observation(octets_of(0x20, "0000 AABB"))
    assert message == GhsObservation(0x20, Header(), None, b"\xaa\xbb")


def test_a_bundle_holds_observations_of_their_own_lengths() -> None:
    message = decode_observation(octets_of(0xFF, "0000 02" + WARM_OCTETS.hex() * 2))
    assert isinstance(message, GhsBundle)
    assert [member.value for member in message.members] == [WARM, WARM]
    inner = "0D00 01" + WARM_OCTETS[3:].hex()
    body = bytes.fromhex("FF 0000 01" + inner)
    other = len(body).to_bytes(2, "little") + body
    assert decode_observation(other) == GhsBundle(Header(), (message.members[0],))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x01\x00",
        WARM_OCTETS[:-1],
        WARM_OCTETS + b"\0",
        octets_of(1, "0000 A017 6E0100FF 00"),
        octets_of(3, "0000 0100 FF"),
        octets_of(4, "0000 0002 010000FF 00000000 01000000 64 02 FFFFFFFF 0102"),
        octets_of(7, "0000 01 5C4B0200 07 00"),
        octets_of(0xFF, "0000 01 FF 0300 0000 00"),
        octets_of(0xFF, "0000 00 00"),
    ],
    ids=[
        "nothing", "two octets", "short", "long", "surplus", "not UTF-8", "too few samples",
        "compound in compound", "bundle in bundle", "surplus in a bundle",
    ],
)  # fmt: skip
def test_what_is_no_whole_observation_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError, match="GHSS"):
        decode_observation(octets)


@given(st.binary(max_size=40))
def test_any_octets_are_an_observation_or_a_decode_error(octets: bytes) -> None:
    try:
        message = decode_observation(octets)
    except DecodeError:
        return
    assert isinstance(message, GhsObservation | GhsBundle)


@given(messages)
@few
def test_what_is_written_is_read_back(message: GhsObservation | GhsBundle) -> None:
    assert decode_observation(encode_observation(message)) == message


def test_units_and_numbers_keep_their_form() -> None:
    assert Numeric(CELSIUS, Decimal("36.6")) == value_of(1, "A017 6E0100FF")
