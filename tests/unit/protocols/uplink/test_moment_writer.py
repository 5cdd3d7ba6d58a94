"""Times as what differs from each device's even course."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.uplink.columns import DeviceColumns, MomentColumns
from protocols.uplink.device_stamps import CALENDARS, to_microseconds
from protocols.uplink.moment_reader import read_moments
from protocols.uplink.moment_writer import Moments, write_moments
from tests.fixtures.row_by_row_times import Moment

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SENT = to_microseconds(NOON)
SECOND = timedelta(seconds=1)
KINDS = ("absolute", "relative", "")

_deltas = st.integers(-(10**7), 10**7)
_stamps = st.integers(-(10**9), 10**9) | st.integers(-(2**60), 2**60)
_moments = st.tuples(st.integers(0, 2), _deltas, _deltas, _stamps, st.integers(1, 3))


def written(
    moments: list[Moment], kinds: list[str]
) -> tuple[tuple[DeviceColumns, ...], MomentColumns]:
    """`kinds`: of each device's own time."""
    arrays = {
        "devices": [one.device for one in moments],
        "captured": [one.captured for one in moments],
        "observed": [one.at for one in moments],
        "stamps": [one.stamp for one in moments],
        "rows": [one.rows for one in moments],
    }
    columns = Moments(**{name: np.array(one, np.int64) for name, one in arrays.items()})
    known = [(bytes([number]), kind) for number, kind in enumerate(kinds)]
    return write_moments(columns, known, SENT)


def read(
    devices: tuple[DeviceColumns, ...],
    columns: MomentColumns,
    moments: list[Moment],
    kinds: list[str],
) -> list[tuple[int, int, int]]:
    which = np.array([one.device for one in moments], np.intp)
    calendars = [kinds[one.device] in CALENDARS for one in moments]
    times = read_moments(devices, columns, SENT // columns.unit, which, calendars)
    return list(zip(*(one.tolist() for one in times), strict=True))


def times_of(moments: list[Moment]) -> list[tuple[int, int, int]]:
    return [(one.captured, one.at, one.stamp) for one in moments]


@given(st.lists(_moments, max_size=12))
@settings(max_examples=80)
def test_moments_come_back_as_they_were(drawn: list[tuple[int, int, int, int, int]]) -> None:
    order = list(dict.fromkeys(device for device, *_ in drawn))
    moments = [
        Moment(order.index(device), SENT + captured, SENT + at, stamp, rows)
        for device, captured, at, stamp, rows in drawn
    ]
    kinds = [KINDS[device] for device in order]
    devices, columns = written(moments, kinds)
    assert SENT % columns.unit == 0
    assert columns.rows == tuple(one.rows for one in moments)
    assert read(devices, columns, moments, kinds) == times_of(moments)


def test_a_device_that_keeps_its_second_leaves_noughts() -> None:
    moments = []
    for number, delay in enumerate((20, 31, 24)):
        at = NOON + number * SECOND
        captured = at + timedelta(milliseconds=delay)
        # Its clock is an hour behind.
        stamp = to_microseconds(at - timedelta(hours=1))
        moments.append(Moment(0, to_microseconds(captured), to_microseconds(at), stamp, 2))
    (course,), columns = written(moments, ["absolute"])
    assert columns.unit == 1000
    assert columns.rows == (2, 2, 2)
    assert columns.at == columns.stamp == (0, 0, 0)
    assert columns.lag == (0, 11, 4)
    assert (course.at, course.step, course.lag) == (0, 1000, 20)
    assert course.stamp * course.stamp_unit == -3_600_000_000
    assert course.stamp_step * course.stamp_unit == 1_000_000


def test_ticks_follow_an_uneven_course_of_the_same_time() -> None:
    moments = []
    for millisecond in (0, 1000, 1990, 3010, 4010):
        at = to_microseconds(NOON + timedelta(milliseconds=millisecond))
        moments.append(Moment(0, at, at, 80_000 + millisecond * 8))
    _, columns = written(moments, ["relative"])
    assert columns.at == (0, 0, -1, 2, 0), "in the unit of ten milliseconds"
    assert columns.stamp == (0, 0, 0, 0, 0)


def test_a_device_that_jumps_about_is_expected_to_stand_still() -> None:
    years = 10**14
    ats, stamps = (0, 1, 2, years, years + 1), (0, 2**59, 2**60, 5, 2**59)
    moments = [Moment(0, SENT, SENT + at, stamp) for at, stamp in zip(ats, stamps, strict=True)]
    (course,), columns = written(moments, ["relative"])
    assert (course.step, course.stamp_step) == (1, 0)
    assert read((course,), columns, moments, ["relative"]) == times_of(moments)
