"""Times as what differs from each device's even course."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from protocols.uplink import records as rec
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.moments import MomentWriter

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SENT = to_microseconds(NOON)
SECOND = timedelta(seconds=1)


def time_of(at: datetime, kind: str, quality: str = "device") -> rec.TimeRecord:
    return rec.TimeRecord(at, quality, kind, "")


def test_a_row_of_the_last_moment_need_not_say_its_times_again() -> None:
    writer = MomentWriter()
    writer.add(writer.device(b"oximeter"), NOON, time_of(NOON, ""), 0)
    writer.again()
    assert writer.columns(SENT)[1].rows == (2,)


def test_a_device_that_keeps_its_second_leaves_noughts() -> None:
    writer = MomentWriter()
    device = writer.device(b"oximeter")
    for number, delay in enumerate((20, 31, 24)):
        at = NOON + number * SECOND
        captured = at + timedelta(milliseconds=delay)
        # Its clock is an hour behind.
        stamp = to_microseconds(at - timedelta(hours=1))
        assert writer.add(device, captured, time_of(at, "absolute"), stamp)
        assert not writer.add(device, captured, time_of(at, "absolute"), stamp)
    (course,), columns = writer.columns(SENT)
    assert columns.unit == 1000
    assert columns.rows == (2, 2, 2)
    assert columns.at == columns.stamp == (0, 0, 0)
    assert columns.lag == (0, 11, 4)
    assert (course.at, course.step, course.lag) == (0, 1000, 20)
    assert course.stamp * course.stamp_unit == -3_600_000_000
    assert course.stamp_step * course.stamp_unit == 1_000_000


def test_ticks_follow_an_uneven_course_of_the_same_time() -> None:
    writer = MomentWriter()
    device = writer.device(b"monitor")
    for millisecond in (0, 1000, 1990, 3010, 4010):
        at = NOON + timedelta(milliseconds=millisecond)
        writer.add(device, at, time_of(at, "relative"), 80_000 + millisecond * 8)
    _, columns = writer.columns(SENT)
    assert columns.at == (0, 0, -1, 2, 0), "in the unit of ten milliseconds"
    assert columns.stamp == (0, 0, 0, 0, 0)
