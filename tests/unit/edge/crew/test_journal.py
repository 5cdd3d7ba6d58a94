"""The crew's book: whole after a power cut at any place, and no longer than needed."""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from edge.buffer.answers import Appended
from edge.crew.desk import CrewDesk, RefusedError
from edge.crew.folder import crew_folder, fault_of, write_durably
from edge.crew.journal import EventJournal
from edge.errors import BufferFaultError, BufferFullError
from protocols.model.crew import CrewEvent
from protocols.uplink.messages import Content
from tests.unit.edge.making import NOON, ManualTime

SHOCK = CrewEvent(event_id=UUID(int=1), kind="shock", at=NOON, by="crew-11", vehicle_id="AMB-7")
DRUG = replace(SHOCK, event_id=UUID(int=2), kind="drug", text="Adrenaline 1 mg IV")
LONG_AGO = NOON - timedelta(days=3)


def opened(folder: Path) -> EventJournal:
    journal = EventJournal(folder)
    journal.open(since=NOON - timedelta(hours=24))
    return journal


class Sink:
    """Takes events while it has room."""

    def __init__(self) -> None:
        self.is_full = False
        self.taken: list[Content] = []

    async def append(self, contents: list[Content], *, octets: str = "") -> Appended:
        del octets
        if self.is_full:
            raise BufferFullError("full")
        self.taken += contents
        return Appended(len(contents), 0)


def desk(folder: Path, sink: Sink) -> CrewDesk:
    return CrewDesk(
        journal=opened(folder),
        sink=sink,  # type: ignore[arg-type]  # a list is sequence enough here
        clock=ManualTime().clock,
        vehicle_id="AMB-7",
        encounter=lambda: "enc_1",
    )


def test_what_was_written_is_there_again_and_what_was_not_kept_is_known(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.write(SHOCK)
    journal.write(DRUG)
    journal.mark(SHOCK.event_id)
    again = opened(tmp_path)
    assert again.events == (SHOCK, DRUG)
    assert again.unkept == (DRUG,)
    assert again.find(DRUG.event_id) == DRUG
    assert (tmp_path / "events.jsonl").stat().st_mode & 0o077 == 0


def test_a_file_cut_anywhere_loses_the_last_line_alone(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.write(SHOCK)
    whole = (tmp_path / "events.jsonl").read_bytes()
    journal.write(DRUG)
    longer = (tmp_path / "events.jsonl").read_bytes()
    for cut in range(len(whole), len(longer) + 1):
        (tmp_path / "events.jsonl").write_bytes(longer[:cut])
        again = opened(tmp_path)
        assert again.events[0] == SHOCK
        assert len(again.events) == 1 + (cut >= len(longer) - 1)
        again.write(replace(DRUG, event_id=UUID(int=3)))
        assert opened(tmp_path).find(UUID(int=3)) is not None


def test_what_is_old_and_sent_is_forgotten_and_what_is_unsent_never(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.write(replace(SHOCK, at=LONG_AGO))
    journal.write(replace(DRUG, at=LONG_AGO))
    journal.mark(SHOCK.event_id)
    again = opened(tmp_path)
    assert [event.event_id for event in again.events] == [DRUG.event_id]
    assert b"shock" not in (tmp_path / "events.jsonl").read_bytes()


async def test_a_full_buffer_holds_nothing_up_and_gets_it_later(tmp_path: Path) -> None:
    sink = Sink()
    sink.is_full = True
    first = desk(tmp_path, sink)
    event = await first.record("shock", by="crew-11", event_id=UUID(int=7))
    assert first.journal.unkept == (event,)
    sink.is_full = False
    second = desk(tmp_path, sink)
    with pytest.raises(StopAsyncIteration):
        await replace_clock(second).run()
    assert sink.taken == [event]
    assert second.journal.unkept == ()


def replace_clock(given: CrewDesk) -> CrewDesk:
    """The same desk, whose first sleep ends it."""

    async def end(_seconds: float) -> None:
        raise StopAsyncIteration

    given.clock = replace(given.clock, sleep=end)
    return given


async def test_an_undo_needs_something_to_undo(tmp_path: Path) -> None:
    at_desk = desk(tmp_path, Sink())
    shock = await at_desk.record("shock", by="crew-11")
    undo = await at_desk.record("undone", by="crew-12", undoes=shock.event_id)
    assert at_desk.is_undone(shock.event_id)
    for wrong in (shock.event_id, undo.event_id, UUID(int=9)):
        with pytest.raises(RefusedError):
            await at_desk.record("undone", by="crew-12", undoes=wrong)


async def test_a_disk_that_refuses_is_no_saved_event(tmp_path: Path) -> None:
    sink = Sink()
    at_desk = desk(crew_folder(tmp_path), sink)
    (tmp_path / "crew" / "events.jsonl").unlink()
    (tmp_path / "crew").rmdir()
    with pytest.raises(BufferFaultError):
        await at_desk.record("shock", by="crew-11")
    assert sink.taken == []
    assert at_desk.journal.events == ()


def test_a_full_disk_is_told_apart(tmp_path: Path) -> None:
    assert isinstance(fault_of(OSError(errno.ENOSPC, "")), BufferFullError)
    assert not isinstance(fault_of(OSError(errno.EACCES, "")), BufferFullError)
    with pytest.raises(BufferFaultError):
        write_durably(tmp_path / "nowhere" / "file", b"x")


def test_a_full_disk_at_the_start_keeps_the_old_book_and_the_gateway_runs(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.write(SHOCK)
    first.write(replace(DRUG, at=LONG_AGO))
    first.mark(DRUG.event_id)
    beside = tmp_path / ".events.jsonl.new"
    beside.symlink_to("/dev/full")
    again = opened(tmp_path)
    assert {event.event_id for event in again.events} == {SHOCK.event_id, DRUG.event_id}
    assert again.unkept == (SHOCK,)
    assert not beside.is_symlink(), "what could not be written whole takes up no room"
    assert again.forget(NOON - timedelta(hours=24)), "there is room again"
    assert [event.event_id for event in opened(tmp_path).events] == [SHOCK.event_id]
