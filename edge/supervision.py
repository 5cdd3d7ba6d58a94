"""Keep a piece of work running: start it again with a jittered backoff, and say why it stopped."""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from edge.clock import SYSTEM_CLOCK, Clock
from edge.errors import BufferDamagedError, EdgeError, SettingsError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackoffPolicy:
    """Waits between attempts, in seconds."""

    first: Annotated[float, "seconds before the second attempt; doubled for each further one"] = 1.0
    most: Annotated[float, "seconds between two attempts at most"] = 30.0
    jitter: Annotated[
        float, "share of a wait that chance decides, so that a fleet does not return at once"
    ] = 0.3
    forgiven_after: Annotated[
        float, "an attempt that lasted so many seconds starts the series again"
    ] = 20.0

    def __post_init__(self) -> None:
        if not 0 < self.first <= self.most:
            raise ValueError("first must be above 0 and not above most")
        if not 0 <= self.jitter <= 1:
            raise ValueError("jitter is a share between 0 and 1")


@dataclass(slots=True)
class Backoff:
    """The next wait of one series of attempts."""

    policy: BackoffPolicy
    chance: Callable[[], float] = random.random
    failures: int = field(default=0, init=False)

    def next_wait(self) -> float:
        """Seconds to wait after one more failure."""
        wait = min(self.policy.first * 2.0 ** min(self.failures, 32), self.policy.most)
        self.failures += 1
        return wait * (1 - self.policy.jitter * self.chance())

    def reset(self) -> None:
        """It worked: begin the series again."""
        self.failures = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt ended. `is_fault`: by a fault of this program, its traceback is in the log."""

    reason: str
    is_fault: bool = False


async def keep_running(
    work: Callable[[], Awaitable[bool]],
    *,
    name: str,
    backoff: Backoff,
    clock: Clock = SYSTEM_CLOCK,
    on_failure: Callable[[Failure], None] = lambda _failure: None,
) -> None:
    """Run `work` again and again until it returns False; True asks for another run.

    A known fault is waited out; an unknown one is logged with its traceback and waited out too,
    for one device's trouble must not stop the others. What no waiting mends ends the program: a
    damaged buffer, or settings that name what is not there.
    """
    while True:
        began = clock.monotonic()
        try:
            again = await work()
        except (BufferDamagedError, SettingsError):
            raise
        except EdgeError as exc:
            again, failure = True, Failure(str(exc))
            log.info("stopped name=%s reason=%r", name, failure.reason)
        except Exception as exc:
            again, failure = True, Failure(f"fault in the program: {type(exc).__name__}", True)
            log.exception("fault name=%s", name)
        else:
            failure = Failure("ended")
        if not again:
            return
        if clock.monotonic() - began >= backoff.policy.forgiven_after:
            backoff.reset()
        on_failure(failure)
        await clock.sleep(backoff.next_wait())


def single_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error a task group was left with; the group itself where there are several."""
    if len(group.exceptions) != 1:
        return group
    inner = group.exceptions[0]
    return single_error(inner) if isinstance(inner, BaseExceptionGroup) else inner
