"""Keep a piece of work running: start it again with a jittered backoff, and say why it stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from edge.clock import SYSTEM_CLOCK, Clock
from edge.errors import BufferDamagedError, EdgeError, SettingsError
from edge.supervision.backoff import Backoff

log = logging.getLogger(__name__)

NOT_MENDED_BY_WAITING: tuple[type[EdgeError], ...] = (BufferDamagedError, SettingsError)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt ended. `is_fault`: by a fault of this program, its traceback is in the log.

    `wait_seconds`: after this the next attempt begins.
    """

    reason: str
    is_fault: bool = False
    wait_seconds: float = 0.0


async def keep_running(
    work: Callable[[], Awaitable[bool]],
    *,
    name: str,
    backoff: Backoff,
    clock: Clock = SYSTEM_CLOCK,
    on_failure: Callable[[Failure], None] = lambda _failure: None,
    ended_by: tuple[type[EdgeError], ...] = NOT_MENDED_BY_WAITING,
) -> None:
    """Run `work` again and again until it returns False; True asks for another run.

    A known fault is waited out; an unknown one is logged with its traceback and waited out too,
    for one device's trouble must not stop the others: nor when it comes as a group, as an exit or
    as a cancellation that nobody here asked for. `ended_by` is what no waiting mends: by default
    a damaged buffer, or settings that name what is not there.
    """
    while True:
        began = clock.monotonic()
        outcome = await attempt(work, name=name, ended_by=ended_by)
        if outcome is False:
            return
        failure = Failure("ended") if outcome is True else outcome
        if clock.monotonic() - began >= backoff.policy.forgiven_after:
            backoff.reset()
        wait = backoff.next_wait()
        on_failure(replace(failure, wait_seconds=wait))
        await clock.sleep(wait)


async def attempt(
    work: Callable[[], Awaitable[bool]], *, name: str, ended_by: tuple[type[EdgeError], ...] = ()
) -> bool | Failure:
    """What `work` gives, or why it failed; raises what is in `ended_by`, and our own end."""
    try:
        return await work()
    except asyncio.CancelledError as exc:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _judge(name, exc, ended_by)
    except (Exception, SystemExit, BaseExceptionGroup) as exc:  # noqa: BLE001 - told by _judge
        return _judge(name, exc, ended_by)


def _judge(name: str, exc: BaseException, ended_by: tuple[type[EdgeError], ...]) -> Failure:
    """The failure in words; raises what ends the program."""
    causes = list(_causes(exc))
    for cause in causes:
        if isinstance(cause, (*ended_by, KeyboardInterrupt)):
            raise cause
    unknown = [cause for cause in causes if not isinstance(cause, EdgeError)]
    if unknown:
        log.error("fault name=%s", name, exc_info=exc)
        return Failure(f"fault in the program: {type(unknown[0]).__name__}", is_fault=True)
    reason = str(causes[0])
    log.info("stopped name=%s reason=%r", name, reason)
    return Failure(reason)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """What a group is made of; anything else is its own cause."""
    if isinstance(exc, BaseExceptionGroup):
        for item in exc.exceptions:
            yield from _causes(item)
    else:
        yield exc


def single_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error a task group was left with; the group itself where there are several."""
    if len(group.exceptions) != 1:
        return group
    inner = group.exceptions[0]
    return single_error(inner) if isinstance(inner, BaseExceptionGroup) else inner
