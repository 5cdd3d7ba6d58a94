"""Ids by rule: which need no octets, which a counter alone, which a lag besides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity, Named, Naming
from protocols.model.timestamps import DeviceTime
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED
from protocols.uplink.gathering import gather
from protocols.uplink.id_writer import WrittenIds, write_ids
from protocols.uplink.kept_rows import KeptRow
from protocols.uplink.messages import UplinkRow

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE, OTHER = (SystemId(bytes([one]) * 8) for one in (0x11, 0x22))
SPO2 = MdcCode(2, 19384)
MILLISECOND = timedelta(milliseconds=1)
REPORT = 1 << 16
CALENDAR = ("absolute", "2026-11-26T12:00:00.00")
TICKS = ("relative", "70")
BARE = ("", "")


def named(counter: int, received_at: datetime = NOON, device: SystemId = DEVICE) -> Named:
    identity = Identity.of(device, SPO2).clockless(received_at.isoformat(), counter)
    return Named(identity, Naming(received_at, counter))


def row(
    name: Named,
    stamp: tuple[str, str] = BARE,
    *,
    at: datetime = NOON,
    device: SystemId = DEVICE,
    lasts_us: int = 0,
) -> UplinkRow:
    """Captured at noon."""
    quality = "device" if stamp[0] else "received"
    time = rec.TimeRecord(at, quality, *stamp)
    common = rec.CommonRecord(name.observation_id, SPO2.cf_code, time, device.octets)
    content: rec.ContentRecord = rec.NumericRecord(common, rec.QuantityRecord("97", 544))
    if lasts_us:
        content = rec.SamplesRecord(common, bytes(4), 2, "1", "0", lasts_us // 2, 544)
    return KeptRow(sequence=1, captured_at=NOON, record=content, named_by=name.named_by)


def written(*rows: UplinkRow) -> WrittenIds:
    columns = gather(rows).columns
    return write_ids(columns, np.arange(len(rows)))


def test_a_devices_own_time_makes_the_id_and_nothing_travels() -> None:
    for stamp in (CALENDAR, TICKS):
        made = Identity.of(DEVICE, SPO2).stamped(DeviceTime(*stamp))
        found = written(row(Named(made, None), stamp))
        assert (found.rules.tolist(), found.ids, found.counters) == ([STAMPED], b"", ())


def test_how_long_samples_last_is_part_of_the_id() -> None:
    counter = 5 * REPORT
    made = Identity.of(DEVICE, SPO2).clockless(NOON.isoformat(), counter, 8000)
    found = written(row(Named(made, Naming(NOON, counter)), lasts_us=8000))
    assert (found.rules.tolist(), found.counters) == ([RECEIVED], (counter,))


def test_what_nobody_can_work_out_travels() -> None:
    wanted = UUID(int=7)
    for naming in (None, Naming(NOON, REPORT)):
        name = Named(wanted, naming)
        found = written(*(row(name, stamp) for stamp in (CALENDAR, TICKS, BARE)))
        assert (found.rules.tolist(), found.ids) == ([EXPLICIT] * 3, wanted.bytes * 3)
        assert found.counters == ()


def test_nothing_is_written_of_no_rows() -> None:
    found = written()
    assert (found.rules.tolist(), found.ids, found.counters) == ([], b"", ())


def test_the_counter_travels_as_what_it_differs_from_the_expected_one() -> None:
    later = NOON + MILLISECOND
    found = written(
        row(named(8 * REPORT)),
        row(named(8 * REPORT + 1)),
        row(named(9 * REPORT, later), at=later),
        row(named(11 * REPORT)),
    )
    assert found.rules.tolist() == [RECEIVED] * 4
    assert found.counters == (8 * REPORT, 0, 0, REPORT)


def test_the_lag_of_the_reception_travels_when_it_is_another() -> None:
    rows = [
        row(named(counter, NOON - lag * MILLISECOND), ("relative", str(counter >> 16)))
        for lag, counter in (
            (2, 8 * REPORT),
            (2, 8 * REPORT + 1),
            (2, 9 * REPORT),
            (4, 10 * REPORT),
        )
    ]
    found = written(*rows)
    assert found.rules.tolist() == [ARRIVED] * 4
    assert found.counters == (2, 8 * REPORT, 0, 0, 0, 0, 2, 0)


def test_each_device_has_a_course_of_its_own() -> None:
    found = written(
        row(named(8 * REPORT)),
        row(named(3 * REPORT, device=OTHER), device=OTHER),
        row(named(9 * REPORT)),
        row(named(4 * REPORT, NOON - MILLISECOND, OTHER), TICKS, device=OTHER),
        row(named(4 * REPORT + 1, NOON - MILLISECOND, OTHER), TICKS, device=OTHER),
    )
    assert found.rules.tolist() == [RECEIVED] * 3 + [ARRIVED] * 2
    assert found.counters == (8 * REPORT, 3 * REPORT, 0, 1, 0, 0, 0)


def test_a_clockless_row_whose_time_was_moved_is_told_by_its_capture() -> None:
    moved = NOON - timedelta(hours=1)
    found = written(row(named(REPORT, moved)))
    assert (found.rules.tolist(), found.counters) == ([ARRIVED], (3_600_000, REPORT))


def test_a_reception_of_no_whole_milliseconds_must_be_the_observed_time() -> None:
    odd = NOON - timedelta(microseconds=1500)
    found = written(row(named(REPORT, odd), TICKS, at=odd), row(named(REPORT, odd), TICKS))
    assert found.rules.tolist() == [RECEIVED, EXPLICIT]
    assert found.counters == (REPORT,)


def test_of_two_rules_that_fit_a_row_has_that_of_its_series() -> None:
    assert written(row(named(REPORT), TICKS)).rules.tolist() == [ARRIVED]
    assert written(row(named(REPORT))).rules.tolist() == [RECEIVED]
