"""What a draft makes of values, stamps and clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from protocols.errors import LocalProtocolError
from protocols.gatt.transcriber import UNKNOWN_USER, Draft, Transcriber
from protocols.model.clock_mapping import ClockFacts, Coincident, DeviceStamp, Timeline
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import TimeQuality
from tests.fixtures.namings import makes_its_id
from tests.unit.protocols.gatt.link import DEVICE, NOW, transcriber

WEIGHT = MdcCode(2, 57664)
KILOGRAM = UnitCode(1731)
LOCAL = datetime(2026, 6, 12, 22, 40)  # noqa: DTZ001 - a device's local time has no zone


def one(draft: Draft) -> Observation:
    """A weight, the only thing the draft says."""
    draft.number(WEIGHT, Decimal("70.5"), KILOGRAM)
    (observation,) = draft.finish().observations
    return observation


def test_every_kind_of_observation_has_its_door() -> None:
    draft = transcriber().begin(utc=NOW)
    fast = MdcCode(2, 19508)
    draft.status = MeasurementStatus.QUESTIONABLE
    draft.number(WEIGHT, SpecialValue.NAN, KILOGRAM, supplements=(fast,), duration_us=5)
    draft.compound(MdcCode(2, 1), [(WEIGHT, Decimal(1))], KILOGRAM)
    draft.bits(MdcCode(2, 2), 0x8000, 16)
    draft.code(MdcCode(2, 3), MdcCode(3, 4))
    draft.text(MdcCode(2, 5), "finger")
    number, compound, bits, code, text = draft.finish().observations
    assert isinstance(number, NumericObservation)
    assert number.value == Quantity(SpecialValue.NAN, KILOGRAM)
    assert number.supplements == (fast,)
    assert number.status is MeasurementStatus.QUESTIONABLE
    assert number.device == DEVICE
    assert isinstance(compound, CompoundNumericObservation)
    assert compound.components == ((WEIGHT, Quantity(Decimal(1), KILOGRAM)),)
    assert isinstance(bits, BitsObservation)
    assert (bits.bits, bits.width) == (0x8000, 16)
    assert isinstance(code, CodedObservation)
    assert code.value == MdcCode(3, 4)
    assert isinstance(text, TextObservation)
    assert text.text == "finger"


def test_a_value_without_a_stamp_takes_its_reception_time_and_an_id_of_its_own() -> None:
    link = transcriber()
    first, second = one(link.begin(utc=NOW)), one(link.begin(utc=NOW))
    assert first.observed_at.quality is TimeQuality.RECEIVED
    assert first.observed_at.at == NOW
    assert first.observation_id != second.observation_id
    assert makes_its_id(first)
    assert makes_its_id(second)


def test_the_same_stamp_is_the_same_measurement_on_every_connection() -> None:
    def measured() -> Observation:
        draft = transcriber().begin(utc=NOW)
        draft.stamp(LOCAL)
        return one(draft)

    assert measured().observation_id == measured().observation_id
    assert measured().named_by is None


def test_a_clock_that_was_read_turns_stamps_into_utc() -> None:
    link = transcriber()
    link.begin(utc=NOW).clock_read(LOCAL + timedelta(minutes=10))
    draft = link.begin(utc=NOW + timedelta(minutes=1))
    draft.stamp(LOCAL)
    observed = one(draft).observed_at
    assert observed.quality is TimeQuality.DEVICE
    assert observed.at == NOW - timedelta(minutes=10)


def test_a_stamp_older_than_live_values_are_is_a_record_of_the_device_s_memory() -> None:
    link = transcriber()
    link.clock_read(LOCAL, utc=NOW)
    draft = link.begin(utc=NOW)
    draft.stamp(LOCAL - timedelta(days=30))
    observed = one(draft).observed_at
    assert observed.quality is TimeQuality.DEVICE
    assert observed.at == NOW - timedelta(days=30)


def test_an_old_stamp_of_a_clock_that_was_just_set_has_no_known_time() -> None:
    link = transcriber()
    link.clock_written(LOCAL, utc=NOW)
    draft = link.begin(utc=NOW)
    draft.stamp(LOCAL - timedelta(days=30))
    assert one(draft).observed_at.quality is TimeQuality.UNKNOWN
    draft = link.begin(utc=NOW)
    draft.stamp(LOCAL - timedelta(minutes=2))
    observed = one(draft).observed_at
    assert observed.quality is TimeQuality.DEVICE
    assert observed.at == NOW - timedelta(minutes=2)


def test_a_stamp_ahead_of_its_reception_is_not_believed() -> None:
    link = transcriber()
    link.clock_read(LOCAL, utc=NOW)
    draft = link.begin(utc=NOW)
    draft.stamp(LOCAL + timedelta(days=1))
    assert one(draft).observed_at.quality is TimeQuality.RECEIVED


def test_a_synchronised_clock_stays_so_until_the_device_says_otherwise() -> None:
    link = transcriber()
    link.begin(utc=NOW).clock_read(LOCAL, synchronised=True)
    link.begin(utc=NOW).clock_read(LOCAL)
    assert link.clock is not None
    assert link.clock.synchronised
    link.clock_read(LOCAL, utc=NOW, synchronised=False)
    assert not link.clock.synchronised


def test_a_stamp_of_another_timeline_is_mapped_by_its_own_clock_or_by_none() -> None:
    link = transcriber()
    link.clock_read(LOCAL, utc=NOW)
    ticks = ClockFacts(
        timeline=Timeline.TICK, coincident=Coincident(device=1000, gateway=NOW), tick_us=1_000_000
    )
    draft = link.begin(utc=NOW)
    draft.stamp(DeviceStamp.of_ticks(990), clock=ticks)
    observed = one(draft).observed_at
    assert observed.quality is TimeQuality.DEVICE
    assert observed.at == NOW - timedelta(seconds=10)
    draft = link.begin(utc=NOW)
    draft.stamp(DeviceStamp.of_utc(LOCAL))
    assert one(draft).observed_at.quality is TimeQuality.RECEIVED


def test_a_clock_that_was_never_set_gives_no_time_and_no_identity() -> None:
    link = transcriber()
    link.clock_read(LOCAL, utc=NOW)
    ids = set()
    for _ in range(2):
        draft = link.begin(utc=NOW)
        draft.stamp(LOCAL, is_trusted=False)
        observation = one(draft)
        assert observation.observed_at.quality is TimeQuality.RECEIVED
        assert observation.observed_at.device_time is not None
        ids.add(observation.observation_id)
    assert len(ids) == 2


def test_a_stored_record_of_a_clock_that_was_never_set_comes_again_as_itself() -> None:
    def stored() -> Observation:
        draft = transcriber().begin(utc=NOW, stored=True)
        draft.stamp(LOCAL, is_trusted=False)
        return one(draft)

    assert stored().observed_at.quality is TimeQuality.UNKNOWN
    assert stored().observation_id == stored().observation_id


def test_what_is_learnt_of_the_device_holds_for_the_connection() -> None:
    link = transcriber()
    draft = link.begin(utc=NOW)
    draft.warn("odd", "odd")
    draft.describe(DeviceInfo(system_id=DEVICE, model="OX-1"))
    transcript = draft.finish()
    assert transcript.warnings == ("odd",)
    assert transcript.device == link.device
    assert link.device.model == "OX-1"
    assert link.begin(utc=NOW).finish().device is None


def test_a_reception_time_without_a_zone_is_refused() -> None:
    link = Transcriber(DeviceInfo(system_id=DEVICE))
    with pytest.raises(LocalProtocolError):
        link.begin(utc=NOW.replace(tzinfo=None))
    assert link.begin(utc=NOW.astimezone(UTC)).received_at == NOW


def test_the_user_of_a_shared_device_is_said_unless_unknown() -> None:
    for user, sentences in ((None, 0), (UNKNOWN_USER, 0), (2, 1)):
        draft = transcriber().begin(utc=NOW)
        draft.note_user(user)
        assert len(draft.finish().warnings) == sentences
