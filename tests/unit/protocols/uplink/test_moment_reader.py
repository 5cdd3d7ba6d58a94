"""Times are read back from what differs from each device's even course, whatever their size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink import records as rec
from protocols.uplink.columns import DeviceColumns, MomentColumns
from protocols.uplink.device_stamps import CALENDARS, to_microseconds
from protocols.uplink.moment_reader import read_moments
from tests.fixtures.row_by_row_times import Moment, MomentWriter

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SENT = to_microseconds(NOON)

_deltas = st.integers(-(10**7), 10**7)
_rows = st.tuples(st.integers(0, 2), _deltas, _deltas, st.integers(-(10**9), 10**9))
_any = st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9)


@given(st.lists(_rows, max_size=12))
@settings(max_examples=80)
def test_moments_come_back_as_they_were(rows: list[tuple[int, int, int, int]]) -> None:
    kinds = ("absolute", "relative", "")
    writer, given_rows, kind_of = MomentWriter(), [], {}
    for number, captured, at, stamp in rows:
        device = writer.device(bytes([number]))
        kind_of[device] = kinds[number]
        begins = writer.add(
            device,
            NOON + timedelta(microseconds=captured),
            rec.TimeRecord(NOON + timedelta(microseconds=at), "device", kinds[number], ""),
            stamp,
        )
        moment = Moment(device, SENT + captured, SENT + at, stamp)
        if begins:
            given_rows.append(moment)
        else:
            given_rows[-1].rows += 1
            moment.rows = given_rows[-1].rows
    devices, columns = writer.columns(SENT)
    assert columns.rows == tuple(one.rows for one in given_rows)
    assert SENT % columns.unit == 0
    read = read_moments(
        devices,
        columns,
        SENT // columns.unit,
        np.array([one.device for one in given_rows], np.intp),
        [kind_of[one.device] in CALENDARS for one in given_rows],
    )
    assert read.captured.tolist() == [one.captured for one in given_rows]
    assert read.observed.tolist() == [one.at for one in given_rows]
    assert read.stamps.tolist() == [one.stamp for one in given_rows]


@given(st.lists(st.tuples(st.integers(0, 1), _any, _any, _any), max_size=6), st.data())
@settings(max_examples=80)
def test_each_moment_follows_on_the_one_before(
    told: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    """As `DeviceColumns` and `MomentColumns` say it, moment by moment and in whole numbers."""
    devices = [DeviceColumns(b"", *(data.draw(_any) for _ in range(6))) for _ in range(2)]
    sent_at, unit, is_calendar = data.draw(_any), data.draw(_any), data.draw(st.booleans())
    aparts, lags, stamps = (tuple(one[place] for one in told) for place in (1, 2, 3))
    columns = MomentColumns((1,) * len(told), aparts, lags, stamps, unit)
    read = read_moments(
        devices,
        columns,
        sent_at,
        np.array([one[0] for one in told], np.intp),
        [is_calendar] * len(told),
    )
    before: dict[int, tuple[int, int]] = {}
    for moment, (number, apart, lag, stamp_apart) in enumerate(told):
        one = devices[number]
        first = sent_at + one.at
        at, stamp = before.get(
            number,
            (
                first - one.step,
                (first * unit if is_calendar else 0)
                + (one.stamp - (one.stamp_step if one.step else 0)) * one.stamp_unit,
            ),
        )
        here = at + one.step + apart
        moved = (here - at) * one.stamp_step * one.stamp_unit // one.step if one.step else 0
        stamp += moved + stamp_apart * one.stamp_unit
        before[number] = here, stamp
        assert int(read.observed[moment]) == here * unit
        assert int(read.captured[moment]) == (here + one.lag + lag) * unit
        assert int(read.stamps[moment]) == stamp
