"""When a delivery is tried again, as published tables, and which answers end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

DEFAULT: Final = "default"
PARTNER: Final = "partner"
LONGEST_ASKED: Final = timedelta(hours=24)
"""No Retry-After holds a delivery longer."""
GONE: Final = 410
_TAKEN: Final = range(200, 300)
_SERVER_FAULTS: Final = range(500, 600)
_TRY_LATER: Final = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class Schedule:
    """A retry profile: the waits before the second, third, ... attempt.

    `retries_every_refusal`: whether any answer but 2xx is tried again; otherwise 5xx, 408, 429 and
    no answer at all are, and every other answer is final. `lasts` is how long after the first
    attempt the last one may be made, however long a receiver asked us to wait; None: no limit.
    """

    name: str
    sentence: str
    waits: tuple[timedelta, ...]
    retries_every_refusal: bool = True
    lasts: timedelta | None = None

    def may_retry(self, status: int | None) -> bool:
        """Whether an attempt that came to `status` (None: no answer) is made again."""
        if status is None or self.retries_every_refusal:
            return status != GONE
        return status in _TRY_LATER or status in _SERVER_FAULTS

    def wait(
        self,
        attempts: int,
        draw: float,
        *,
        asked: timedelta | None = None,
        gone: timedelta = timedelta(0),
    ) -> timedelta | None:
        """How long after attempt number `attempts` the next is made, None when that was the last.

        `draw` (0 to 1) adds up to a tenth, so that many do not come back at once. `asked` is the
        receiver's Retry-After: never sooner than that, a day at most. `gone` is the time since the
        first attempt.
        """
        if attempts > len(self.waits):
            return None
        wait = self.waits[attempts - 1] * (1 + draw / 10)
        if asked is not None:
            wait = max(wait, min(asked, LONGEST_ASKED))
        return None if self.lasts is not None and gone + wait > self.lasts else wait


def is_taken(status: int | None) -> bool:
    """Whether the receiver took it: any 2xx, and nothing else; a redirect is a refusal."""
    return status in _TAKEN


SCHEDULES: Final[Mapping[str, Schedule]] = {
    one.name: one
    for one in (
        Schedule(
            DEFAULT,
            "Every answer but 2xx is tried again: after 30 s, 2 min, 10 min, 1 h, 4 h, 12 h and "
            "24 h, each up to a tenth later. 410 ends the endpoint.",
            (
                timedelta(seconds=30),
                timedelta(minutes=2),
                timedelta(minutes=10),
                timedelta(hours=1),
                timedelta(hours=4),
                timedelta(hours=12),
                timedelta(hours=24),
            ),
        ),
        Schedule(
            PARTNER,
            "5xx, 408, 429 and no answer are tried again every 5 min, each up to a tenth later, "
            "until 24 h after the first attempt; every other answer is final.",
            (timedelta(minutes=5),) * 288,
            retries_every_refusal=False,
            lasts=timedelta(hours=24),
        ),
    )
}
