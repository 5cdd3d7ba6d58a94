"""The ids of many rows are those of the model, each worked out in its turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity
from protocols.model.timestamps import DeviceTime
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.id_reader import IdRows, IdSeries, counters_of, read_ids

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
ONE, OTHER = (Identity.of(SystemId(b"OX12345%d" % one), MdcCode(2, 19384)) for one in (6, 7))
TICKS = DeviceTime("relative", "8000")


def read(
    series: Sequence[IdSeries],
    moments: Sequence[Sequence[int]],
    *counters: int,
    ids: bytes = b"",
    stamp: bytes | None = None,
    counts: Sequence[int] = (),
) -> list[UUID]:
    """The ids of moments of rows of these series; the first moment is at noon, each later 1 ms."""
    rows = np.array([len(one) for one in moments], np.intp)
    times = np.array([to_microseconds(NOON + at * MILLISECOND) for at in range(len(rows))])
    octets = read_ids(
        IdRows(
            series=series,
            series_of=np.array([one for moment in moments for one in moment], np.intp),
            moment_of=np.repeat(np.arange(len(rows)), rows),
            counts=counts,
            firsts=np.cumsum(rows) - rows,
            captured=times,
            observed=times,
            stamps=[stamp] * len(moments),
        ),
        ids,
        counters,
    )
    return [UUID(bytes=octets[at : at + 16]) for at in range(0, len(octets), 16)]


def received(identity: Identity, at: datetime, counter: int, duration_us: int = 0) -> UUID:
    return identity.clockless(at.isoformat(), counter, duration_us)


def test_ids_by_reception_count_on_in_a_report_and_begin_anew_in_the_next() -> None:
    series = [IdSeries(RECEIVED, 0, ONE, 0), IdSeries(RECEIVED, 1, OTHER, 0)]
    found = read(series, [(0, 0), (1,), (0,)], 7, 0, 0, 3)
    assert found == [
        received(ONE, NOON, 7),
        received(ONE, NOON, 8),
        received(OTHER, NOON + MILLISECOND, 0),
        received(ONE, NOON + 2 * MILLISECOND, (1 << 16) + 3),
    ]


def test_an_id_by_arrival_is_made_before_the_capture() -> None:
    found = read([IdSeries(ARRIVED, 0, ONE, 0)], [(0,), (0,)], 3, 7, -1, 0)
    assert found == [
        received(ONE, NOON - 3 * MILLISECOND, 7),
        received(ONE, NOON - MILLISECOND, 1 << 16),
    ]


def test_ids_that_travel_are_read_in_their_turn() -> None:
    series = [IdSeries(EXPLICIT, 0, ONE, 0), IdSeries(RECEIVED, 0, ONE, 0)]
    found = read(series, [(0, 1, 0)], 1, ids=bytes(range(32)))
    assert found == [
        UUID(bytes=bytes(range(16))),
        received(ONE, NOON, 1),
        UUID(bytes=bytes(range(16, 32))),
    ]
    assert read(series[:1], [(0, 0)], ids=bytes(range(32))) == [found[0], found[2]]


def test_an_id_by_a_devices_time_needs_one() -> None:
    series = [IdSeries(STAMPED, 0, ONE, 0)]
    assert read(series, [(0,)], stamp=b"relative=8000") == [ONE.stamped(TICKS)]
    with pytest.raises(DecodeError):
        read(series, [(0,)])


def test_how_long_the_samples_last_is_in_the_id() -> None:
    series = [IdSeries(STAMPED, 0, ONE, 2000), IdSeries(STAMPED, 0, OTHER, 0)]
    found = read(series, [(0, 1)], stamp=b"relative=8000", counts=(500, 0))
    assert found == [ONE.stamped(TICKS, 1_000_000), OTHER.stamped(TICKS)]


def test_counters_are_counted_by_their_rules() -> None:
    assert [counters_of(one) for one in (RECEIVED, ARRIVED, STAMPED, EXPLICIT)] == [1, 2, 0, 0]


def test_a_lag_outside_the_calendar_is_refused() -> None:
    for lag in (10**15, 2**63):
        with pytest.raises(DecodeError):
            read([IdSeries(ARRIVED, 0, ONE, 0)], [(0,)], lag, 0)


def test_no_rows_have_no_ids() -> None:
    assert read([], []) == []
