"""Frames, NFC records and a foreign monitor's messages in the decode tool."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.decoding.report import Decoding, kind_of
from edge.errors import SettingsError
from protocols.framing.hdlc import FrameForm, write_frame
from protocols.framing.phdc_nfc import PhdRecord, encode_record
from protocols.monitors.intellivue import RS232_FORM
from protocols.monitors.intellivue_association import (
    PollOption,
    SystemType,
    UserInformation,
    encode_request,
)
from protocols.monitors.intellivue_pdus import encode_poll

RELEASE = bytes.fromhex("e40000020000")


def explain(kind: str, octets: bytes) -> dict[str, Any]:
    decoding = Decoding(kind=kind_of(kind), as_json=True)
    (line,) = decoding.lines(octets.hex().encode())
    item: dict[str, Any] = json.loads(line)
    return item


def test_an_nfc_record_shows_its_message_at_its_octets() -> None:
    octets = encode_record(PhdRecord(7, RELEASE))
    item = explain("nfc", octets)
    assert item["fields"] == {"sequence": 7, "apdu": {"reason": 0}}
    start = len(octets) - len(RELEASE)
    assert item["ranges"]["apdu"] == [start, len(octets)]
    assert item["ranges"]["apdu.reason"] == [start + 4, start + 6]


def test_what_is_no_message_inside_stays_octets() -> None:
    assert (
        explain("nfc", encode_record(PhdRecord(1, b"\x01\x02\x03")))["fields"]["apdu"] == "010203"
    )


def test_frames_show_their_contents_and_what_was_dropped() -> None:
    frame = write_frame(RELEASE, FrameForm())
    broken = bytearray(frame)
    broken[3] ^= 1
    item = explain("hdlc", frame + bytes(broken) + frame)
    assert item["fields"] == {"frames": [{"reason": 0}, {"reason": 0}]}
    assert item["warnings"] == ["the frame check sequence is wrong: 1"]


def test_a_broken_frame_alone_is_bad_input() -> None:
    with pytest.raises(SettingsError, match="frame check sequence"):
        explain("hdlc", write_frame(RELEASE, FrameForm())[:-2] + b"\x00\xc1")


def test_messages_of_an_intellivue_monitor_framed_and_not() -> None:
    information = UserInformation(
        system=SystemType.CLIENT, options=PollOption.WAVES, min_poll_ticks=8000
    )
    request = encode_request(information)
    for octets in (request, write_frame(request, RS232_FORM)):
        fields = explain("intellivue", octets)["fields"]
        assert fields["session"] == "CONNECT"
        assert fields["user_information"]["min_poll_ticks"] == 8000
    poll = explain("intellivue", encode_poll(1, 6))["fields"]
    assert poll["message"] == "OtherOperation"
    assert explain("intellivue", b"\x19")["fields"] == {"session": "ABORT"}


@pytest.mark.parametrize("octets", [b"\x42", write_frame(b"", RS232_FORM)])
def test_other_octets_are_no_message_of_that_monitor(octets: bytes) -> None:
    with pytest.raises(SettingsError, match="is no intellivue"):
        explain("intellivue", octets)


def test_every_frame_keeps_the_warnings_of_its_message() -> None:
    odd = bytes.fromhex("e7000036003411110100002e0000ffffffff0d1d0024f00000000002001c0001000a")
    odd += bytes.fromhex("f3c52026112301523050000a000af27b2026112301523050")
    item = explain("hdlc", write_frame(odd, FrameForm()) + write_frame(RELEASE, FrameForm()))
    assert [warning for warning in item["warnings"] if "no value map" in warning]
