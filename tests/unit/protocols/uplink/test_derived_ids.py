"""Ids that are worked out: by the device's time, by the time of reception, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity, clockless_observation_id
from protocols.uplink import derived_ids
from protocols.uplink.derived_ids import CounterSearch, Wanted

NOON = datetime(2026, 11, 26, 12, 0, 0, 500_000, tzinfo=UTC)
DEVICE = b"\x11\x22\x33\x44\x55\x66\x77\x88"
SPO2 = MdcCode(2, 19384)
IDENTITY = Identity.of(SystemId(DEVICE), SPO2)
MILLISECOND = timedelta(milliseconds=1)


def wanted(counter: int, *, lag: int = 0, device: bytes = DEVICE) -> Wanted:
    """An id made `lag` milliseconds before noon."""
    made = clockless_observation_id(
        system_id=SystemId(device),
        type_code=SPO2,
        received_at=(NOON - lag * MILLISECOND).isoformat(),
        report_counter=counter,
    )
    return Wanted(made, device, Identity.of(SystemId(device), SPO2), NOON, 0)


def test_codes_out_of_range_make_no_identity() -> None:
    for type_cf, supplements in ((1 << 40, ()), (1, (-1,))):
        with pytest.raises(DecodeError):
            derived_ids.identity_of(DEVICE, type_cf, supplements)


def test_a_time_outside_the_calendar_is_refused() -> None:
    with pytest.raises(DecodeError):
        derived_ids.before(NOON, 10**15)


def test_the_next_report_begins_at_its_first_position() -> None:
    assert derived_ids.next_report(-1) == 0
    assert derived_ids.next_report((3 << 16) + 5) == 4 << 16


def test_counters_are_found_from_the_first_report_on_and_then_near_the_last() -> None:
    search = CounterSearch()
    for counter in ((200 << 16) + 1, (200 << 16) + 2, 201 << 16, (203 << 16) + 30):
        assert search.received(wanted(counter)) == counter


def test_a_counter_far_away_is_found_in_the_end_by_a_few_tries_a_batch() -> None:
    search, far = CounterSearch(), wanted(900 << 16)
    assert [search.received(far) for _ in range(4)] == [None, None, None, 900 << 16]
    search = CounterSearch()
    beyond = wanted(5000 << 16)
    assert [search.received(beyond) for _ in range(6)] == [None] * 6
    search.begin()
    assert search.received(wanted(1100 << 16)) == 1100 << 16


def test_a_device_that_connects_anew_counts_from_the_first_report_again() -> None:
    search = CounterSearch()
    assert search.received(wanted(90 << 16)) == 90 << 16
    assert search.received(wanted(2 << 16)) == 2 << 16


def test_what_was_received_soon_before_the_capture_is_found_with_its_lag() -> None:
    search = CounterSearch()
    assert search.arrived(wanted(7 << 16, lag=3)) == (7 << 16, 3)
    assert search.arrived(wanted((7 << 16) + 1, lag=3)) == ((7 << 16) + 1, 3)
    assert search.arrived(wanted(8 << 16, lag=41)) == (8 << 16, 41)
    assert search.arrived(wanted((10 << 16) + 7, lag=41)) == ((10 << 16) + 7, 41)


def test_an_id_made_otherwise_is_not_found() -> None:
    left = Identity.of(SystemId(DEVICE), SPO2, apart="left")
    other = Wanted(UUID(int=7), DEVICE, left, NOON, 0)
    search = CounterSearch()
    assert search.arrived(other) is None
    assert search.received(wanted(1)) == 1
    assert search.arrived(other) is None


def test_a_device_whose_ids_are_made_otherwise_is_given_up() -> None:
    search, other = CounterSearch(), Wanted(UUID(int=7), DEVICE, IDENTITY, NOON, 0)
    for _ in range(256):
        search.begin()
        assert search.received(other) is None
    assert search.received(wanted(1)) is None


def test_only_so_many_devices_are_remembered() -> None:
    search = CounterSearch()
    for number in range(300):
        search.begin()
        device = number.to_bytes(8, "big")
        assert search.received(wanted(0, device=device)) == 0
    first = wanted(255 << 16, device=bytes(8))
    assert search.received(first) == 255 << 16, "forgotten, so looked for from the first report"


def test_what_is_new_and_what_waited_are_both_followed_without_a_new_search() -> None:
    search = CounterSearch()
    assert search.arrived(wanted(100 << 16, lag=2)) == (100 << 16, 2)
    assert search.arrived(wanted(700 << 16, lag=3)) is None
    assert search.arrived(wanted(700 << 16, lag=3)) is None
    assert search.arrived(wanted(700 << 16, lag=3)) == (700 << 16, 3), "ahead of the last one"
    for number in range(1, 20):
        search.begin()
        assert search.arrived(wanted((100 + number) << 16, lag=2)) == ((100 + number) << 16, 2)
        assert search.arrived(wanted((700 + number) << 16, lag=3)) == ((700 + number) << 16, 3)
    assert search.places_of(DEVICE) == ((719 << 16, 3), (119 << 16, 2))


def test_what_waited_is_looked_for_from_the_first_report_on_though_what_is_new_was_not() -> None:
    search, far = CounterSearch(), wanted(5000 << 16)
    assert [search.received(far) for _ in range(4)] == [None] * 4
    search.begin()
    waited = replace(wanted(30 << 16, lag=400), at=NOON - 400 * MILLISECOND)
    assert search.received(waited) == 30 << 16


def test_only_the_last_few_places_of_a_device_are_remembered() -> None:
    search = CounterSearch()
    for report in (40, 80, 120, 160):
        assert search.received(wanted(report << 16)) == report << 16
    assert search.places_of(DEVICE) == ((160 << 16, 0), (120 << 16, 0), (80 << 16, 0))
    search.follow(DEVICE, 2, 81 << 16, 0)
    assert search.places_of(DEVICE) == ((81 << 16, 0), (160 << 16, 0), (120 << 16, 0))


def test_after_some_rows_in_vain_the_rest_of_a_batch_is_not_looked_for() -> None:
    search, other = CounterSearch(), Wanted(UUID(int=7), DEVICE, IDENTITY, NOON, 0)
    assert search.received(wanted(1)) == 1
    for _ in range(4):
        assert search.received(other) is None
    assert search.received(wanted(2)) is None
    search.begin()
    assert search.received(wanted(2)) == 2


def test_the_time_of_reception_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=2))
    assert Wanted.reception(NOON.astimezone(zone), 500) == "2026-11-26T12:00:00+00:00"
