"""What a device says of itself, gathered value by value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt.device_information import (
    FIRMWARE,
    HARDWARE,
    MANUFACTURER,
    MODEL,
    PNP_ID,
    PROFILE,
    REGULATORY,
    SERIAL_NUMBER,
    SOFTWARE,
    SYSTEM_ID,
    DeviceText,
    Eui64,
    PnpId,
    RegulatoryCertification,
)
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from tests.unit.protocols.gatt.link import DEVICE, NOW, few, say, session
from tests.unit.protocols.gatt.records import U24


def test_a_system_id_is_turned_round_and_identifies_the_device() -> None:
    # 20601 writes the OUI first: the octets of the air from the last to the first.
    transcript = say(PROFILE, SYSTEM_ID, "efcdab0001345612")
    assert transcript.device is not None
    assert transcript.device.system_id == SystemId(bytes.fromhex("1256340100abcdef"))


@pytest.mark.parametrize("octets", ["00" * 8, "ff" * 8, "debc9afeff563412"])
def test_a_system_id_many_devices_share_identifies_nobody(octets: str) -> None:
    transcript = say(PROFILE, SYSTEM_ID, octets)
    assert transcript.device is None
    assert len(transcript.warnings) == 1


def test_the_texts_are_gathered_without_their_padding() -> None:
    device = session(PROFILE)
    for characteristic, text in (
        (MODEL, b"OX-1\0\0"),
        (SERIAL_NUMBER, b" 4711 "),
        (FIRMWARE, b"1.2"),
        (HARDWARE, b"B"),
        (SOFTWARE, b"3"),
        (MANUFACTURER, "Müller".encode()),
    ):
        transcript = device.value_received(characteristic.uuid, text, utc=NOW)
    assert transcript.device == DeviceInfo(
        system_id=DEVICE,
        model="OX-1",
        serial_number="4711",
        firmware="1.2",
        hardware="B",
        software="3",
        manufacturer="Müller",
    )
    assert device.transcriber.device == transcript.device


def test_certification_and_pnp_numbers_are_kept_in_their_records() -> None:
    for characteristic, octets in ((REGULATORY, "00020012"), (PNP_ID, "020d0000001001")):
        transcript = say(PROFILE, characteristic, octets)
        assert transcript.device is None
        assert transcript.warnings == ()
    assert REGULATORY.decode(b"\x00\x02") == RegulatoryCertification(b"\x00\x02")
    assert PNP_ID.decode(bytes.fromhex("020d0000001001")) == PnpId(2, 0x0D, 0, 0x110)


def test_values_are_written_back() -> None:
    assert SYSTEM_ID.encode(Eui64(1, 2)) == bytes.fromhex("0100000000020000")
    assert PNP_ID.encode(PnpId(2, 0x0D, 0, 0x110)).hex() == "020d0000001001"
    assert REGULATORY.encode(RegulatoryCertification(b"\x01")) == b"\x01"
    assert MODEL.encode(DeviceText("µ")) == "µ".encode()


def test_a_text_of_another_encoding_is_refused() -> None:
    with pytest.raises(DecodeError) as caught:
        MANUFACTURER.decode(b"M\xfcller")
    assert caught.value.clause == "DIS 1.2, Manufacturer Name String"


@given(manufacturer=st.integers(0, (1 << 40) - 1), organization=U24)
@few
def test_every_system_id_is_written_back(manufacturer: int, organization: int) -> None:
    record = Eui64(manufacturer, organization)
    octets = SYSTEM_ID.encode(record)
    assert SYSTEM_ID.decode(octets) == record
    if record.system_id is not None:
        assert record.system_id.octets == octets[::-1]


@pytest.mark.parametrize(
    ("octets", "odd"), [("123456fffe9abcde", True), ("221133fffe445566", False)]
)
def test_a_system_id_that_many_devices_share_is_odd(octets: str, odd: bool) -> None:
    assert SYSTEM_ID.doubts is not None
    record = SYSTEM_ID.decode(bytes.fromhex(octets)[::-1])
    assert any(SYSTEM_ID.doubts(record)) is odd
