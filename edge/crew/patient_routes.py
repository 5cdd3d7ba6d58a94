"""The patient's details, pictures and handover."""

from __future__ import annotations

import asyncio
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from edge.crew import requests as asked
from edge.crew.answers import document, problem
from edge.crew.handover import Handover, code_svg
from edge.crew.page import CrewPage
from edge.crew.sessions import Session


class PatientRoutes:
    """Details, assessment, photographs and the handover."""

    def __init__(self, page: CrewPage) -> None:
        self._page = page

    async def details(self, request: Request, session: Session) -> Response:
        """Who it is, as far as anybody knows."""
        await self._page.tell_patient(session, await asked.read(request, asked.PatientDetails))
        return document({})

    async def settle(self, request: Request, session: Session) -> Response:
        """Whether what was told before is of this patient."""
        await self._page.settle_aside(session, await asked.read(request, asked.Same))
        return document({})

    async def assess(self, request: Request, session: Session) -> Response:
        """What no device measures."""
        del session
        await self._page.assess(await asked.read(request, asked.Told))
        return document({})

    async def take_picture(self, request: Request, session: Session) -> Response:
        """A photograph, its octets as the body; durable when the answer is sent."""
        octets = await asked.read_octets(request, self._page.policy.photograph_octets)
        event = await self._page.photographs.take(
            octets, attachment_id=_picture(request), by=self._page.author(session)
        )
        return document({"id": str(event.event_id)}, status=201)

    async def picture(self, request: Request, session: Session) -> Response:
        """A photograph that is on board."""
        del session
        found = await asyncio.to_thread(self._page.photographs.find, _picture(request))
        if found is None:
            return problem(404, "no_such_picture", "That picture is not on board any more.")
        return FileResponse(found[1], media_type=found[0], headers={"Cache-Control": "no-store"})

    async def handover(self, request: Request, session: Session) -> Response:
        """ATMIST in words, for reading out."""
        del request, session
        patient = self._page.told.patient
        return document(
            {
                "lines": [[head, text] for head, text in self._handover().lines()],
                "name": " ".join(filter(None, (patient.given_name, patient.family_name))),
                "nhs_number": patient.nhs_number,
            }
        )

    async def handover_code(self, request: Request, session: Session) -> Response:
        """The same as a code to scan, without who it is."""
        del request, session
        text = self._handover().code()
        return Response(await asyncio.to_thread(code_svg, text), media_type="image/svg+xml")

    def _handover(self) -> Handover:
        page = self._page
        return Handover(
            patient=page.told.patient,
            encounter=page.encounters.current,
            numbers=page.board.numbers(),
            news2=page.board.news2(),
            events=page.board.events_of_patient(),
            now=page.clock.utc(),
            local=page.board.local_time,
        )


def _picture(request: Request) -> UUID:
    return cast("UUID", request.path_params["picture"])  # by the route's converter
