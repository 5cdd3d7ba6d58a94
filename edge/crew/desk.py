"""Where the crew's deeds are written down: on the disk first, then into the buffer, then shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from edge.clock import Clock
from edge.crew.journal import EventJournal
from edge.errors import BufferFaultError
from edge.pipeline.sink import ObservationSink
from protocols.model.crew import CrewEvent, CrewEventKind

log = logging.getLogger(__name__)

MOST_TEXT: Final = 500
MOST_DETAILS: Final = 24
_RETRY_SECONDS: Final = 5.0
STAYS: Final = {
    CrewEventKind.ENCOUNTER_BEGUN: "Release the encounter instead: it stays on board.",
    CrewEventKind.PATIENT_DETAILS: "Mend the details and save them anew: they stay as they are.",
}
"""What an undo would leave as it is, and what to do instead.

A release is not among them: taken back, the patient's stay goes on in the cloud.
"""
Watcher = Callable[[CrewEvent], None]


class RefusedError(Exception):
    """What the page asked for cannot be done; `cause` is a sentence for the crew."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(slots=True)
class CrewDesk:
    """Takes events for good. One event twice, by a second tap or a retry, is one event."""

    journal: EventJournal
    sink: ObservationSink
    clock: Clock
    vehicle_id: str
    encounter: Callable[[], str]
    on_event: Watcher = lambda _event: None
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def record(
        self,
        kind: str,
        *,
        by: str,
        event_id: UUID | None = None,
        ago: timedelta = timedelta(0),
        text: str = "",
        details: tuple[tuple[str, str], ...] = (),
        undoes: UUID | None = None,
        encounter: str | None = None,
    ) -> CrewEvent:
        """The event, durable when this returns; the one recorded before when it is a repeat.

        `ago`: how long it is past; by it and not by the screen's clock, which may be wrong.
        RefusedError for an undo of what does not exist, is undone or would stay as it is,
        BufferFaultError when the disk does not take it: then it is not saved, and the page must
        say so.
        """
        async with self._busy:
            known = self.journal.find(event_id) if event_id is not None else None
            if known is not None:
                return known
            if undoes is not None:
                self._check_undo(undoes)
            event = CrewEvent(
                event_id=event_id or uuid4(),
                kind=str(kind),
                at=self.clock.utc() - max(ago, timedelta(0)),
                by=by,
                vehicle_id=self.vehicle_id,
                text=text[:MOST_TEXT],
                details=details[:MOST_DETAILS],
                undoes=undoes,
                encounter=self.encounter() if encounter is None else encounter,
            )
            await asyncio.to_thread(self.journal.write, event)
            await self._pass_on(event)
        self.on_event(event)
        return event

    async def run(self) -> None:
        """Give the buffer what it could not take, or what a power cut left between the two."""
        while True:
            for event in self.journal.unkept:
                async with self._busy:
                    await self._pass_on(event)
            await self.clock.sleep(_RETRY_SECONDS)

    def is_undone(self, event_id: UUID) -> bool:
        """Whether a later event takes this one back."""
        return any(event.undoes == event_id for event in self.journal.events)

    async def _pass_on(self, event: CrewEvent) -> None:
        try:
            await self.sink.append([event])
        except BufferFaultError as exc:
            # It is in the crew's own book, on the disk: it goes up as soon as there is room.
            log.warning("crew event waits outside the buffer reason=%r", str(exc))
            return
        await asyncio.to_thread(self.journal.mark, event.event_id)

    def _check_undo(self, undoes: UUID) -> None:
        event = self.journal.find(undoes)
        if event is None or event.kind == CrewEventKind.UNDONE:
            raise RefusedError("There is no such event to take back.")
        if event.kind in STAYS:
            raise RefusedError(STAYS[CrewEventKind(event.kind)])
        if self.is_undone(undoes):
            raise RefusedError("That event is taken back already.")
