"""The recorder: all that passes is on disk in the end, and no driver waits or fails for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.errors import SettingsError
from edge.recorder.policy import RecorderPolicy
from edge.recorder.recorder import FlightRecorder
from edge.recorder.recording import Recording
from edge.recorder.records import Kind, Record
from edge.recorder.references import OctetRange
from edge.recorder.ring import Ring
from tests.unit.edge.making import NOON, ManualTime, ecg, spo2

POLICY = RecorderPolicy(keep_free_bytes=0)


@asynccontextmanager
async def recorder(folder: Path, policy: RecorderPolicy = POLICY) -> AsyncIterator[FlightRecorder]:
    made = FlightRecorder(folder, policy, clock=ManualTime().clock)
    made.start()
    yield made
    await made.close()


def pass_octets(recording: Recording, *reads: bytes) -> None:
    for octets in reads:
        recording.take(octets, monotonic=1.0, utc=NOON)


async def test_what_passed_is_read_again_with_its_place(tmp_path: Path) -> None:
    async with recorder(tmp_path) as made:
        one = made.open_recording("ox", "serial:/dev/a", {"kind": "20601"})
        two = made.open_recording("bp", "tcp:b:1", {"kind": "20601"})
        pass_octets(one, b"abc", b"def")
        one.give(b"AARE", monotonic=1.0, utc=NOON)
        pass_octets(two, b"other")
        one.learnt("0102")
        one.decoded(f"{one.name}@2+3", [spo2(1), ecg(1)])
        one.close()
        await made.flush()
        assert (made.health.written_octets, made.health.lost_octets) > (0, 0)
    ring = Ring(tmp_path)
    first, second = ring.recordings()
    assert (first.device, first.received, first.sent, first.decoded) == ("ox", 6, 4, 2)
    assert (first.ended, second.ended, first.is_whole) == (True, False, True)
    assert [first.is_of(name) for name in ("ox", "serial:/dev/a", "0102", "bp")] == [
        True,
        True,
        True,
        False,
    ]
    assert ring.octets_of(OctetRange(one.name, 2, 3))[0] == b"cde"
    ((place, made_then),) = ring.made_of(one.name)
    assert (place, [item.says for item in made_then]) == (
        OctetRange(one.name, 2, 3),
        ["150456 81", "131330 250 samples"],
    )
    assert all(segment.sealed and not segment.damaged_octets for segment in ring.segments)


async def test_octets_the_ring_no_longer_holds_are_told(tmp_path: Path) -> None:
    async with recorder(tmp_path) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, b"abc")
    for name, offset in ((recording.name, 2), (recording.name, 3), ("0-9", 0)):
        with pytest.raises(SettingsError, match="no longer holds"):
            Ring(tmp_path).octets_of(OctetRange(name, offset, 2))
    with pytest.raises(SettingsError, match="holds no recording"):
        Ring(tmp_path).find("0-9")
    with pytest.raises(SettingsError, match="holds no recordings"):
        Ring(tmp_path / "none").recordings()


async def test_a_recording_across_many_files_gives_each_octet_once(tmp_path: Path) -> None:
    policy = RecorderPolicy(max_bytes=1 << 20, segment_bytes=4096, keep_free_bytes=0)
    sent = [bytes([number]) * 500 for number in range(60)]
    async with recorder(tmp_path, policy) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, *sent)
        await made.flush()
        assert made.health.segments > 5
    ring = Ring(tmp_path)
    came = [item for item in ring.records_of(recording.name) if item.kind is Kind.RECEIVED]
    assert b"".join(item.payload for item in came) == b"".join(sent)
    (kept,) = ring.recordings()
    assert kept.received == 30_000
    assert ring.octets_of(OctetRange(recording.name, 250, 20_000))[0] == b"".join(sent)[250:20_250]


async def test_a_disk_that_is_too_slow_costs_octets_and_is_told(tmp_path: Path) -> None:
    async with recorder(tmp_path, RecorderPolicy(queue_bytes=1000, keep_free_bytes=0)) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, bytes(600), bytes(600), bytes(2000))
        assert made.health.lost_octets == 2600
        await made.flush()
        pass_octets(recording, b"after")
    (kept,) = Ring(tmp_path).recordings()
    assert kept.lost_octets == 2600
    assert (kept.received, recording.received) == (605, 3205)


async def test_a_folder_that_cannot_be_used_costs_the_recording_alone(tmp_path: Path) -> None:
    (tmp_path / "recorder").write_text("a file", encoding="utf-8")
    async with recorder(tmp_path / "recorder") as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, b"abc")
        recording.decoded(f"{recording.name}@0+3", [spo2(1)])
        recording.close()
        await made.flush()
        assert recording.name == ""
        assert made.health.reason == "file exists"
        assert made.health.faults == 1


async def test_a_disk_that_refuses_costs_what_came_meanwhile(tmp_path: Path) -> None:
    """A folder that is gone stands for the disk that refuses."""
    folder = tmp_path / "recorder"
    time = ManualTime()
    made = FlightRecorder(folder, POLICY, clock=time.clock)
    made.start()
    folder.rename(tmp_path / "away")
    recording = made.open_recording("ox", "tcp:a:1", {})
    pass_octets(recording, b"abc")
    await made.flush()
    assert made.health.reason == "no such file or directory"
    assert made.health.lost_octets >= 3
    (tmp_path / "away").rename(folder)
    time.seconds += 60
    pass_octets(recording, b"def")
    await made.flush()
    assert (made.health.reason, made.health.faults) == ("", 1)
    await made.close()
    assert recording.received == 6


async def test_a_fault_of_the_recorder_itself_ends_nothing(tmp_path: Path) -> None:
    async with recorder(tmp_path) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})

        def broken() -> Record:
            raise ZeroDivisionError

        assert recording.put is not None
        recording.put(broken, 1)
        await made.flush()
        assert made.health.reason == "fault in the program: ZeroDivisionError"
        time_passes(made)
        pass_octets(recording, b"abc")
        await made.flush()
        assert made.health.reason == ""


def time_passes(made: FlightRecorder) -> None:
    """Long enough for the recorder to try again: its end does not wait."""
    made._clock = ManualTime(seconds=1e6).clock


async def test_nothing_is_recorded_where_the_recorder_is_off(tmp_path: Path) -> None:
    async with recorder(tmp_path / "off", RecorderPolicy(enabled=False)) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, b"abc")
        recording.learnt("01")
        recording.begin_again()
        await made.flush()
    assert recording.name == ""
    assert not (tmp_path / "off").exists()


def spoil(folder: Path, octets: bytes) -> None:
    """One bit of the only file, where these octets are."""
    (path,) = folder.glob("*.rec")
    held = bytearray(path.read_bytes())
    held[held.index(octets)] ^= 1
    path.write_bytes(held)


async def test_damage_in_a_file_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    async with recorder(tmp_path) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        pass_octets(recording, b"first octets", b"second octets", b"third octets")
    spoil(tmp_path, b"second")
    ring = Ring(tmp_path)
    (kept,) = ring.recordings()
    assert kept.received == len(b"first octetsthird octets")
    assert ring.segments[0].damaged_octets > 0
    assert not ring.segments[0].sealed


@pytest.mark.parametrize(
    "make",
    [
        lambda: RecorderPolicy(segment_bytes=1),
        lambda: RecorderPolicy(max_bytes=5 << 20),
        lambda: RecorderPolicy(max_age_hours=0),
        lambda: RecorderPolicy(queue_bytes=0),
        lambda: RecorderPolicy(sync_seconds=-1),
        lambda: RecorderPolicy(keep_free_bytes=-1),
    ],
)
def test_a_policy_without_sense_is_refused(make: Callable[[], RecorderPolicy]) -> None:
    with pytest.raises(ValueError, match=r"bytes|seconds"):
        make()


async def test_the_event_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    async with recorder(tmp_path) as made:
        recording = made.open_recording("ox", "tcp:a:1", {})
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5000):
            pass_octets(recording, bytes(400))
        assert loop.time() - began < 1.0
        await made.flush()
    (kept,) = Ring(tmp_path).recordings()
    assert kept.received == 2_000_000
