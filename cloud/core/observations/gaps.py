"""Samples that are missing between consecutive chunks of a device's waveform.

A chunk that starts later than its predecessor's end by more than half a period, and by more than
the device's clock can tell, leaves a gap of the missing whole samples. The device's own stamps say
how far apart two chunks are as long as they roughly agree with UTC: after an outage the mapping to
UTC was measured anew, and its error is no missing sample.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cloud.core.observations.stored import StoredObservation
from protocols.model.observation import SampleArrayObservation
from protocols.model.timestamps import DeviceTime

DEVICE_CLOCK_STEP: Final = timedelta(milliseconds=10)
"""AbsoluteTime counts hundredths: two stamps may disagree by this much without a gap."""
CLOCK_MAPPING_ERROR: Final = timedelta(seconds=2)
"""More than this between device time and UTC means that the device's clock was set meanwhile."""

Chunk = tuple[str, int, datetime, int, int, DeviceTime | None]
"""Device, 32-bit code, time of the first sample, samples, period in microseconds, own stamp."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples missing between two chunks of one waveform."""

    device_id: str
    type_cf: int
    from_at: datetime
    to_at: datetime
    samples: int


def gaps_between(chunks: Iterable[Chunk]) -> list[Gap]:
    """The gaps by time; the chunks of each waveform must come in the order of their start."""
    gaps: list[Gap] = []
    ends: dict[tuple[str, int], tuple[datetime, datetime | None]] = {}
    for device_id, type_cf, start, count, period_us, stamp in chunks:
        local = None if stamp is None else stamp.local
        lasting, period = _span(period_us * count), _span(period_us)
        before = ends.get((device_id, type_cf))
        if before is not None:
            end, local_end = before
            missing = _between(end, start, local_end, local)
            if missing > DEVICE_CLOCK_STEP and missing > period / 2:
                gaps.append(Gap(device_id, type_cf, end - period, start, round(missing / period)))
            if start + lasting <= end:
                continue
        ends[device_id, type_cf] = start + lasting, None if local is None else local + lasting
    return sorted(gaps, key=lambda gap: (gap.from_at, gap.device_id, gap.type_cf))


def gaps_among(readings: Iterable[StoredObservation]) -> list[Gap]:
    """The gaps of the waveforms among readings in time order."""
    return gaps_between(
        (
            stored.device_id,
            chunk.type.cf_code,
            chunk.observed_at.at,
            chunk.count,
            chunk.period_us,
            chunk.observed_at.device_time,
        )
        for stored in readings
        if isinstance(chunk := stored.observation, SampleArrayObservation)
    )


@lru_cache(maxsize=64)
def _span(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


def _between(
    end: datetime, start: datetime, local_end: datetime | None, local_start: datetime | None
) -> timedelta:
    """From the end of one chunk to the start of the next."""
    by_utc = start - end
    if local_end is None or local_start is None:
        return by_utc
    by_device = local_start - local_end
    return by_device if abs(by_device - by_utc) <= CLOCK_MAPPING_ERROR else by_utc
