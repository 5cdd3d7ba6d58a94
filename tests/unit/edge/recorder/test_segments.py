"""The ring on disk: bounded in octets and age, private, gone on with behind what is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.recorder.policy import RecorderPolicy
from edge.recorder.records import Damage, Kind, Record, scan
from edge.recorder.segments import RING_FILE, SegmentRing
from tests.unit.edge.making import NOON

SMALL = RecorderPolicy(max_bytes=40_000, segment_bytes=8_000, keep_free_bytes=0)
OPENED = Record(Kind.OPENED, 1, payload=b'{"device": "ox"}')


def passed(number: int, *, octets: int = 1000) -> Record:
    """The `number`-th read of recording 1."""
    return Record(Kind.RECEIVED, 1, offset=number * octets, payload=bytes(octets))


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[SegmentRing]:
    ring = SegmentRing(tmp_path / "recorder", SMALL)
    ring.prepare()
    yield ring
    ring.abandon()


def records_in(path: Path) -> list[Record]:
    found = list(scan(path.read_bytes()))
    assert not any(isinstance(item, Damage) for item in found)
    return [item for item in found if isinstance(item, Record)]


def test_the_oldest_files_give_way_and_the_ring_stays_within_its_bound(ring: SegmentRing) -> None:
    for number in range(200):
        ring.write([passed(number)], now=NOON)
    assert sum(path.stat().st_size for path in ring.folder.glob("*.rec")) == ring.octets
    assert ring.octets <= SMALL.max_bytes
    assert ring.removed > 15
    assert len(ring.sizes) >= 3


def test_files_and_folder_are_the_user_s_alone(ring: SegmentRing) -> None:
    ring.write([passed(1)], now=NOON)
    assert ring.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in ring.folder.iterdir()} == {0o600}


def test_every_file_says_again_what_its_octets_need(ring: SegmentRing) -> None:
    ring.write([OPENED, Record(Kind.LEARNT, 1, payload=b'{"system_id": "AA"}')], now=NOON)
    ring.write([passed(0)], now=NOON)
    ring.write([Record(Kind.DECODED, 1, payload=b"{}")], now=NOON)
    ring.write([passed(number) for number in range(1, 60)], now=NOON)
    last = records_in(max(ring.sizes))
    assert last[:4] == [
        last[0],
        OPENED,
        Record(Kind.LEARNT, 1, payload=b'{"system_id": "AA"}'),
        passed(0),
    ]
    assert passed(30) not in last, "reports are not repeated"


def test_records_written_at_once_lie_as_those_written_one_by_one(tmp_path: Path) -> None:
    records = [
        OPENED,
        *(passed(number, octets=1500) for number in range(2)),
        Record(Kind.DECODED, 1, payload=b"{}"),
        *(passed(number, octets=1500) for number in range(2, 30)),
        Record(Kind.CLOSED, 1),
        *(Record(Kind.OPENED, number) for number in range(2, 20)),
    ]
    found = []
    for portions in ([records], [[record] for record in records]):
        ring = SegmentRing(tmp_path / str(len(portions)), SMALL)
        ring.prepare()
        ring.name = "same"
        for portion in portions:
            ring.write(portion, now=NOON)
        ring.seal()
        found.append([(path.name, path.read_bytes()) for path in sorted(ring.sizes)])
        assert ring.octets == sum(len(octets) for _, octets in found[-1])
    assert found[0] == found[1]
    assert max(name for name, _ in found[0]) > "0000000004"


def test_a_recording_that_ended_is_not_said_again(ring: SegmentRing) -> None:
    ring.write([OPENED, passed(0), Record(Kind.CLOSED, 1)], now=NOON)
    ring.seal()
    ring.write([Record(Kind.OPENED, 2)], now=NOON)
    assert [item.recording for item in records_in(max(ring.sizes))] == [0, 2]


def test_a_new_association_forgets_the_octets_of_the_last(ring: SegmentRing) -> None:
    ring.write([OPENED, passed(0), Record(Kind.RELEASED, 1), passed(1)], now=NOON)
    ring.seal()
    ring.write([passed(2)], now=NOON)
    assert records_in(max(ring.sizes))[1:] == [OPENED, passed(1), passed(2)]


def test_a_long_beginning_is_not_said_again_without_end(ring: SegmentRing) -> None:
    ring.write([OPENED, passed(0, octets=60_000), passed(1, octets=60_000)], now=NOON)
    assert [item.kind for item in ring.heads] == [Kind.OPENED, Kind.RECEIVED]


def test_a_sealed_file_has_its_digest_and_the_next_run_begins_another(ring: SegmentRing) -> None:
    ring.write([OPENED], now=NOON)
    ring.seal()
    (path,) = ring.sizes
    assert records_in(path)[-1].kind is Kind.SEALED
    again = SegmentRing(ring.folder, SMALL)
    first = again.prepare()
    assert (again.name, first > 1) == (ring.name, True), "no number is used twice"
    again.write([Record(Kind.OPENED, first)], now=NOON)
    assert len(again.sizes) == 2
    again.abandon()


def test_a_ring_file_that_is_none_begins_a_ring_of_another_name(ring: SegmentRing) -> None:
    (ring.folder / RING_FILE).write_text("{", encoding="utf-8")
    again = SegmentRing(ring.folder, SMALL)
    again.prepare()
    assert again.name != ""


def test_old_files_go_but_not_those_of_a_clock_that_was_not_set(ring: SegmentRing) -> None:
    for age in (timedelta(hours=100), timedelta(days=20_000), timedelta(hours=1)):
        ring.write([passed(1)], now=NOON)
        ring.seal()
        at = (NOON - age).timestamp()
        os.utime(max(ring.sizes), (max(0, at), max(0, at)))
    ring.write([passed(2)], now=NOON)
    assert [path.stem.lstrip("0") for path in ring.sizes] == ["2", "3", "4"]


def test_the_disk_is_left_to_others_before_it_is_full(tmp_path: Path) -> None:
    free = [10_000_000]
    policy = RecorderPolicy(max_bytes=40_000, segment_bytes=8_000, keep_free_bytes=50_000)
    ring = SegmentRing(tmp_path, policy, free_octets=lambda _folder: free[0])
    ring.prepare()
    ring.write([passed(number) for number in range(10)], now=NOON)
    assert len(ring.sizes) == 2
    free[0] = 1000
    with pytest.raises(OSError, match="No space left") as raised:
        ring.write([passed(number) for number in range(10, 20)], now=NOON)
    assert raised.value.errno == errno.ENOSPC
    assert not ring.sizes, "what it held was given up first"
