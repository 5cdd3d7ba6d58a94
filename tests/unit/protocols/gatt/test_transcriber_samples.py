"""Waveforms and stamps of other clocks in a draft."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from protocols.model.clock_mapping import ClockFacts, DeviceStamp, Timeline
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import SampleArrayObservation
from protocols.model.timestamps import TimeQuality
from tests.unit.protocols.gatt.link import NOW, transcriber

PLETH = MdcCode(2, 19380)
DIMENSIONLESS = UnitCode(512)


def test_a_waveform_is_integers_with_their_scale() -> None:
    draft = transcriber().begin(utc=NOW)
    draft.samples(
        PLETH, [1, -2, 300], DIMENSIONLESS, period_us=10_000, scale=Decimal("0.5"), sequence=4
    )
    (observation,) = draft.finish().observations
    assert isinstance(observation, SampleArrayObservation)
    assert observation.samples == bytes.fromhex("01000000 feffffff 2c010000")
    assert (observation.count, observation.period_us, observation.sequence) == (3, 10_000, 4)
    assert (observation.scale, observation.offset) == (Decimal("0.5"), Decimal(0))


def test_a_stamp_may_be_of_another_clock_than_the_connections() -> None:
    draft = transcriber().begin(utc=NOW)
    earlier = (NOW - timedelta(minutes=5)).replace(tzinfo=None)
    draft.stamp(
        DeviceStamp.of_utc(earlier, offset=timedelta(hours=2)),
        clock=ClockFacts(timeline=Timeline.UTC, synchronised=True),
    )
    draft.number(PLETH, Decimal(1), DIMENSIONLESS)
    draft.stamp(None)
    draft.number(PLETH, Decimal(1), DIMENSIONLESS)
    stamped, bare = draft.finish().observations
    assert stamped.observed_at.at == NOW - timedelta(minutes=5)
    assert stamped.observed_at.quality is TimeQuality.DEVICE
    assert bare.observed_at.quality is TimeQuality.RECEIVED


def test_stored_records_are_named_in_their_order() -> None:
    draft = transcriber().begin(utc=NOW, stored=True)
    draft.record(7)
    draft.record(None)
    assert draft.finish().records == (7, None)
