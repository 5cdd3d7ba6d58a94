"""Ids that need not travel are known by their names, and nothing said of a name is trusted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity
from protocols.model.timestamps import DeviceTime
from protocols.uplink import records as rec
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.forms import FormBook, Own
from protocols.uplink.known_ids import Hints, KnownIds, known_ids
from protocols.uplink.row_times import RowTimes

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE = SystemId(b"\x11\x22\x33\x44\x55\x66\x77\x88")
SPO2 = MdcCode(2, 19384)
IDENTITY = Identity.of(DEVICE, SPO2)
LAG_US = 1500
RECEIVED_AT = NOON - timedelta(microseconds=LAG_US)
TICKS = DeviceTime.relative(70)


def common(
    identity: UUID, stamp: DeviceTime | None = None, *, type_cf: int = SPO2.cf_code
) -> rec.CommonRecord:
    kind, value = (stamp.kind, stamp.value) if stamp else ("", "")
    return rec.CommonRecord(
        identity, type_cf, rec.TimeRecord(NOON, "device", kind, value), DEVICE.octets
    )


def known(*rows: tuple[rec.CommonRecord, int, int]) -> KnownIds:
    """Each row's record, counter and lag."""
    commons = [row for row, _, _ in rows]
    book, owns = FormBook(), [Own((1,), book_shape) for book_shape in [0] * len(rows)]
    book.owns_of([rec.NumericRecord(one, rec.QuantityRecord("1", 544)) for one in commons])
    times = RowTimes.of(commons, [NOON] * len(rows))
    forms = np.array(book.take(commons, owns, times.contexts()), np.int64)
    hints = Hints([counter for _, counter, _ in rows], [lag for _, _, lag in rows])
    return known_ids(commons, owns, hints, forms=forms, times=times, book=book)


def received(counter: int) -> UUID:
    return IDENTITY.clockless(RECEIVED_AT.isoformat(), counter)


def test_an_id_by_its_reception_is_known_with_that_and_its_counter() -> None:
    found = known((common(received(7)), 7, LAG_US), (common(received(8), TICKS), 8, LAG_US))
    assert found.counters.tolist() == [7, 8]
    assert found.receptions.tolist() == [to_microseconds(RECEIVED_AT)] * 2
    assert not found.is_stamped.any()
    assert found.ids.tobytes() == received(7).bytes + received(8).bytes


def test_an_id_by_the_devices_time_is_known_without_a_hint() -> None:
    found = known((common(IDENTITY.stamped(TICKS), TICKS), -1, 0), (common(UUID(int=7)), -1, 0))
    assert found.is_stamped.tolist() == [True, False]
    assert found.counters.tolist() == [-1, -1]


def test_a_hint_that_does_not_make_the_id_is_none() -> None:
    found = known(
        (common(received(7)), 8, LAG_US),
        (common(received(7)), 7, LAG_US),
        (common(received(7)), 7, 0),
    )
    assert found.counters.tolist() == [-1, 7, -1]


@pytest.mark.parametrize(
    ("counter", "lag_us"),
    [
        (1 << 62, LAG_US),
        ((1 << 64) - 1, LAG_US),
        (7, 1 << 62),
        (7, (1 << 64) - 1),
        (7, 1 << 60),
        (7, -(1 << 60)),
        (-2, LAG_US),
    ],
)
def test_a_hint_that_cannot_be_is_none(counter: int, lag_us: int) -> None:
    found = known((common(received(7)), counter, lag_us), (common(received(7)), 7, LAG_US))
    assert found.counters.tolist() == [-1, 7]


def test_a_row_of_impossible_codes_is_not_known() -> None:
    spoilt = common(received(7), TICKS, type_cf=1 << 40)
    for counter in (-1, 7):
        found = known((spoilt, counter, LAG_US))
        assert (found.counters.tolist(), found.is_stamped.tolist()) == ([-1], [False])


def test_known_rows_among_others() -> None:
    found = known((common(received(7)), 7, LAG_US), (common(received(8)), 8, LAG_US))
    spread = found.spread(4, np.array([1, 3], np.int64))
    assert spread.counters.tolist() == [-1, 7, -1, 8]
    assert spread.receptions[[1, 3]].tolist() == found.receptions.tolist()
    assert spread.ids[[1, 3]].tolist() == found.ids.tolist()
    assert not spread.ids[[0, 2]].any()
    assert found.spread(2, np.array([0, 1], np.int64)) is found


def test_nothing_is_known_of_no_rows() -> None:
    assert len(known().counters) == 0
