"""All routes of the page in one table. Public are the page itself, its files and the lock."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from edge.crew.answers import problem
from edge.crew.assets import STATIC
from edge.crew.deed_routes import DeedsRoutes
from edge.crew.desk import RefusedError
from edge.crew.device_routes import DevicesRoutes
from edge.crew.guard import HostGuard, PrivateHandler, allowed_hosts, own, private
from edge.crew.page import CrewPage
from edge.crew.patient_routes import PatientRoutes
from edge.crew.screen_routes import LockRoutes, ScreenRoutes
from edge.errors import BufferFaultError, CommandStoreError


def crew_application(page: CrewPage) -> ASGIApp:
    """The page as an ASGI application."""
    application = Starlette(
        routes=crew_routes(page),
        exception_handlers={
            RefusedError: _refused,
            BufferFaultError: _not_saved,
            CommandStoreError: _not_saved,
            HTTPException: _no_route,
        },
    )
    return HostGuard(application, allowed_hosts(page.policy.hosts))


def crew_routes(page: CrewPage) -> list[Route]:
    """Every route; what is not wrapped in `private` holds no data of a patient."""
    screen, lock, deeds = ScreenRoutes(page), LockRoutes(page), DeedsRoutes(page)
    patient, devices = PatientRoutes(page), DevicesRoutes(page)

    def hidden(path: str, handler: PrivateHandler, method: str, *, touches: bool = True) -> Route:
        guarded = private(page.sessions, handler, touches=touches)
        return Route(path, guarded, methods=[method])

    return [
        Route("/", screen.show),
        Route(f"{STATIC}/{{name}}", screen.file),
        Route("/lock", lock.state),
        Route("/unlock", own(lock.open), methods=["POST"]),
        hidden("/lock-now", lock.close, "POST", touches=False),
        hidden("/touch", lock.touch, "POST"),
        hidden("/sign-in", lock.sign_in, "POST"),
        hidden("/shift", lock.shift, "POST"),
        hidden("/live", screen.live, "GET", touches=False),
        hidden("/events", deeds.record, "POST"),
        hidden("/events/undo", deeds.undo, "POST"),
        hidden("/encounter/begin", deeds.begin, "POST"),
        hidden("/encounter/confirm", deeds.confirm, "POST"),
        hidden("/encounter/release", deeds.release, "POST"),
        hidden("/patient", patient.details, "POST"),
        hidden("/patient/aside", patient.settle, "POST"),
        hidden("/assessment", patient.assess, "POST"),
        hidden("/photographs/{picture:uuid}", patient.take_picture, "POST"),
        hidden("/photographs/{picture:uuid}", patient.picture, "GET"),
        hidden("/handover", patient.handover, "GET"),
        hidden("/handover.svg", patient.handover_code, "GET"),
        hidden("/pairing/answer", devices.answer, "POST"),
        hidden("/pairing/begin", devices.begin, "POST"),
        hidden("/pairing/forget", devices.forget, "POST"),
        hidden("/devices/enrol", devices.enrol, "POST"),
        hidden("/station", devices.station, "POST"),
    ]


async def _refused(request: Request, exc: Exception) -> Response:
    del request
    return problem(422, "refused", exc.cause if isinstance(exc, RefusedError) else "")


async def _not_saved(request: Request, exc: Exception) -> Response:
    del request, exc
    return problem(503, "not_saved", "NOT SAVED: the gateway's disk does not take it. Try again.")


async def _no_route(request: Request, exc: Exception) -> Response:
    del request
    status = exc.status_code if isinstance(exc, HTTPException) else 500
    return problem(status, "no_such_page", "There is nothing here.")
