"""A real monitor's results as observations: terms, units, scales and times."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from protocols.monitors.intellivue_association import decode_attributes
from protocols.monitors.intellivue_pdus import (
    MdsCreate,
    PolledObject,
    PollResult,
    decode_data,
)
from protocols.monitors.intellivue_transcription import Transcriber, Transcript, describe
from protocols.monitors.octets import OctetReader
from tests.fixtures.namings import makes_its_id
from tests.vectors import intellivue as vectors

BEGUN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = BEGUN + timedelta(seconds=71)
MMHG = UnitCode(3872)
WAVE_TICKS = 0x0D620000


def created(**changes: object) -> MdsCreate:
    event = decode_data(vectors.MDS_CREATE)
    assert isinstance(event, MdsCreate)
    return replace(event, **changes)  # type: ignore[arg-type]  # fields by name


def polled(message: bytes) -> PollResult:
    result = decode_data(message)
    assert isinstance(result, PollResult)
    return result


def begin(event: MdsCreate | None = None) -> Transcriber:
    event = event or created()
    return Transcriber.begin(event, describe(event).system_id, utc=BEGUN)


def pressure(**changes: bytes) -> PolledObject:
    """The captured pressure waveform, with attributes changed or taken away (empty)."""
    reader = OctetReader(vectors.PRESSURE_WAVE, clause="captured")
    handle, attributes = reader.u16(), decode_attributes(reader)
    for name, value in changes.items():
        code = int(name.removeprefix("a"), 16)
        attributes.pop(code)
        if value:
            attributes[code] = value
    return PolledObject(0, handle, attributes)


def of(*objects: PolledObject) -> PollResult:
    return PollResult(1, True, WAVE_TICKS, AbsoluteTime(b"\xff" * 8), 9, objects)


def say(transcriber: Transcriber, result: PollResult) -> Transcript:
    return transcriber.transcribe(result, utc=LATER)


def only(transcript: Transcript) -> Observation:
    assert transcript.notes == ()
    (observation,) = transcript.observations
    return observation


def test_the_monitor_says_who_it_is() -> None:
    assert describe(created()) == DeviceInfo(
        system_id=SystemId(bytes.fromhex("0009FB70D80B")), manufacturer="Philips", model="M8000"
    )


def test_serial_number_and_revision_are_the_first_of_their_kind() -> None:
    attributes = created().attributes | {
        0x092D: bytes.fromhex(
            "0004 002E 0001 0008 000A 44453831313031383133 0004 0058 0008 4C2E33332E363520"
            "0004 0010 0002 5858 0001 0000 0002 5959"
        ),
        0x0928: b"",
    }
    info = describe(created(attributes=attributes))
    assert (info.serial_number, info.software) == ("DE81101813", "L.33.65")
    assert (info.manufacturer, info.model) == ("Philips", "")


def test_a_monitor_without_an_identity_is_refused() -> None:
    with pytest.raises(DecodeError):
        describe(created(attributes={}))


def test_the_captured_numerics_are_three_measurements() -> None:
    transcript = say(begin(), polled(vectors.LINKED_NUMERICS))
    assert transcript.notes == ()
    arterial, pulse, cuff = transcript.observations
    assert isinstance(arterial, CompoundNumericObservation)
    assert arterial.type == MdcCode(2, 18964)
    assert arterial.components == (
        (MdcCode(2, 18967), Quantity(Decimal(91), MMHG)),
        (MdcCode(2, 18965), Quantity(Decimal(120), MMHG)),
        (MdcCode(2, 18966), Quantity(Decimal(70), MMHG)),
    )
    assert isinstance(pulse, NumericObservation)
    assert pulse.type == MdcCode(2, 18442)
    assert pulse.value == Quantity(Decimal(60), UnitCode(2720))
    assert pulse.status == MeasurementStatus.DEMO_DATA
    assert isinstance(cuff, CompoundNumericObservation)
    assert cuff.type == MdcCode(2, 18948)
    assert len({item.observation_id for item in transcript.observations}) == 3
    assert [makes_its_id(item) for item in transcript.observations] == [True, True, False]


def test_a_live_value_is_of_the_result_s_time_on_the_monitor_s_counter() -> None:
    pulse = say(begin(), polled(vectors.LINKED_NUMERICS)).observations[1]
    assert pulse.observed_at.quality is TimeQuality.DEVICE
    ticks = 0x0D617300 - 0x0D58B800
    assert pulse.observed_at.at == BEGUN + timedelta(microseconds=125 * ticks)


def test_a_cuff_reading_keeps_its_own_time_and_is_told_once() -> None:
    transcriber = begin()
    cuff = say(transcriber, polled(vectors.LINKED_NUMERICS)).observations[2]
    # The monitor's clock said 14:44:51 at noon of ours, and 14:45:00 of the reading.
    assert cuff.observed_at.at == BEGUN + timedelta(seconds=9)
    again = say(transcriber, polled(vectors.LINKED_NUMERICS))
    assert [item.type.term for item in again.observations] == [18964, 18442]
    assert say(begin(), polled(vectors.LINKED_NUMERICS)).observations[2] == cuff


@pytest.mark.parametrize("clock", [bytes(8), b"", b"\x20\x17"])
def test_without_a_usable_clock_a_cuff_reading_is_of_its_reception(clock: bytes) -> None:
    event = created(attributes=created().attributes | {0x0987: clock})
    cuff = say(begin(event), polled(vectors.LINKED_NUMERICS)).observations[2]
    assert cuff.observed_at.quality is TimeQuality.RECEIVED
    assert cuff.observed_at.at == LATER


def test_an_unknown_own_time_gives_way_to_the_result_s() -> None:
    value = bytes.fromhex("480a 0000 0aa0 0000003c")
    item = PolledObject(0, 7, {0x0950: value, 0x0990: b"\xff" * 8})
    observed = only(say(begin(), of(item))).observed_at
    assert observed.at == BEGUN + timedelta(microseconds=125 * (WAVE_TICKS - 0x0D58B800))


def test_a_value_that_is_none_stays_a_special_one() -> None:
    value = bytes.fromhex("480a 2003 0aa0 007fffff")
    observation = only(say(begin(), of(PolledObject(0, 7, {0x0950: value}))))
    assert isinstance(observation, NumericObservation)
    assert observation.value.value is SpecialValue.NAN
    assert observation.status == MeasurementStatus.NOT_AVAILABLE


def test_numbers_of_an_object_without_a_label_stand_each_for_itself() -> None:
    value = bytes.fromhex("0002 0014 4a05 0000 0f20 00000078 4a06 0000 0f20 00000050")
    transcript = say(begin(), of(PolledObject(0, 7, {0x094B: value})))
    assert [item.type.term for item in transcript.observations] == [18949, 18950]


def test_a_wave_has_the_scale_and_the_period_its_object_named() -> None:
    wave = only(say(begin(), of(pressure())))
    assert isinstance(wave, SampleArrayObservation)
    assert makes_its_id(wave)
    assert (wave.type, wave.unit, wave.count) == (MdcCode(2, 18964), MMHG, 32)
    assert wave.period_us == 8000
    # 160..9120 mean -40..520 mmHg: the first sample, 0x0808, is 78.5.
    assert 0x0808 * wave.scale + wave.offset == Decimal("78.5")
    assert wave.samples[:4] == (0x0808).to_bytes(4, "little")


def test_what_an_object_said_of_itself_counts_for_later_results() -> None:
    transcriber = begin()
    first = only(say(transcriber, of(pressure())))
    samples = pressure().attributes[0x096E]
    bare = PolledObject(0, 0x091C, {0x0967: bytes.fromhex("0001 0046") + samples})
    later = only(say(transcriber, of(bare)))
    assert isinstance(first, SampleArrayObservation)
    assert isinstance(later, SampleArrayObservation)
    assert later.samples == first.samples
    assert later.observation_id != first.observation_id


def test_fewer_samples_for_the_same_time_have_a_longer_period() -> None:
    half = bytes.fromhex("4a14 0000 0020") + bytes(32)
    wave = only(say(begin(), of(pressure(a096e=half))))
    assert isinstance(wave, SampleArrayObservation)
    assert (wave.count, wave.period_us) == (16, 16_000)


@pytest.mark.parametrize("attribute", ["a096d", "a096f", "a098d", "a0996"])
def test_samples_without_layout_scale_period_or_unit_are_named_not_guessed(attribute: str) -> None:
    transcript = say(begin(), of(pressure(**{attribute: b""})))
    assert transcript.observations == ()
    assert f"0x{attribute[1:]}" in transcript.notes[0]


@pytest.mark.parametrize(
    "value", ["4a14 0000 0000", "4a14 0000 000e" + "00" * 14, "4a14 0000 0003 000000", "4a14"]
)
def test_samples_that_do_not_fit_their_layout_are_named(value: str) -> None:
    transcript = say(begin(), of(pressure(a096e=bytes.fromhex(value))))
    assert transcript.observations == ()
    assert len(transcript.notes) == 1


def test_a_bad_object_does_not_hide_the_next() -> None:
    bad = PolledObject(0, 8, {0x0950: b"\x48"})
    good = PolledObject(0, 9, {0x0950: bytes.fromhex("480a 0000 0aa0 0000003c")})
    transcript = say(begin(), of(bad, good))
    assert len(transcript.observations) == len(transcript.notes) == 1
    assert transcript.notes[0].startswith("object 0:8: ")


def test_no_more_objects_are_remembered_than_a_monitor_can_have() -> None:
    transcriber = begin()
    many = [PolledObject(context, 1, {0x0924: b"\x00\x02\x4a\x14"}) for context in range(1025)]
    assert len(say(transcriber, of(*many)).notes) == 1


def test_a_patient_s_record_says_nothing() -> None:
    assert say(begin(), polled(vectors.DEMOGRAPHICS)) == Transcript((), ())
