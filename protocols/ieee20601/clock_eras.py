"""The timelines of a calendar clock that may be set while its device is associated.

Every setting begins a new era. What was stamped before stays on the earlier timeline: a stamp from
before an era began, or one that would lie in the future in it, is read by the era before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from protocols.model.clock_mapping import ClockFacts, Coincident, Timeline

_DRIFT: Final = timedelta(seconds=2)
"""A clock that is read again and differs by no more ran on; it was not set."""
_MOST_ERAS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """One timeline: the clock showed `shown` (naive) at `read_at` (aware).

    `began`: what it showed when it was set; None for the timeline of the association's begin.
    """

    timeline: Timeline
    shown: datetime
    read_at: datetime
    synchronised: bool = False
    began: datetime | None = None

    facts: ClockFacts = field(init=False)
    """What `clock_mapping` needs to know of it."""

    def __post_init__(self) -> None:
        coincident = Coincident(device=self.shown, gateway=self.read_at)
        facts = ClockFacts(
            timeline=self.timeline, synchronised=self.synchronised, coincident=coincident
        )
        object.__setattr__(self, "facts", facts)  # made once, used for every stamp

    @property
    def ahead(self) -> timedelta:
        """How far the clock is ahead of UTC."""
        return self.shown - self.read_at.astimezone(UTC).replace(tzinfo=None)

    def shows(self, utc: datetime) -> datetime:
        """What the clock shows at `utc` (aware), naive."""
        return moved(self.shown, utc - self.read_at)


def next_eras(known: tuple[Era, ...], read: Era | None) -> tuple[Era, ...]:
    """The eras after one more reading: the last one goes on, or a new one begins.

    At most four are kept, the latest last.
    """
    if read is None:
        return known
    if not known:
        return (read,)
    last = known[-1]
    if abs(read.ahead - last.ahead) <= _DRIFT:
        return (*known[:-1], replace(read, began=last.began))
    return (*known, replace(read, began=read.shown))[-_MOST_ERAS:]


def likeliest(eras: tuple[Era, ...], shown: datetime) -> list[Era]:
    """The eras in which a clock may have shown this, the likeliest first."""
    if len(eras) == 1:
        return list(eras)
    latest_first = eras[::-1]
    begun = [era for era in latest_first if era.began is None or shown >= era.began]
    return begun + [era for era in latest_first if era not in begun]


def moved(shown: datetime, by: timedelta) -> datetime:
    """A clock's time moved; unchanged where the calendar ends."""
    try:
        return shown + by
    except OverflowError:
        return shown
