"""Which readings of a batch the columns of the store can hold as they are, looked at by columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from cloud.core.observations.conversion import content_values
from cloud.core.observations.recording import (
    CLOCK_AHEAD,
    CLOCK_EPOCH_YEAR,
    FIRST_SAFE_YEAR,
    LARGEST,
    LAST_SAFE_YEAR,
    MAX_DEVICE_TIME,
    UnstorableError,
    check_storable,
    reading_flags,
)
from protocols.model.codes import MdcCode, SystemId
from protocols.model.observation import MeasurementStatus
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.columns import BITS, CODED, COMPOUND, NUMERIC, SAMPLES
from protocols.uplink.device_stamps import EPOCH, to_microseconds
from protocols.uplink.messages import UplinkBatch
from protocols.uplink.reading_columns import ReadingMoments, Readings
from protocols.uplink.readings import Part, ReadingSeries, make_observation
from protocols.uplink.whole_numbers import Numbers, Places, is_wide

KINDS: Final = {NUMERIC: "numeric", COMPOUND: "compound", CODED: "coded", BITS: "bits"}
"""Kinds of columns by the words of the store."""
VALUES: Final = (
    *("unit_term", "value", "special", "components", "code_cf", "bits", "width", "text"),
)
"""The columns of a value."""
_MOST_VALUES: Final = 8192
_FIRST: Final = to_microseconds(datetime(FIRST_SAFE_YEAR, 1, 1, tzinfo=UTC))
_LAST: Final = to_microseconds(datetime(LAST_SAFE_YEAR, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
_CLOCK_EPOCH: Final = to_microseconds(datetime(CLOCK_EPOCH_YEAR, 1, 1, tzinfo=UTC))
_CLOCK_AHEAD: Final = to_microseconds(EPOCH + CLOCK_AHEAD)


class Content(NamedTuple):
    """The columns `VALUES` of a value, and what is odd about it."""

    columns: tuple[object, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlainReadings:
    """The readings of a batch that can be recorded by columns (`rows`), and those that cannot.

    `contents` are the columns of the readings' values, None where there are none.
    """

    batch: UplinkBatch
    rows: Places
    others: Places
    contents: tuple[Content | None, ...] = ()

    @property
    def devices(self) -> set[SystemId]:
        """Those whose readings these are."""
        readings = self.batch.readings
        numbers = np.unique(readings.series_of[self.rows]).tolist()
        return {readings.series[number].device for number in numbers}

    @property
    def odd(self) -> Readings:
        """What is left for the way of single rows."""
        return self.batch.readings.only(self.others)


def sort_readings(batch: UplinkBatch) -> PlainReadings:
    """Which readings of a batch the columns can hold as they are; waveforms have other columns."""
    readings = batch.readings
    contents = tuple(_content_of(readings.series[one], own) for one, own in readings.values)
    holds = np.array([one is not None for one in contents], bool)[readings.value_of]
    holds &= _are_plain(readings.moments)[readings.moment_of]
    if not (0 <= batch.boot_epoch <= LARGEST and _are_keys(readings.sequences)):
        holds[:] = False
    return PlainReadings(batch, np.flatnonzero(holds), np.flatnonzero(~holds), contents)


def is_clock_fault(observed: Numbers, captured: Numbers) -> NDArray[np.bool_]:
    """As `recording.is_clock_fault`, of times in microseconds since 1970."""
    is_fault: NDArray[np.bool_] = (observed > captured + _CLOCK_AHEAD) | (observed < _CLOCK_EPOCH)
    return is_fault


def _are_keys(sequences: Numbers) -> bool:
    return not is_wide(sequences) and not (sequences < 0).any()


def _are_plain(moments: ReadingMoments) -> NDArray[np.bool_]:
    """Which times leave nothing to be looked at (`recording.check_time`)."""
    are_short = np.array([len(stamp) <= MAX_DEVICE_TIME for stamp in moments.stamps], bool)
    for times in (moments.captured, moments.observed):
        are_short &= (times >= _FIRST) & (times <= _LAST)
    return are_short


def _content_of(series: ReadingSeries, own: tuple[int, ...]) -> Content | None:
    """What the columns of a value are; None when there are none."""
    if series.kind == SAMPLES:
        # Each is another: nothing to remember.
        return None
    return _content(series.kind, series.type, series.parts, own)


# The same few values come in batch after batch.
@lru_cache(maxsize=_MOST_VALUES)
def _content(
    kind: str, code: MdcCode, parts: tuple[Part, ...], own: tuple[int, ...]
) -> Content | None:
    series = ReadingSeries(
        kind=kind,
        device=SystemId(bytes(8)),
        type=code,
        status=MeasurementStatus(0),
        quality=TimeQuality.RECEIVED,
        device_kind="",
        parts=parts,
    )
    at = ObservedTime(EPOCH, series.quality)
    observation = make_observation(series, own, observation_id=UUID(int=0), observed_at=at)
    try:
        check_storable(observation)
    except UnstorableError:
        return None
    values = content_values(observation)
    return Content(tuple(values.get(name) for name in VALUES), tuple(reading_flags(observation)))
