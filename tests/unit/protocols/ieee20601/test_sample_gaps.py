"""Arrays of a waveform follow each other, or what is between them is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from protocols.ieee20601.events import SamplesMissed, SamplesOverlapping
from protocols.ieee20601.sample_gaps import SampleGaps
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import SampleArrayObservation
from protocols.model.timestamps import ObservedTime, TimeQuality

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def array(
    ms: float,
    *,
    count: int = 50,
    period_us: int = 20_000,
    quality: TimeQuality = TimeQuality.DEVICE,
) -> SampleArrayObservation:
    """One second of a 50 Hz waveform that begins so long after noon."""
    return SampleArrayObservation(
        observation_id=UUID(int=0),
        type=MdcCode(2, 258),
        observed_at=ObservedTime(NOON + timedelta(milliseconds=ms), quality),
        device=SystemId(bytes(8)),
        samples=bytes(4 * count),
        scale=Decimal(1),
        offset=Decimal(0),
        period_us=period_us,
        unit=UnitCode(512),
    )


@pytest.mark.parametrize(
    ("begin_ms", "told"),
    [
        pytest.param(1000, None, id="at the end of the one before"),
        pytest.param(1020, None, id="within half a period and a step of the stamp"),
        pytest.param(980, None, id="as much too early"),
        pytest.param(1100, SamplesMissed(7, 5), id="five samples too late"),
        pytest.param(900, SamplesOverlapping(7, 5), id="five samples too early"),
        pytest.param(3_700_000, None, id="begun anew after a pause"),
    ],
)
def test_what_is_between_two_arrays_is_told_in_samples(
    begin_ms: float, told: SamplesMissed | SamplesOverlapping | None
) -> None:
    gaps = SampleGaps()
    assert gaps.follow(7, array(0)) is None
    assert gaps.follow(7, array(begin_ms)) == told


def test_every_object_is_followed_alone() -> None:
    gaps = SampleGaps()
    gaps.follow(7, array(0))
    assert gaps.follow(8, array(5000)) is None
    assert gaps.follow(7, array(1000)) is None


@pytest.mark.parametrize(
    "odd", [array(1000, quality=TimeQuality.RECEIVED), array(1000, period_us=0)]
)
def test_an_array_without_time_of_its_device_ends_what_was_followed(
    odd: SampleArrayObservation,
) -> None:
    gaps = SampleGaps()
    gaps.follow(7, array(0))
    assert gaps.follow(7, odd) is None
    assert gaps.follow(7, array(5000)) is None


def test_after_a_new_reading_of_the_clock_all_begins_anew() -> None:
    gaps = SampleGaps()
    gaps.follow(7, array(0))
    gaps.restart()
    assert gaps.follow(7, array(5000)) is None
