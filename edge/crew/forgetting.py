"""What was told of patients stays on board for a while: let go of by its age, in a run too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from edge.clock import Clock, ClockWatch
from edge.crew.journal import EventJournal
from edge.crew.photographs import Photographs
from edge.crew.told import Told
from edge.errors import BufferFaultError

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 900.0
_STEP_SECONDS: Final = 60.0


@dataclass(slots=True, kw_only=True)
class Forgetting:
    """Lets go of events that were sent, of details and of pictures once they are older than `keep`.

    What was told before the clock was set bears a time of the other clock: after a step nothing is
    let go of for as long as `keep`. `on_forgotten` is called when a screen may show less now.
    """

    keep: timedelta
    journal: EventJournal
    told: Told
    photographs: Photographs
    clock: Clock
    on_forgotten: Callable[[], None]
    _watch: ClockWatch = field(default_factory=lambda: ClockWatch(_STEP_SECONDS))
    _set_at: float | None = None

    async def run(self) -> None:
        """Look at once and four times an hour, for ever."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Once; a disk that refuses is asked again by the next look."""
        if self._was_clock_set():
            return
        try:
            is_less = await asyncio.to_thread(self._forget, self.clock.utc() - self.keep)
        except (OSError, BufferFaultError) as exc:
            log.warning("what is too old stays on board reason=%r", str(exc))
            return
        if is_less:
            self.on_forgotten()

    def _forget(self, since: datetime) -> bool:
        is_less = self.told.forget(since)
        is_less |= self.journal.forget(since, but=self.photographs.unsent)
        self.photographs.forget()
        return is_less

    def _was_clock_set(self) -> bool:
        """Whether it was less than `keep` ago."""
        seconds = self.clock.seconds_up()
        if self._watch.observe(monotonic=seconds, utc=self.clock.utc()):
            self._set_at = seconds
        return self._set_at is not None and seconds - self._set_at < self.keep.total_seconds()
