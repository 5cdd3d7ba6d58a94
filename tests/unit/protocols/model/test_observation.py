"""Observations of every kind share identity, time and status."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import MeasurementStatus, SampleArrayObservation
from protocols.model.timestamps import ObservedTime, TimeQuality


def test_a_waveform_counts_its_samples() -> None:
    wave = SampleArrayObservation(
        observation_id=UUID(int=1),
        type=MdcCode(2, 258),
        observed_at=ObservedTime(datetime(2026, 11, 23, tzinfo=UTC), TimeQuality.RECEIVED),
        device=SystemId(b"ECG12345"),
        samples=bytes(4 * 7),
        scale=Decimal(1),
        offset=Decimal(0),
        period_us=5000,
        unit=UnitCode(4274),
    )
    assert wave.count == 7
    assert wave.status is MeasurementStatus.VALID
    assert wave.supplements == ()


def test_the_states_are_the_bits_of_20601() -> None:
    both = MeasurementStatus(0x4800)
    assert both == MeasurementStatus.QUESTIONABLE | MeasurementStatus.TEST_DATA
