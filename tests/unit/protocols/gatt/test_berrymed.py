"""BerryMed oximeters: a stream of five octets a hundred times a second."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from protocols.gatt import berrymed, terms
from protocols.gatt.base import Characteristic, ProfileSession, Property
from protocols.gatt.berrymed import (
    PACKETS_A_SECOND,
    PLETH,
    STREAM,
    BerryOctets,
    BerryPacket,
    BerryStream,
    decode_packet,
    encode_packet,
)
from protocols.gatt.transcriber import Transcript
from protocols.model.observation import (
    MeasurementStatus,
    NumericObservation,
    SampleArrayObservation,
)
from protocols.model.quantity import SpecialValue
from tests.unit.protocols.gatt.link import NOW, session, transcriber
from tests.vectors.own_private_services import BERRY, BERRY_NO_FINGER


def send(link: ProfileSession, octets: bytes) -> Transcript:
    return link.value_received(STREAM.uuid, octets, utc=NOW)


def test_a_packet_has_its_bits_where_the_description_says() -> None:
    assert decode_packet(BERRY) == BerryPacket(
        pleth=50, spo2=98, pulse_rate=140, signal_strength=7, beep=True, bar_graph=3
    )
    empty = decode_packet(BERRY_NO_FINGER)
    assert (empty.spo2, empty.pulse_rate, empty.has_finger, empty.is_searching) == (
        None,
        None,
        False,
        True,
    )
    for octets in (BERRY, BERRY_NO_FINGER):
        assert encode_packet(decode_packet(octets)) == octets


def test_a_second_of_packets_is_a_waveform_and_the_newest_numbers() -> None:
    link = session(berrymed.PROFILE)
    assert send(link, BERRY * (PACKETS_A_SECOND - 1)).observations == ()
    wave, spo2, rate = send(link, BERRY).observations
    assert isinstance(wave, SampleArrayObservation)
    assert (wave.type, wave.count, wave.period_us) == (PLETH, 100, 10_000)
    assert isinstance(spo2, NumericObservation)
    assert (spo2.type, spo2.value.value) == (terms.SPO2, Decimal(98))
    assert isinstance(rate, NumericObservation)
    assert rate.value.value == Decimal(140)


def test_a_finger_that_is_not_there_gives_no_numbers() -> None:
    observations = send(session(berrymed.PROFILE), BERRY_NO_FINGER * 100).observations
    assert {o.status for o in observations} == {MeasurementStatus.NOT_AVAILABLE}
    assert isinstance(observations[1], NumericObservation)
    assert observations[1].value.value is SpecialValue.NAN


def test_a_searching_oximeter_is_not_believed() -> None:
    searching = encode_packet(
        BerryPacket(pleth=1, spo2=90, pulse_rate=60, signal_strength=1, is_searching=True)
    )
    observations = send(session(berrymed.PROFILE), searching * 100).observations
    assert {o.status for o in observations} == {MeasurementStatus.QUESTIONABLE}


def test_octets_that_belong_to_no_packet_are_said() -> None:
    link = session(berrymed.PROFILE)
    assert send(link, BERRY + BERRY[:2]).warnings == ()
    assert send(link, BERRY).warnings == ("octets of the oximeter's stream belonged to no packet",)


def test_a_stream_finds_its_place_again() -> None:
    stream = BerryStream()
    assert stream.receive_data(BERRY[1:]) == ([], 4)
    assert stream.receive_data(BERRY[:3] + BERRY) == ([decode_packet(BERRY)], 3)


def test_the_stream_reads_and_writes_as_it_came() -> None:
    assert STREAM.decode(b"\x01\x02") == BerryOctets(b"\x01\x02")
    assert STREAM.encode(BerryOctets(b"\x01\x02")) == b"\x01\x02"


def test_a_session_leaves_other_records_alone() -> None:
    link = session(berrymed.PROFILE)
    other: Characteristic[str] = Characteristic(
        uuid=STREAM.uuid,
        name="other",
        properties=Property.READ,
        clause="none",
        read=lambda reader: reader.text(),
        write=lambda record, writer: writer.text(record),
    )
    draft = transcriber().begin(utc=NOW)
    link.transcribe(other, "text", draft)
    assert draft.finish() == Transcript()


@given(st.lists(st.integers(1, 7), max_size=12), st.integers(1, 6))
def test_any_split_of_the_stream_gives_the_same_packets(sizes: list[int], count: int) -> None:
    stream = BerryStream()
    octets = BERRY * count
    packets: list[BerryPacket] = []
    at = 0
    for size in [*sizes, len(octets)]:
        found, skipped = stream.receive_data(octets[at : at + size])
        assert skipped == 0
        packets += found
        at += size
    assert packets == [decode_packet(BERRY)] * count


def test_a_stream_holds_the_beginning_of_a_packet() -> None:
    stream = BerryStream()
    assert stream.receive_data(BERRY[:3]) == ([], 0)
    assert stream.held == 3
    assert stream.receive_data(BERRY[3:]) == ([decode_packet(BERRY)], 0)
    assert stream.held == 0
