"""A command is carried out once and answered as often as it is asked for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.commands.carrying import Carried, Handler
from edge.commands.clock import ClockReader
from edge.commands.desk import CommandDesk
from edge.commands.inbox import FILE_NAME, CommandInbox
from edge.errors import StartError
from protocols.uplink.command_codec import encode_command
from protocols.uplink.commands import (
    Command,
    CommandAnswer,
    DeviceEnrolment,
    Outcome,
    ReadClock,
    RenewCredentials,
    UnknownRequest,
)
from tests.unit.edge.commands.ordering import Way, command
from tests.unit.edge.making import NOON, ManualTime
from tests.waiting import wait_until

CLOCK = replace(SYSTEM_CLOCK, utc=lambda: NOON, sleep=ManualTime().sleep)


async def until(predicate: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, predicate, timeout=10, what=what, every=0.01)


@asynccontextmanager
async def desk(
    folder: Path, way: Way, handlers: Mapping[str, Handler]
) -> AsyncIterator[CommandDesk]:
    inbox = CommandInbox(folder)
    one = CommandDesk(inbox=inbox, clock=CLOCK, way=way, handlers=dict(handlers))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(one.run())
        try:
            yield one
        finally:
            running.cancel()
    inbox.close()


def counting(seen: list[Command], carried: Carried) -> Handler:
    async def handle(one: Command) -> Carried:
        seen.append(one)
        return carried

    return handle


async def test_a_repeat_is_answered_again_and_not_carried_out_again(tmp_path: Path) -> None:
    seen: list[Command] = []
    way, one = Way(), command(ReadClock())
    handlers = {"clock.read": counting(seen, Carried(facts=(("utc", "noon"),)))}
    async with desk(tmp_path, way, handlers) as running:
        running.arrive(encode_command(one))
        first = await way.next(1)
        running.arrive(encode_command(one))
        assert await way.next(2) == first
        assert (running.counts.taken, running.counts.repeated) == (1, 1)
    assert (first.outcome, first.facts, first.at) == (Outcome.DONE, (("utc", "noon"),), NOON)
    assert seen == [one]


async def test_what_a_power_cut_left_undone_is_done_at_the_next_start(tmp_path: Path) -> None:
    one = command(ReadClock())
    inbox = CommandInbox(tmp_path)
    inbox.take(one)
    inbox.close()
    way = Way()
    async with desk(tmp_path, way, {"clock.read": ClockReader(SYSTEM_CLOCK).read}):
        answer = await way.next()
    assert answer.command_id == one.command_id
    assert [name for name, _ in answer.facts] == ["utc", "monotonic_seconds"]


async def fails(one: Command) -> Carried:
    raise StartError(f"no {one.kind}")


async def breaks(one: Command) -> Carried:
    raise RuntimeError(one.kind)


@pytest.mark.parametrize(
    ("one", "outcome", "reason"),
    [
        (command(ReadClock(), life_seconds=0), Outcome.EXPIRED, "expired"),
        (
            command(UnknownRequest(kind="coffee.brew", octets=b"\x90")),
            Outcome.UNSUPPORTED,
            "unknown_kind",
        ),
        (command(RenewCredentials()), Outcome.UNSUPPORTED, "unknown_kind"),
    ],
)
async def test_what_is_void_or_unknown_is_answered_so(
    tmp_path: Path, one: Command, outcome: Outcome, reason: str
) -> None:
    way = Way()
    async with desk(tmp_path, way, {"clock.read": breaks}) as running:
        running.arrive(encode_command(one))
        answer = await way.next()
    assert (answer.outcome, answer.reason) == (outcome, reason)


async def test_a_failing_handler_stops_no_other(tmp_path: Path) -> None:
    way = Way()
    handlers = {"clock.read": fails, "credentials.renew": breaks}
    async with desk(tmp_path, way, handlers) as running:
        running.arrive(b"\xc1")
        running.arrive(encode_command(command(ReadClock())))
        running.arrive(encode_command(command(RenewCredentials())))
        answers = [await way.next(1), await way.next(2)]
        assert running.counts.unreadable == 1
    assert [(one.outcome, one.reason) for one in answers] == [
        (Outcome.FAILED, "failed"),
        (Outcome.FAILED, "fault_in_the_program"),
    ]


async def test_answers_and_enrolments_wait_for_a_way(tmp_path: Path) -> None:
    way = Way(is_up=False)
    enrolment = DeviceEnrolment(
        enrolment_id=command(ReadClock()).command_id,
        at=NOON,
        serial_number="S-1",
        manufacturer="Acme",
        device_class="oximeter",
    )
    async with desk(tmp_path, way, {"clock.read": counting([], Carried())}) as running:
        running.arrive(encode_command(command(ReadClock())))
        running.inbox.add_enrolment(enrolment)
        running.look_again()
        await until(lambda: bool(running.counts.carried_out), "the command")
        assert way.taken == []
        way.is_up = True
        running.look_again()
        # Either may be the first: the command counts as carried out before its answer is kept.
        async with asyncio.timeout(10):
            while {type(one) for one in way.taken} != {CommandAnswer, DeviceEnrolment}:
                way.came.clear()
                await way.came.wait()
        assert enrolment in way.taken


async def test_a_line_that_is_full_leaves_the_rest_to_the_cloud(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    one = CommandDesk(inbox=inbox, clock=CLOCK, way=Way(), handlers={})
    for _ in range(300):
        one.arrive(encode_command(command(ReadClock())))
    assert inbox.unanswered() == ()
    inbox.close()


async def test_a_command_the_disk_refuses_is_tried_again_when_it_comes_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Command] = []
    way, one = Way(), command(ReadClock())
    carried = Carried(keep={"a": "1"})
    async with desk(tmp_path, way, {"clock.read": counting(seen, carried)}) as running:
        with sqlite3.connect(tmp_path / FILE_NAME) as other:
            other.execute("ALTER TABLE kept RENAME TO away")
        running.arrive(encode_command(one))
        await until(lambda: "command not kept" in caplog.text, "the refusal")
        with sqlite3.connect(tmp_path / FILE_NAME) as other:
            other.execute("ALTER TABLE away RENAME TO kept")
        running.arrive(encode_command(one))
        assert (await way.next()).outcome is Outcome.DONE
    assert len(seen) == 2
