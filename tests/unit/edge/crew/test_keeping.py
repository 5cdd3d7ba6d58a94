"""What stays on board, for how long, and what of it still waits for the buffer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from edge.clock import Clock
from edge.commands.encounter import Binding
from edge.crew.forgetting import Forgetting
from edge.crew.journal import EventJournal
from edge.crew.photographs import Photographs
from edge.crew.told import Patient, Told
from protocols.model.crew import AttachmentPart
from tests.unit.edge.crew.test_journal import Sink, desk
from tests.unit.edge.making import NOON, ManualTime

PICTURE = b"\xff\xd8\xff\xda\x00\x02" + bytes(60_000) + b"\xff\xd9"
NAME, OTHER = UUID(int=5), UUID(int=6)


def photographs(folder: Path, sink: Sink) -> Photographs:
    return Photographs(
        folder,
        desk=desk(folder, sink),
        sink=sink,  # type: ignore[arg-type]  # a list is sequence enough here
    )


@contextlib.asynccontextmanager
async def running(kept: Photographs) -> AsyncIterator[None]:
    task = asyncio.ensure_future(kept.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.to_thread(lambda: None)


async def test_a_picture_waits_until_the_buffer_has_all_of_its_pieces(tmp_path: Path) -> None:
    sink = Sink()
    kept = photographs(tmp_path, sink)
    assert kept.waiting == 0
    sink.is_full = True
    await kept.take(PICTURE, attachment_id=NAME, by="crew-11")
    assert kept.waiting == 1
    async with running(kept):
        sink.is_full = False
        await kept.take(PICTURE, attachment_id=OTHER, by="crew-11")
        await until(lambda: kept.waiting == 0)
    pieces = [one for one in sink.taken if isinstance(one, AttachmentPart)]
    assert {piece.attachment_id for piece in pieces} == {NAME, OTHER}
    assert len(pieces) == 6
    assert photographs(tmp_path, sink).waiting == 0


# ---- for how long

DAY = timedelta(hours=24)
PATIENT = Patient(family_name="Example")
BOUND = Binding(encounter_id="enc_1", started_at=NOON)


@dataclass
class SetTime(ManualTime):
    """A wall clock that is set while the other one goes on."""

    ahead: timedelta = timedelta(0)

    @property
    def clock(self) -> Clock:
        plain = super().clock
        return replace(plain, utc=lambda: plain.utc() + self.ahead)


@dataclass(slots=True)
class OnBoard:
    """All that is kept of patients, in one folder."""

    folder: Path
    sink: Sink
    time: SetTime
    told: Told
    kept: Photographs
    forgetting: Forgetting
    forgotten: list[str]

    @property
    def journal(self) -> EventJournal:
        return self.kept.desk.journal


def on_board(folder: Path) -> OnBoard:
    sink, time, forgotten = Sink(), SetTime(), list[str]()
    kept = photographs(folder, sink)
    kept.desk.clock = time.clock
    told = Told(folder)
    told.open(BOUND)
    forgetting = Forgetting(
        keep=DAY, journal=kept.desk.journal, told=told, photographs=kept, clock=time.clock,
        on_forgotten=lambda: forgotten.append("told"),
    )  # fmt: skip
    return OnBoard(folder, sink, time, told, kept, forgetting, forgotten)


async def act(on: OnBoard) -> None:
    """The crew tells who it is, gives a shock and takes a picture."""
    on.told.keep(patient=PATIENT, at=on.time.clock.utc())
    await on.kept.desk.record("shock", by="crew-11")
    await on.kept.take(PICTURE, attachment_id=NAME, by="crew-11")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_what_is_too_old_goes_in_a_run_too_although_nobody_released_the_encounter(
    tmp_path: Path,
) -> None:
    on = on_board(tmp_path)
    await act(on)
    async with running(on.kept):
        await until(lambda: on.kept.waiting == 0)
    on.time.seconds += DAY.total_seconds()
    await on.forgetting.look()
    assert (on.told.patient, len(on.journal.events), on.forgotten) == (PATIENT, 2, [])
    on.time.seconds += 1
    await on.forgetting.look()
    assert (on.told.patient, on.told.encounter_id) == (Patient(), "enc_1")
    assert on.journal.events == ()
    assert names(tmp_path) == {"events.jsonl"}
    assert on.forgotten == ["told"]
    before = (tmp_path / "events.jsonl").stat().st_mtime_ns
    await on.forgetting.look()
    assert on.forgotten == ["told"]
    assert (tmp_path / "events.jsonl").stat().st_mtime_ns == before


async def test_it_looks_again_and_again_by_the_clock_it_was_given(tmp_path: Path) -> None:
    on = on_board(tmp_path)
    on.told.keep(patient=PATIENT, at=on.time.clock.utc())
    task = asyncio.ensure_future(on.forgetting.run())
    await until(lambda: on.told.patient == Patient())
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert set(on.time.slept) == {900.0}
    assert len(on.time.slept) >= DAY.total_seconds() / 900


async def test_what_was_never_sent_is_not_forgotten(tmp_path: Path) -> None:
    on = on_board(tmp_path)
    await on.kept.take(PICTURE, attachment_id=NAME, by="crew-11")
    on.sink.is_full = True
    event = await on.kept.desk.record("shock", by="crew-11")
    on.time.seconds += 3 * DAY.total_seconds()
    await on.forgetting.look()
    assert {one.event_id for one in on.journal.events} == {NAME, event.event_id}
    assert f"{NAME}.jpg" in names(tmp_path)
    assert on.forgotten == []


async def test_a_picture_that_is_being_taken_is_left_alone_and_a_torn_one_goes_at_a_start(
    tmp_path: Path,
) -> None:
    on = on_board(tmp_path)
    (tmp_path / f"{OTHER}.jpg").write_bytes(PICTURE)
    await on.forgetting.look()
    assert f"{OTHER}.jpg" in names(tmp_path)
    on.kept.forget(and_torn=True)
    assert f"{OTHER}.jpg" not in names(tmp_path)


async def test_a_clock_that_is_set_makes_nothing_old(tmp_path: Path) -> None:
    on = on_board(tmp_path)
    on.time.ahead = -timedelta(days=365)
    await on.forgetting.look()
    on.told.keep(patient=PATIENT, at=on.time.clock.utc())
    on.time.ahead = timedelta(0)
    for _ in range(2):
        on.time.seconds += DAY.total_seconds() / 2
        await on.forgetting.look()
        assert on.told.patient == PATIENT
    on.time.seconds += DAY.total_seconds() / 2
    await on.forgetting.look()
    assert on.told.patient == Patient()


async def test_a_disk_that_refuses_is_asked_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    on = on_board(tmp_path)
    await act(on)
    on.told.keep(patient=Patient())
    on.time.seconds += 2 * DAY.total_seconds()
    blocked = tmp_path / ".events.jsonl.new"
    blocked.mkdir()
    (tmp_path / f"{NAME}.buffered").touch()
    await on.forgetting.look()
    assert "stays on board" in caplog.text
    assert [event.kind for event in on.journal.events] == ["shock", "photograph"]
    blocked.rmdir()
    await on.forgetting.look()
    assert [event.kind for event in on.journal.events] == []


def test_details_of_which_nobody_knows_when_they_were_told_go_too(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.open(BOUND)
    assert told.forget(NOON) is False
    told.keep(patient=PATIENT)
    assert told.forget(NOON) is True
    assert names(tmp_path) == set()
