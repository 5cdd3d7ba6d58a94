"""Readings of a continuous glucose monitor: sizes, optional octets, checksums."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt import cgm_terms, glucose_terms
from protocols.gatt.cgm_measurement import MEASUREMENT, CgmMeasurement, CgmRecord, transcribe_record
from protocols.gatt.transcriber import Transcript
from protocols.model.observation import BitsObservation, MeasurementStatus, NumericObservation
from protocols.nomenclature import units
from tests.unit.protocols.gatt.link import NOW, few, transcriber
from tests.vectors_folder import needs_vectors, phd

WHOLE = bytes.fromhex(
    "0D E3"  # 13 octets; trend, quality and all three octets of the annunciation
    "7800 0A00"  # 120 mg/dL, ten minutes into the session
    "01 08 40"  # stopped (bit 0), calibration required (11), below what it can measure (22)
    "05F0 5000"  # 0.5 mg/dL a minute, quality 80 %
)


def read(text: str) -> tuple[CgmRecord, ...]:
    return MEASUREMENT.decode(bytes.fromhex(text)).records


def told(record: CgmRecord) -> Transcript:
    draft = transcriber().begin(utc=NOW)
    transcribe_record(record, draft)
    return draft.finish()


@needs_vectors
def test_a_reading_means_what_the_vector_says() -> None:
    (vector,) = [item for item in phd()["vectors"] if item["decoder"] == "cgm"]
    octets = bytes.fromhex(vector["hex"])
    measurement = MEASUREMENT.decode(octets)
    (record,) = measurement.records
    assert isinstance(record.concentration, Decimal)
    assert f"{record.concentration:f}" == vector["expect"]["conc_mg_dl"]
    assert record.offset_minutes == vector["expect"]["offset_min"]
    assert MEASUREMENT.encode(measurement) == octets


def test_every_optional_field_is_read_in_the_order_of_the_service() -> None:
    (record,) = MEASUREMENT.decode(WHOLE).records
    assert record == CgmRecord(
        concentration=Decimal(120),
        offset_minutes=10,
        annunciation=0x400801,
        octets=0xE0,
        trend=Decimal("0.5"),
        quality=Decimal(80),
    )
    assert MEASUREMENT.encode(CgmMeasurement((record,))) == WHOLE


def test_a_notification_carries_several_records() -> None:
    assert [r.offset_minutes for r in read("06000c100600 06000c100700 06000c100800")] == [6, 7, 8]


def test_a_checksum_is_known_by_the_size_and_checked() -> None:
    record = CgmRecord(concentration=Decimal(99), offset_minutes=1, crc=0)
    octets = MEASUREMENT.encode(CgmMeasurement((record, record)))
    assert (len(octets), octets[0]) == (16, 8)
    good, again = MEASUREMENT.decode(octets).records
    assert good == again
    assert good.crc_fits
    broken = octets[:2] + b"\x64" + octets[3:]
    changed = MEASUREMENT.decode(broken)
    assert [r.crc_fits for r in changed.records] == [False, True]
    assert MEASUREMENT.encode(changed) == broken


@pytest.mark.parametrize(
    "text",
    ["", "06", "05000c1006", "07000c100600 00", "06010c100600", "06000c1006", "06000c100600 06"],
)
def test_a_size_that_the_flags_do_not_explain_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="CGMS"):
        read(text)


def test_a_reading_is_told_with_trend_quality_and_bits() -> None:
    (record,) = MEASUREMENT.decode(WHOLE).records
    numbers = told(record).observations
    glucose, trend, quality, status = numbers
    assert isinstance(glucose, NumericObservation)
    assert (glucose.type, glucose.value.unit) == (
        glucose_terms.GLUCOSE_INTERSTITIAL,
        units.MILLIGRAMS_PER_DECILITRE,
    )
    assert isinstance(trend, NumericObservation)
    assert trend.value.unit == cgm_terms.MILLIGRAMS_PER_DECILITRE_PER_MINUTE
    assert isinstance(quality, NumericObservation)
    assert quality.value.unit == units.PERCENT
    assert isinstance(status, BitsObservation)
    assert (status.type, status.bits) == (cgm_terms.STATUS, 0x8040_2000)
    assert glucose.status is MeasurementStatus.QUESTIONABLE


@pytest.mark.parametrize(
    ("bit", "status"),
    [
        (0, MeasurementStatus.VALID),
        (3, MeasurementStatus.QUESTIONABLE),
        (14, MeasurementStatus.CALIBRATION_ONGOING),
        (18, MeasurementStatus.VALID),
        (22, MeasurementStatus.QUESTIONABLE),
    ],
)
def test_the_sensors_state_speaks_for_its_reading(bit: int, status: MeasurementStatus) -> None:
    record = CgmRecord(concentration=Decimal(5), offset_minutes=0, annunciation=1 << bit)
    (observation,) = told(record).observations
    assert observation.status is status


def test_a_low_battery_is_told_under_the_devices_term() -> None:
    record = CgmRecord(concentration=Decimal(5), offset_minutes=0, annunciation=2, octets=0x80)
    assert [o.type for o in told(record).observations[1:]] == [
        cgm_terms.STATUS,
        cgm_terms.DEVICE_STATUS,
    ]


def test_without_a_session_every_record_is_told() -> None:
    draft = transcriber().begin(utc=NOW)
    transcribe = MEASUREMENT.transcribe
    assert transcribe is not None
    transcribe(MEASUREMENT.decode(WHOLE + WHOLE), draft)
    assert len(draft.finish().observations) == 8


sfloats = st.integers(-2045, 2045).map(lambda n: Decimal(n).scaleb(-1))


@given(
    st.lists(
        st.builds(
            CgmRecord,
            concentration=sfloats,
            offset_minutes=st.integers(0, 0xFFFF),
            octets=st.sampled_from([0, 0x20, 0x40, 0x80, 0xE0]),
            trend=st.none() | sfloats,
            quality=st.none() | sfloats,
        ),
        min_size=1,
        max_size=3,
    )
)
@few
def test_what_is_written_is_read_back(records: list[CgmRecord]) -> None:
    measurement = CgmMeasurement(tuple(records))
    assert MEASUREMENT.decode(MEASUREMENT.encode(measurement)) == measurement


def test_a_checksum_that_does_not_fit_is_odd_and_none_at_all_is_not() -> None:
    record = CgmRecord(concentration=Decimal(99), offset_minutes=1, crc=0)
    octets = MEASUREMENT.encode(CgmMeasurement((record,)))
    assert MEASUREMENT.doubts is not None
    assert list(MEASUREMENT.doubts(MEASUREMENT.decode(octets))) == []
    broken = MEASUREMENT.decode(octets + octets[:-1] + bytes((octets[-1] ^ 1,)))
    assert [sentence.split(" (")[0] for sentence in MEASUREMENT.doubts(broken)] == [
        "the E2E-CRC of record 2 does not fit"
    ]
    (plain,) = read("06000c100600")
    assert plain.crc_fits is None
