"""What a Generic Health Sensor's observations say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from protocols.gatt.elapsed_time import ElapsedTime
from protocols.gatt.ghs_records import (
    CLASSES,
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsMessage,
    GhsObservation,
    Header,
    Numeric,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.gatt.ghs_transcription import transcribe_message
from protocols.gatt.transcriber import Transcript
from protocols.mder.numbers import Number
from protocols.model.clock_mapping import ClockFacts, Coincident, Timeline
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from protocols.nomenclature import units
from tests.unit.protocols.gatt.ghs_examples import CELSIUS, PLETH, PULSE, TEMPERATURE, WARM
from tests.unit.protocols.gatt.link import NOW, transcriber

MINUTE_AGO = ElapsedTime(
    value=int((NOW - datetime(2000, 1, 1, tzinfo=UTC)).total_seconds()) - 60,
    timeline=Timeline.UTC,
    source=1,
)


def told(message: GhsMessage) -> Transcript:
    draft = transcriber().begin(utc=NOW)
    transcribe_message(message, draft)
    return draft.finish()


def say(value: SimpleValue | Compound, **header: object) -> Transcript:
    head = Header(**{"type": TEMPERATURE, **header})  # type: ignore[arg-type]  # fields by name
    return told(GhsObservation(CLASSES[type(value)], head, value))


def only(transcript: Transcript) -> Observation:
    (observation,) = transcript.observations
    assert transcript.warnings == ()
    return observation


def test_a_number_has_its_exact_digits_supplements_and_time() -> None:
    observation = only(say(WARM, supplements=(PULSE,), time=MINUTE_AGO, duration=Decimal("1.5")))
    assert isinstance(observation, NumericObservation)
    assert observation.value == Quantity(Decimal("36.6"), CELSIUS)
    assert observation.supplements == (PULSE,)
    assert observation.observed_at.at == NOW - timedelta(minutes=1)
    assert observation.observed_at.quality is TimeQuality.DEVICE


@pytest.mark.parametrize(
    ("step_us", "quality"), [(1_000_000, TimeQuality.DEVICE), (1000, TimeQuality.RECEIVED)]
)
def test_ticks_need_a_reading_of_the_same_counter(step_us: int, quality: TimeQuality) -> None:
    link = transcriber()
    link.elapsed_clock = ClockFacts(
        timeline=Timeline.TICK,
        tick_us=step_us,
        coincident=Coincident(device=100, gateway=NOW),
    )
    draft = link.begin(utc=NOW)
    ticks = ElapsedTime(value=40, timeline=Timeline.TICK)
    transcribe_message(GhsObservation(1, Header(type=TEMPERATURE, time=ticks), WARM), draft)
    (observation,) = draft.finish().observations
    assert observation.observed_at.quality is quality


def test_a_duration_tells_two_readings_apart_and_a_special_one_does_not() -> None:
    ids = {
        only(say(WARM, time=MINUTE_AGO, duration=duration)).observation_id
        for duration in (None, Decimal(0), SpecialValue.NAN, Decimal(10))
    }
    assert len(ids) == 2


def test_a_date_that_does_not_exist_is_said() -> None:
    beyond = ElapsedTime(value=(1 << 48) - 1, timeline=Timeline.UTC)
    transcript = say(WARM, time=beyond)
    assert transcript.warnings == ("an observation with a date that does not exist",)
    assert transcript.observations[0].observed_at.quality is TimeQuality.RECEIVED


@pytest.mark.parametrize(
    ("bits", "status"),
    [
        (0, MeasurementStatus.VALID),
        (1, MeasurementStatus.INVALID),
        (0x20, MeasurementStatus.TEST_DATA),
        (0x12, MeasurementStatus.QUESTIONABLE | MeasurementStatus.CALIBRATION_ONGOING),
    ],
)
def test_status_bits_become_the_models(bits: int, status: MeasurementStatus) -> None:
    assert only(say(WARM, status=bits)).status is status


def test_codes_texts_and_states_have_their_own_kinds() -> None:
    code = only(say(Discrete(PULSE)))
    assert isinstance(code, CodedObservation)
    assert code.value == PULSE
    text = only(say(String("sitting")))
    assert isinstance(text, TextObservation)
    state = only(say(CompoundState(2, 0x0003, 0x0003, 0x8001)))
    assert isinstance(state, BitsObservation)
    assert (state.bits, state.width) == (0x8000, 16)
    assert say(CompoundState(0, 0, 0, 0)).warnings == ("a state of a length that is not used",)


def test_several_codes_of_one_moment_are_several_findings() -> None:
    observations = say(CompoundDiscrete((PULSE, PLETH)), time=MINUTE_AGO).observations
    assert len({observation.observation_id for observation in observations}) == 2


def samples(period: Number = Decimal(1), per_period: int = 4, size: int = 1) -> SampleArray:
    return SampleArray(
        unit=UnitCode(512),
        scale=Decimal("0.5"),
        offset=Decimal(-1),
        period=period,
        per_period=per_period,
        octets_per_sample=size,
        samples=b"\x01\xff\xff\xff",
    )


def test_a_waveform_has_its_period_and_scale() -> None:
    wave = only(say(samples()))
    assert isinstance(wave, SampleArrayObservation)
    assert (wave.count, wave.period_us) == (4, 250_000)
    assert (wave.scale, wave.offset) == (Decimal("0.5"), Decimal(-1))
    assert wave.samples[:8] == bytes.fromhex("01000000 ff000000")


@pytest.mark.parametrize(
    "wave",
    [
        samples(period=SpecialValue.NAN),
        samples(period=Decimal(0)),
        samples(per_period=0),
        samples(size=3),
        samples(size=0),
        samples(size=4),
    ],
    ids=["no period", "period 0", "no samples a period", "3 octets", "0 octets", "too large"],
)
def test_a_waveform_that_cannot_be_scaled_is_said(wave: SampleArray) -> None:
    assert say(wave).observations == ()
    assert "waveform" in say(wave).warnings[0]


@pytest.mark.parametrize("name", ["scale", "offset"])
def test_a_waveform_with_a_special_scale_is_said(name: str) -> None:
    wave = samples()
    fields = {key: getattr(wave, key) for key in SampleArray.__slots__}
    assert say(SampleArray(**{**fields, name: SpecialValue.NAN})).observations == ()


def test_numbers_of_one_unit_stay_together() -> None:
    compound = only(say(Compound(((TEMPERATURE, WARM), (PULSE, WARM)))))
    assert isinstance(compound, CompoundNumericObservation)
    assert [code for code, _ in compound.components] == [TEMPERATURE, PULSE]


@pytest.mark.parametrize(
    "other", [Numeric(units.PERCENT, Decimal(1)), String("A")], ids=["another unit", "a text"]
)
def test_parts_of_another_kind_go_their_own_ways(other: Numeric | String) -> None:
    transcript = say(Compound(((TEMPERATURE, WARM), (PULSE, other))))
    assert [observation.type for observation in transcript.observations] == [TEMPERATURE, PULSE]
    assert say(Compound(())).observations == ()


@pytest.mark.parametrize(
    ("form", "octets", "value"),
    [
        (0x04, b"\xff", Decimal(255)),
        (0x0C, b"\xff", Decimal(-1)),
        (0x16, b"\x6e\xf1", Decimal("36.6")),
        (0x17, bytes.fromhex("6E0100FF"), Decimal("36.6")),
    ],
)
def test_attributes_with_a_plain_format_are_told(form: int, octets: bytes, value: Decimal) -> None:
    observation = only(say(Tlvs((Tlv(PULSE, form, octets),))))
    assert isinstance(observation, NumericObservation)
    assert observation.type == PULSE
    assert observation.value == Quantity(value, units.DIMENSIONLESS)


def test_texts_are_told_and_structures_are_said() -> None:
    transcript = say(
        Tlvs((Tlv(PULSE, 0x19, b"ok"), Tlv(PLETH, 0x1B, b"\1"), Tlv(PLETH, 0x17, b"\1")))
    )
    (text,) = transcript.observations
    assert isinstance(text, TextObservation)
    assert transcript.warnings == ("an attribute 2:19380 of a format that is not used",)


def test_a_member_says_what_it_knows_and_the_bundle_the_rest() -> None:
    bundle = GhsBundle(
        Header(type=TEMPERATURE, time=MINUTE_AGO, status=2, patient=1, duration=Decimal(1),
               supplements=(PLETH,)),
        (
            GhsObservation(1, Header(supplements=(PULSE,)), WARM),
            GhsObservation(1, Header(type=PULSE, status=0, patient=0, duration=Decimal(2)), WARM),
        ),
    )  # fmt: skip
    transcript = told(bundle)
    first, second = transcript.observations
    assert (first.type, first.supplements) == (TEMPERATURE, (PLETH, PULSE))
    assert (first.status, second.status) == (
        MeasurementStatus.QUESTIONABLE,
        MeasurementStatus.VALID,
    )
    assert (second.type, second.observed_at.at) == (PULSE, NOW - timedelta(minutes=1))
    assert transcript.warnings == ("observations of person 1 are taken as the patient's",)


def test_what_has_no_home_is_said() -> None:
    assert told(GhsObservation(0x30, Header(type=PULSE), None)).warnings == (
        "an observation of class 48 was not read",
    )
    assert told(GhsObservation(1, Header(), WARM)).warnings == (
        "an observation without a type was not used",
    )
    attribute = Tlv(MdcCode(1, 2340), 4, b"\1")
    unused = ("an attribute 1:2340 of an observation was not used",)
    assert say(WARM, tlvs=(attribute,)).warnings == unused
    members = (GhsObservation(1, Header(type=PULSE), WARM),)
    assert told(GhsBundle(Header(tlvs=(attribute,)), members)).warnings == unused
