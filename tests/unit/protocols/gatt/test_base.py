"""A session turns the values of its profile into transcripts, and nothing else."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError, LocalProtocolError
from protocols.gatt.base import AnyCharacteristic, Characteristic, GattProfile, Property
from protocols.gatt.battery import LEVEL, PROFILE, BatteryLevel
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.registry import PROFILES
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.records import LENIENT
from tests.unit.protocols.gatt.link import NOW, session, transcriber


def _read_flags(reader: FieldReader) -> int:
    return reader.u16()


def _write_flags(record: int, writer: FieldWriter) -> None:
    writer.u16(record)


FEATURE = Characteristic(
    uuid=assigned_uuid(0x2A9E),
    name="A feature",
    properties=Property.READ,
    clause="a document",
    read=_read_flags,
    write=_write_flags,
)
SILENT = GattProfile(
    name="silent",
    service=None,
    specification="a document",
    version="1",
    characteristics=(FEATURE,),
)


def test_a_characteristic_reads_and_writes_whole_values() -> None:
    assert LEVEL.decode(b"\x32") == BatteryLevel(50)
    assert LEVEL.encode(BatteryLevel(50)) == b"\x32"


def test_joined_notifications_are_refused_unless_surplus_is_forgiven() -> None:
    with pytest.raises(DecodeError) as caught:
        LEVEL.decode(b"\x32\x33")
    assert caught.value.clause == LEVEL.clause
    notes: list[str] = []
    assert LEVEL.decode(b"\x32\x33", leniency=LENIENT, notes=notes) == BatteryLevel(50)
    assert len(notes) == 1


def test_a_session_turns_values_into_transcripts() -> None:
    transcript = session(PROFILE).value_received(LEVEL.uuid, b"\x32", utc=NOW)
    assert len(transcript.observations) == 1
    assert transcript.warnings == ()


def test_what_a_session_forgives_becomes_a_warning() -> None:
    forgiving = PROFILE.open_session(transcriber(), leniency=LENIENT)
    transcript = forgiving.value_received(LEVEL.uuid, b"\x32\x00", utc=NOW)
    assert len(transcript.observations) == 1
    assert len(transcript.warnings) == 1


def test_a_characteristic_of_another_profile_is_our_own_mistake() -> None:
    with pytest.raises(LocalProtocolError, match="2A9E"):
        session(PROFILE).value_received(FEATURE.uuid, b"\x32", utc=NOW)


def test_a_characteristic_without_a_meaning_says_nothing() -> None:
    transcript = session(SILENT).value_received(FEATURE.uuid, b"\x01\x00", utc=NOW)
    assert transcript.observations == ()
    assert FEATURE.encode(FEATURE.decode(b"\x01\x00")) == b"\x01\x00"


@pytest.mark.parametrize(
    "characteristic",
    [
        pytest.param(item, id=item.decode_as[0])
        for profile in PROFILES
        for item in profile.characteristics
        if item.bits
    ],
)
def test_every_bit_with_a_name_has_one_of_its_own(characteristic: AnyCharacteristic) -> None:
    for names in characteristic.bits.values():
        assert len(set(names.values())) == len(names)
        assert all(0 <= bit < 24 and name == name.strip() != "" for bit, name in names.items())
