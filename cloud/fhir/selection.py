"""Which readings a bundle holds: the trend a clinician reads, or every one.

The trend is one value a minute of every type and device, the last of each, every reading that is
marked (by the device's status, a special value or one of our flags), every event and everything
the defibrillator says about a shock, and the strips around events.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.fhir.strips import Strip, strips
from cloud.fhir.terms import is_private
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    SampleArrayObservation,
    TextObservation,
)

AROUND_EVENT: Final = timedelta(seconds=5)


class Detail(Enum):
    """How much of the record a bundle holds."""

    TREND = "trend"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes in, in time order: readings that are not waveforms, and strips."""

    readings: tuple[StoredObservation, ...]
    strips: tuple[Strip, ...]


def select(observations: Sequence[StoredObservation], detail: Detail) -> Selection:
    """The readings of one level of detail."""
    points = sorted(
        (one for one in observations if not isinstance(one.observation, SampleArrayObservation)),
        key=_order,
    )
    waves = strips(observations)
    if detail is Detail.FULL:
        return Selection(tuple(points), tuple(waves))
    return Selection(tuple(_trend(points)), tuple(_around(waves, _event_times(points))))


def _order(stored: StoredObservation) -> tuple[datetime, int]:
    return stored.observation.observed_at.at, stored.observation.observation_id.int


def is_event(stored: StoredObservation) -> bool:
    """Whether the reading tells that something happened, rather than how much there is."""
    observation = stored.observation
    return isinstance(observation, CodedObservation | TextObservation) or (
        isinstance(observation, NumericObservation) and is_private(observation.type)
    )


def is_marked(stored: StoredObservation) -> bool:
    """Whether the device or we said something about the reading, or it is no plain number."""
    observation = stored.observation
    if stored.flags or observation.status is not MeasurementStatus.VALID:
        return True
    if isinstance(observation, NumericObservation):
        return observation.value.number is None
    if isinstance(observation, CompoundNumericObservation):
        return any(quantity.number is None for _, quantity in observation.components)
    return False


def _trend(points: Sequence[StoredObservation]) -> list[StoredObservation]:
    minutes: set[tuple[object, ...]] = set()
    states: dict[tuple[object, ...], int] = {}
    last = {_lane(stored): position for position, stored in enumerate(points)}
    chosen: list[StoredObservation] = []
    for position, stored in enumerate(points):
        lane = _lane(stored)
        observation = stored.observation
        if isinstance(observation, BitsObservation):
            # A state is repeated until it changes; the changes are the events.
            keep = states.get(lane) != observation.bits
            states[lane] = observation.bits
        elif is_event(stored) or is_marked(stored):
            keep = True
        else:
            minute = (*lane, observation.observed_at.at.replace(second=0, microsecond=0))
            keep = minute not in minutes
            minutes.add(minute)
        if keep or last[lane] == position:
            chosen.append(stored)
    return chosen


def _lane(stored: StoredObservation) -> tuple[object, ...]:
    observation = stored.observation
    return (stored.device_id, observation.type, observation.supplements)


def _event_times(points: Iterable[StoredObservation]) -> list[datetime]:
    return [stored.observation.observed_at.at for stored in points if is_event(stored)]


def _around(waves: Sequence[Strip], events: Sequence[datetime]) -> list[Strip]:
    return [
        strip
        for strip in waves
        if any(strip.start - AROUND_EVENT <= at <= strip.end + AROUND_EVENT for at in events)
    ]
