"""GATT values that are pieces: segments of observations, packets and frames of oximeters."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.decoding.report import Decoding, kind_of
from edge.errors import SettingsError
from protocols.gatt.ghs import LIVE, STORED
from protocols.gatt.ghs_records import GhsBundle, GhsObservation, Header
from protocols.gatt.ghs_segments import split
from protocols.gatt.ghs_writing import encode_observation, encode_stored
from protocols.gatt.viatom import READ_SENSORS, encode_answer
from tests.unit.protocols.gatt.ghs_examples import TEMPERATURE, WARM
from tests.vectors.own_private_services import BERRY, BERRY_NO_FINGER, VIATOM_PAYLOAD

MESSAGE = GhsObservation(1, Header(type=TEMPERATURE, status=0x09), WARM)
ANSWER = encode_answer(0x17, VIATOM_PAYLOAD)


def read(kind: str, *values: bytes) -> list[dict[str, Any]]:
    """The items of one input, one value a line."""
    text = "\n".join(octets.hex() for octets in values)
    return [
        json.loads(line) for line in Decoding(kind=kind_of(kind), as_json=True).lines(text.encode())
    ]


def segments(octets: bytes, size: int) -> list[bytes]:
    return [LIVE.encode(segment) for segment in split(octets, size=size)]


def test_a_segment_that_is_first_and_last_holds_an_observation() -> None:
    octets = encode_observation(MESSAGE)
    (item,) = read("ghs", *segments(octets, 300))
    fields = item["fields"]
    assert (fields["is_first"], fields["is_last"], fields["counter"]) == (True, True, 0)
    assert fields["octets"] == octets.hex()
    observation = fields["observation"]
    assert observation["header"]["type"] == "2:19292 (MDC_TEMP_BODY)"
    assert observation["value"] == {"unit": "6048 (Cel)", "value": "36.6"}
    assert item["ranges"]["observation"] == [1, 1 + len(octets)]
    assert item["warnings"] == []


def test_the_class_and_the_status_bits_of_an_observation_have_names() -> None:
    text = segments(encode_observation(MESSAGE), 300)[0].hex()
    lines = "\n".join(Decoding(kind=kind_of("ghs")).lines(text.encode()))
    assert "status: 9 (invalid, bit 3)" in lines
    assert "observation_class: 1 (numeric)" in lines


def test_segments_on_lines_make_one_observation_with_the_last() -> None:
    *before, last = read("ghs", *segments(encode_observation(MESSAGE), 6))
    assert [item["fields"]["collected"] for item in before] == [6, 12]
    assert last["fields"]["observation"]["value"]["value"] == "36.6"
    assert "observation" not in last["ranges"]
    assert [item["warnings"] for item in [*before, last]] == [[], [], []]


def test_a_segment_that_is_missing_makes_no_observation_of_the_rest() -> None:
    first, _, last = segments(encode_observation(MESSAGE), 6)
    begun, ended = read("ghs", first, last)
    assert begun["warnings"] == []
    assert ended["warnings"] == ["segments are missing: what was collected was dropped"]
    assert "observation" not in ended["fields"]


def test_a_bundle_is_one_observation_of_several() -> None:
    bundle = encode_observation(GhsBundle(Header(), (MESSAGE, MESSAGE)))
    (item,) = read("ghs", *segments(bundle, 300))
    members = item["fields"]["observation"]["members"]
    assert [member["observation_class"] for member in members] == [1, 1]


def test_a_stored_observation_has_its_record_number() -> None:
    whole, *_ = (STORED.encode(s) for s in split(encode_stored(77, MESSAGE), size=300))
    (item,) = read("ghs_stored", whole)
    assert item["fields"]["record_number"] == 77
    assert item["ranges"]["record_number"] == [1, 5]
    assert item["ranges"]["observation"] == [5, len(whole)]


def test_a_stored_observation_in_pieces_has_its_record_number_too() -> None:
    pieces = [STORED.encode(s) for s in split(encode_stored(77, MESSAGE), size=10)]
    assert read("ghs_stored", *pieces)[-1]["fields"]["record_number"] == 77


def test_packets_are_found_with_their_fields() -> None:
    (item,) = read("berrymed", BERRY + BERRY_NO_FINGER)
    first, second = item["fields"]["packets"]
    assert (first["spo2"], first["pulse_rate"], first["pleth"]) == (98, 140, 50)
    assert (second["spo2"], second["has_finger"]) == (None, False)
    assert item["ranges"]["packets.1"] == [5, 10]
    assert item["fields"]["octets"] == (BERRY + BERRY_NO_FINGER).hex()
    assert item["warnings"] == []


def test_a_packet_may_begin_on_one_line_and_end_on_the_next() -> None:
    begun, ended = read("berrymed", BERRY[:2], BERRY[2:])
    assert begun["warnings"] == [
        "2 octets wait for the rest of their packet (BerryMed BCI protocol)"
    ]
    assert [packet["spo2"] for packet in ended["fields"]["packets"]] == [98]
    assert ended["ranges"]["packets.0"] == [0, 3]
    assert ended["warnings"] == []


def test_what_is_no_packet_is_told() -> None:
    (item,) = read("berrymed", b"\x11\x22" + BERRY)
    assert item["warnings"] == ["2 octets belong to no packet (BerryMed BCI protocol)"]


def test_frames_are_found_with_their_reading() -> None:
    (item,) = read("viatom", b"\x00" + ANSWER)
    (frame,) = item["fields"]["frames"]
    assert (frame["code"], frame["block"], frame["payload"]) == (0x17, 0, VIATOM_PAYLOAD.hex())
    assert frame["reading"]["spo2"] == 98
    assert item["warnings"] == ["1 octets belong to no frame (Viatom command protocol, answer)"]


def test_an_answer_of_another_length_has_no_reading() -> None:
    (item,) = read("viatom", encode_answer(0x14, b"{}"))
    (frame,) = item["fields"]["frames"]
    assert frame == {"code": 0x14, "block": 0, "payload": b"{}".hex()}


def test_a_command_is_a_frame_and_an_answer_is_none() -> None:
    (item,) = read("viatom_command", READ_SENSORS)
    assert item["fields"]["frames"] == [{"code": 0x17, "block": 0, "payload": ""}]
    with pytest.raises(SettingsError, match="no frame was found"):
        read("viatom_command", ANSWER)


def test_a_frame_whose_checksum_does_not_fit_is_told_beside_a_good_one() -> None:
    broken = ANSWER[:-1] + bytes((ANSWER[-1] ^ 1,))
    (item,) = read("viatom", broken + ANSWER)
    assert len(item["fields"]["frames"]) == 1
    assert item["warnings"][0].startswith("the CRC of a frame does not fit")
    with pytest.raises(SettingsError, match="the CRC of a frame does not fit, no frame was found"):
        read("viatom", broken)


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        ("ghs", "03deadbeef"),
        ("ghs_stored", "034d00000002"),
        ("berrymed", "11223344"),
        ("viatom", "00112233"),
        ("viatom_command", "aa17e7000000001b"),
    ],
)
def test_octets_in_which_nothing_can_be_found_are_bad_input(kind: str, octets: str) -> None:
    with pytest.raises(SettingsError, match=f"line 1 is no {kind}"):
        read(kind, bytes.fromhex(octets))


def test_every_input_is_an_exchange_of_its_own() -> None:
    _, last = segments(encode_observation(MESSAGE), 10)[:2]
    (item,) = read("ghs", last)
    assert item["warnings"] == ["a segment without its first one was dropped"]
