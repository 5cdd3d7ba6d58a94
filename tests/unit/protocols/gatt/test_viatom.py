"""Viatom and Wellue oximeters: commands, answers in pieces, checksums."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import terms, viatom
from protocols.gatt.base import ProfileSession
from protocols.gatt.transcriber import Transcript
from protocols.gatt.viatom import (
    ANSWER,
    COMMAND,
    MAX_PAYLOAD,
    READ_SENSORS,
    ViatomFrame,
    ViatomReading,
    ViatomStream,
    crc8,
    decode_reading,
    encode_answer,
)
from protocols.model.observation import MeasurementStatus, NumericObservation
from protocols.model.quantity import SpecialValue
from tests.unit.protocols.gatt.link import NOW, session
from tests.vectors.own_private_services import VIATOM_COMMAND, VIATOM_OFF, VIATOM_PAYLOAD

WHOLE = encode_answer(0x17, VIATOM_PAYLOAD)


def send(link: ProfileSession, octets: bytes) -> Transcript:
    return link.value_received(ANSWER.uuid, octets, utc=NOW)


def values(transcript: Transcript) -> dict[object, object]:
    return {
        o.type: o.value.value for o in transcript.observations if isinstance(o, NumericObservation)
    }


def test_the_checksum_is_that_of_the_catalogue() -> None:
    assert crc8(b"123456789") == 0xF4  # CRC-8/SMBUS


def test_the_command_for_present_values_is_eight_octets() -> None:
    assert READ_SENSORS == VIATOM_COMMAND
    assert COMMAND.encode(COMMAND.decode(READ_SENSORS)) == READ_SENSORS


def test_an_answer_in_pieces_is_one_reading() -> None:
    link = session(viatom.PROFILE)
    assert send(link, WHOLE[:6]).observations == ()
    assert send(link, WHOLE[6:20]).observations == ()
    transcript = send(link, WHOLE[20:])
    assert transcript.warnings == ()
    assert values(transcript) == {
        terms.SPO2: Decimal(98),
        terms.PULSE_RATE_OXIMETER: Decimal(72),
        terms.BATTERY_CHARGE: Decimal(85),
    }


def test_an_answer_that_is_not_whole_is_held() -> None:
    stream = ViatomStream()
    assert stream.receive_data(WHOLE[:-1]) == ([], 0)
    assert stream.held == len(WHOLE) - 1
    assert stream.receive_data(WHOLE[-1:]) == ([VIATOM_PAYLOAD], 0)
    assert stream.held == 0


def test_a_device_nobody_wears_has_no_values_but_its_battery() -> None:
    transcript = send(session(viatom.PROFILE), encode_answer(0x17, VIATOM_OFF))
    assert values(transcript)[terms.SPO2] is SpecialValue.NAN
    statuses = [o.status for o in transcript.observations]
    assert statuses == [MeasurementStatus.NOT_AVAILABLE] * 2 + [MeasurementStatus.VALID]


@pytest.mark.parametrize(
    ("start", "spo2", "rate", "worn"),
    [
        ("62 48 00", 98, 72, True),
        ("00 48 01", None, 72, True),
        ("65 FF 01", None, None, True),
        ("62 00 01", 98, None, True),
        ("00 00 00", None, None, False),
    ],
)
def test_values_out_of_range_are_none(
    start: str, spo2: int | None, rate: int | None, worn: bool
) -> None:
    reading = decode_reading(bytes.fromhex(start) + VIATOM_PAYLOAD[3:])
    assert reading == ViatomReading(spo2=spo2, pulse_rate=rate, battery=85, motion=3, is_worn=worn)


def test_a_battery_out_of_range_is_not_told() -> None:
    payload = VIATOM_PAYLOAD[:7] + b"\xc8" + VIATOM_PAYLOAD[8:]
    transcript = send(session(viatom.PROFILE), encode_answer(0x17, payload))
    assert terms.BATTERY_CHARGE not in values(transcript)


def test_answers_to_other_commands_say_nothing() -> None:
    assert decode_reading(b"\x01") is None
    assert send(session(viatom.PROFILE), encode_answer(0x14, b"{}")).observations == ()


def test_a_command_of_our_own_says_nothing() -> None:
    link = session(viatom.PROFILE)
    assert link.value_received(COMMAND.uuid, READ_SENSORS, utc=NOW) == Transcript()


def test_a_wrong_checksum_is_skipped_and_the_next_answer_found() -> None:
    link = session(viatom.PROFILE)
    wrong = WHOLE[:-1] + bytes((WHOLE[-1] ^ 1,))
    transcript = send(link, wrong + WHOLE)
    assert len(transcript.observations) == 3
    assert transcript.warnings == ("octets of the oximeter belonged to no answer",)


@pytest.mark.parametrize(
    "octets",
    [
        b"\x00" * 5,
        b"\x55\x17\x17" + bytes(4),
        b"\x55\x17\xe8\x00\x00" + (MAX_PAYLOAD + 1).to_bytes(2, "little"),
    ],
    ids=["noise", "not inverted", "too long"],
)
def test_what_is_no_answer_is_skipped(octets: bytes) -> None:
    stream = ViatomStream()
    payloads, skipped = stream.receive_data(octets + WHOLE)
    assert payloads == [VIATOM_PAYLOAD]
    assert skipped == len(octets)


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_no_octets_raise_or_pile_up(pieces: list[bytes]) -> None:
    stream = ViatomStream()
    for piece in pieces:
        stream.receive_data(piece)
        assert stream.held <= MAX_PAYLOAD + 8


def test_a_stream_finds_frames_of_its_own_direction() -> None:
    commands = ViatomStream(is_answer=False)
    assert commands.receive_frames(READ_SENSORS) == ([ViatomFrame(0x17, 0, b"")], 0)
    assert commands.receive_frames(WHOLE[:2]) == ([], 2)
    assert ViatomStream().receive_frames(WHOLE) == ([ViatomFrame(0x17, 0, VIATOM_PAYLOAD)], 0)


def test_frames_whose_checksum_does_not_fit_are_counted() -> None:
    stream = ViatomStream()
    broken = WHOLE[:-1] + bytes((WHOLE[-1] ^ 1,))
    assert stream.receive_frames(broken + WHOLE)[0] == [ViatomFrame(0x17, 0, VIATOM_PAYLOAD)]
    assert stream.misfits == 1
