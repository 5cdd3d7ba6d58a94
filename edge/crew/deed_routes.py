"""What the crew does, and the encounter it belongs to."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from edge.crew import requests as asked
from edge.crew.answers import document
from edge.crew.page import CrewPage
from edge.crew.sessions import Session
from protocols.model.crew import CrewEventKind


class DeedsRoutes:
    """What the crew does, and the encounter it belongs to."""

    def __init__(self, page: CrewPage) -> None:
        self._page = page

    async def record(self, request: Request, session: Session) -> Response:
        """A quick button; it is on the disk when the answer is sent."""
        event = await self._page.record(session, await asked.read(request, asked.Deed))
        return document({"id": str(event.event_id), "at": event.at.isoformat()}, status=201)

    async def undo(self, request: Request, session: Session) -> Response:
        """Take an event back by another event."""
        given = await asked.read(request, asked.Undo)
        event = await self._page.desk.record(
            CrewEventKind.UNDONE,
            by=self._page.author(session),
            event_id=given.id,
            undoes=given.undoes,
        )
        return document({"id": str(event.event_id)}, status=201)

    async def begin(self, request: Request, session: Session) -> Response:
        """Begin an encounter on board."""
        given = await asked.read(request, asked.Begin)
        current = self._page.encounters.current
        if current is None or current.encounter_id != str(given.id):
            await self._page.begin_encounter(session, str(given.id))
        return document({"encounter": str(given.id)}, status=201)

    async def confirm(self, request: Request, session: Session) -> Response:
        """Dispatch's encounter is ours."""
        del request
        await self._page.confirm_encounter(session)
        return document({})

    async def release(self, request: Request, session: Session) -> Response:
        """The patient has left."""
        del request
        await self._page.release_encounter(session)
        return document({})
