"""What an attempt means: when its message is tried again, and how long its endpoint rests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.core.webhooks.schedules import GONE, LONGEST_ASKED, SCHEDULES, is_taken
from cloud.core.webhooks.tables import FAILED, RETRYING, SUCCEEDED, DeliveryRow, EndpointRow

SLOW: Final = timedelta(seconds=2)
"""Whoever takes this long holds a sender from others."""
PATIENCE: Final = timedelta(days=5)
"""An endpoint that failed so long without a break is disabled,"""
LEAST_FAILURES: Final = 10
"""after so many attempts at least: two in a week say nothing."""
FAILING: Final = "failing"
REMOVED_BY_RECEIVER: Final = "gone"
_REST_AFTER: Final = 3
_FIRST_REST: Final = timedelta(seconds=10)
_LONGEST_REST: Final = timedelta(minutes=10)
_REDIRECTS: Final = range(300, 400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What one attempt came to. `status` is None where no answer came, and `cause` says why.

    `asked` is the receiver's Retry-After; `is_aborted` says that it wants this message no more.
    `answer` is the start of what it said.
    """

    at: datetime
    took: timedelta
    status: int | None = None
    cause: str = ""
    asked: timedelta | None = None
    is_aborted: bool = False
    answer: bytes = b""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has the message."""
        return is_taken(self.status)

    @property
    def milliseconds(self) -> int:
        """How long it took."""
        return self.took // timedelta(milliseconds=1)

    @property
    def word(self) -> str:
        """Why it was not taken, in one word; empty where it was."""
        if self.is_taken:
            return ""
        if self.status is None:
            return self.cause
        if self.status == GONE:
            return "gone"
        if self.is_aborted:
            return "aborted"
        return "redirected" if self.status in _REDIRECTS else "refused"


def next_of(
    delivery: DeliveryRow,
    profile: str,
    attempt: Attempt,
    draw: float,
    *,
    began: datetime | None = None,
) -> tuple[str, datetime | None]:
    """The state of a delivery after one more attempt, and when it is due again.

    `began` is when the first attempt was made; None: this is it.
    """
    if attempt.is_taken:
        return SUCCEEDED, None
    schedule, ended = SCHEDULES[profile], attempt.at + attempt.took
    wait = None
    if not attempt.is_aborted and schedule.may_retry(attempt.status):
        gone = ended - (began or attempt.at)
        wait = schedule.wait(delivery.attempts + 1, draw, asked=attempt.asked, gone=gone)
    return (FAILED, None) if wait is None else (RETRYING, ended + wait)


def judge(endpoint: EndpointRow, attempt: Attempt, now: datetime, draw: float) -> str:
    """Note what an attempt says of its endpoint; why it is to be disabled, empty where it is not.

    An endpoint rests after three failures in a row, at once where no answer came or it asked for
    time; twice as long each time, ten minutes at most or as long as it asked. Then one message is
    tried.
    """
    endpoint.last_status = attempt.status
    endpoint.is_slow = attempt.took >= SLOW
    if attempt.is_taken or (attempt.is_aborted and attempt.status != GONE):
        # Whoever says that it wants no more of a message is there, and heard it.
        endpoint.failures, endpoint.failing_since, endpoint.closed_until = 0, None, None
        if attempt.is_taken:
            endpoint.last_succeeded_at = now
        return ""
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.last_failed_at = now
    endpoint.closed_until = _rests_until(endpoint.failures, attempt, now, draw)
    if attempt.status == GONE:
        return REMOVED_BY_RECEIVER
    is_hopeless = now - endpoint.failing_since >= PATIENCE
    return FAILING if is_hopeless and endpoint.failures >= LEAST_FAILURES else ""


def _rests_until(failures: int, attempt: Attempt, now: datetime, draw: float) -> datetime | None:
    asked = min(attempt.asked or timedelta(0), LONGEST_ASKED)
    if failures < _REST_AFTER and attempt.status is not None:
        return now + asked if asked else None
    doublings = max(failures - _REST_AFTER, 0)
    # Bounded before it is multiplied: the count of failures is not.
    rest: timedelta = min(_FIRST_REST * 2 ** min(doublings, 10), _LONGEST_REST)
    return now + max(rest * (1 + draw / 10), asked)
