"""Work that is kept running: waits grow, faults are told, only what no waiting mends ends it."""

from __future__ import annotations

import asyncio
import logging

import pytest

from edge.errors import BufferDamagedError, DeviceNotFoundError, SettingsError
from edge.supervision.backoff import Backoff, BackoffPolicy
from edge.supervision.running import Failure, keep_running
from tests.unit.edge.making import ManualTime

STEADY = BackoffPolicy(first=1.0, most=8.0, jitter=0.0, forgiven_after=20.0)


async def run(outcomes: list[object], time: ManualTime) -> list[Failure]:
    failures: list[Failure] = []

    async def work() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, float):
            time.seconds += outcome
            return True
        if isinstance(outcome, BaseException):
            raise outcome
        return bool(outcome)

    await keep_running(
        work, name="x", backoff=Backoff(STEADY), clock=time.clock, on_failure=failures.append
    )
    return failures


async def test_a_fault_is_waited_out_and_told() -> None:
    time = ManualTime()
    failures = await run([DeviceNotFoundError("no such port"), True, False], time)
    assert failures == [
        Failure("no such port.", wait_seconds=1.0),
        Failure("ended", wait_seconds=2.0),
    ]
    assert time.slept == [1, 2]


async def test_an_unknown_fault_is_logged_with_its_traceback_and_waited_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        failures = await run([ZeroDivisionError("a secret value"), False], ManualTime())
    assert failures == [Failure("fault in the program: ZeroDivisionError", True, 1.0)]
    assert caplog.records[0].exc_info is not None


async def test_a_long_life_forgives_earlier_failures() -> None:
    time = ManualTime()
    await run([DeviceNotFoundError("x"), DeviceNotFoundError("x"), 30.0, False], time)
    assert time.slept == [1, 2, 1]


@pytest.mark.parametrize("end", [BufferDamagedError("broken"), SettingsError("no such file")])
async def test_what_no_waiting_mends_ends_it(end: Exception) -> None:
    with pytest.raises(type(end)):
        await run([end], ManualTime())


@pytest.mark.parametrize(
    ("raised", "reason", "is_fault"),
    [
        (asyncio.CancelledError(), "fault in the program: CancelledError", True),
        (SystemExit(3), "fault in the program: SystemExit", True),
        (StopAsyncIteration(), "fault in the program: StopAsyncIteration", True),
        (MemoryError(), "fault in the program: MemoryError", True),
        (ExceptionGroup("two", [DeviceNotFoundError("gone")]), "gone.", False),
        (
            BaseExceptionGroup("two", [DeviceNotFoundError("gone"), SystemExit(1)]),
            "fault in the program: SystemExit",
            True,
        ),
    ],
)
async def test_nothing_that_work_raises_ends_it(
    raised: BaseException, reason: str, is_fault: bool
) -> None:
    assert await run([raised, False], ManualTime()) == [Failure(reason, is_fault, 1.0)]


@pytest.mark.parametrize("end", [BufferDamagedError("broken"), KeyboardInterrupt()])
async def test_what_ends_it_ends_it_from_within_a_group_too(end: BaseException) -> None:
    with pytest.raises(type(end)):
        await run([BaseExceptionGroup("two", [ValueError("x"), end])], ManualTime())


async def test_a_device_s_settings_need_not_end_it() -> None:
    outcomes: list[Exception] = [SettingsError("the file is gone")]
    reasons: list[str] = []

    async def work() -> bool:
        if outcomes:
            raise outcomes.pop()
        return False

    await keep_running(
        work,
        name="x",
        backoff=Backoff(STEADY),
        clock=ManualTime().clock,
        on_failure=lambda failure: reasons.append(failure.reason),
        ended_by=(BufferDamagedError,),
    )
    assert reasons == ["the file is gone."]


async def test_who_is_cancelled_ends() -> None:
    begun = asyncio.Event()

    async def work() -> bool:
        begun.set()
        await asyncio.Event().wait()
        return True

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(keep_running(work, name="x", backoff=Backoff(STEADY)))
        await begun.wait()
        running.cancel()
    assert running.cancelled()
