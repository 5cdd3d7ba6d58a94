"""Pairing and enrolment of devices by hand."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from edge.crew import requests as asked
from edge.crew.answers import document
from edge.crew.desk import RefusedError
from edge.crew.page import CrewPage
from edge.crew.sessions import Session
from edge.transports.ble.pairing import PairingDesk


@dataclass(frozen=True, slots=True)
class DevicesRoutes:
    """Pairing and enrolment, where the gateway has them."""

    page: CrewPage

    async def answer(self, request: Request, session: Session) -> Response:
        """The person's answer to a device that waits."""
        del session
        given = await asked.read(request, asked.PairingAnswer)
        desk = self._pairing
        if given.accept:
            was_open = desk.answer(given.request, passkey=given.passkey, accept=True)
        else:
            was_open = desk.refuse(given.request)
        if not was_open:
            raise RefusedError("The device does not wait for that any more.")
        return document({})

    async def begin(self, request: Request, session: Session) -> Response:
        """Pair with a device that is near."""
        del session
        self._pairing.begin((await asked.read(request, asked.Address)).address)
        return document({})

    async def forget(self, request: Request, session: Session) -> Response:
        """Remove a pairing."""
        del session
        self._pairing.forget((await asked.read(request, asked.Address)).address)
        return document({})

    async def enrol(self, request: Request, session: Session) -> Response:
        """Enrol a device by its scanned or typed code."""
        enrolled = self.page.board.enrolled
        if enrolled is None:
            raise RefusedError("This gateway cannot enrol devices yet.")
        del session
        given = await asked.read(request, asked.Code)
        return document({"words": enrolled.enrol(given.id, given.code, given.kind)}, status=201)

    @property
    def _pairing(self) -> PairingDesk:
        if self.page.board.pairing is None:
            raise RefusedError("This gateway has no Bluetooth.")
        return self.page.board.pairing
