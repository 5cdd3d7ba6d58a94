"""Pairing and enrolment of devices by hand, and what is sent where."""

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
    """Pairing and enrolment, where the gateway has them, and the station."""

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

    async def station(self, request: Request, session: Session) -> Response:
        """The vehicle is at its station, or has left it."""
        del session
        station = self.page.station
        if station is None:
            raise RefusedError("This gateway knows no station.")
        if (await asked.read(request, asked.AtStation)).is_here:
            station.arrive()
        else:
            station.leave()
        return document({"is_here": station.is_here()})

    @property
    def _pairing(self) -> PairingDesk:
        if self.page.board.pairing is None:
            raise RefusedError("This gateway has no Bluetooth.")
        return self.page.board.pairing
