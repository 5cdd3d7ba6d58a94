"""The hospital board: its pages, their files, and a stream for those who may read.

The stream is server-sent events: `encounters` (the list), `snapshot` and `change` (one encounter),
`encounter` (its state), `beat`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from cloud.api.console.feed import LiveFeed
from cloud.api.console.limits import DISPLAY_LIMITS
from cloud.api.console.pages import ASSETS, STATIC, page
from cloud.api.console.sign_in import HOME, entrance
from cloud.api.console.tiles import TILES
from cloud.api.console.viewers import Viewer, frame, parse_cursor
from cloud.api.console.visits import BoardReader, Watcher, visit_of
from cloud.api.shared.assets import serve_asset
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.board_sessions import BoardVisit
from cloud.core.authorization.facilities import facility_of
from cloud.core.encounters.finding import find
from cloud.core.kernel import audit
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_READ

router = APIRouter(tags=["Board"])

_RETRY: Final = b"retry: 1000\n\n"


def live_feed(request: Request) -> LiveFeed:
    """The process's feed, built by the composition root."""
    return cast("LiveFeed", request.app.state.live_feed)


def authorised_watcher(
    watcher: BoardReader,
    services: AllServices,
    encounter: Annotated[str | None, Query(max_length=64)] = None,
) -> Watcher:
    """The caller, once what is about to be watched is theirs and the reading is audited."""
    with services.database.begin(now=services.clock()) as work:
        if encounter is not None:
            find(work, watcher.principal, encounter)
        audit.record(work, watcher.principal, "watch", "encounter", encounter or "*")
    return watcher


@router.get(HOME, include_in_schema=False)
def arrivals(request: Request, services: AllServices) -> Response:
    """Who is on the way; the entrance, which holds no data, for whom nobody is signed in."""
    visit = visit_of(request, services)
    if visit is None:
        return entrance(request)
    if not visit.principal.may(EPCR_READ):
        return entrance(request, problem=_NO_RIGHT, status=403)
    return page("arrivals.html", _signed_in(visit))


@router.get(f"{STATIC}/{{name}}", include_in_schema=False)
def static(request: Request, name: str) -> Response:
    """One of the pages' files; unchanged ones are not sent again."""
    return serve_asset(request, ASSETS, name)


@router.get("/board/events", response_class=StreamingResponse)
async def events(
    services: AllServices,
    feed: Annotated[LiveFeed, Depends(live_feed)],
    watcher: Annotated[Watcher, Depends(authorised_watcher)],
    encounter: Annotated[
        str | None, Query(max_length=64, description="The encounter to follow; none: the list.")
    ] = None,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> Response:
    """Server-sent events: a snapshot, then what changes; `Last-Event-ID` resumes."""
    viewer = feed.subscribe(watcher.principal.tenant_id, encounter, parse_cursor(last_event_id))
    stream = _Stream(services, feed, viewer, watcher.is_valid)
    return StreamingResponse(
        stream.frames(),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


@router.get("/board/{encounter_id}", include_in_schema=False)
def encounter_page(request: Request, encounter_id: str, services: AllServices) -> Response:
    """One patient, live."""
    visit = visit_of(request, services)
    if visit is None:
        return entrance(request)
    if not visit.principal.may(EPCR_READ):
        return entrance(request, problem=_NO_RIGHT, status=403)
    facility = _facility(services, visit.principal, encounter_id)
    if facility is None:
        return page("gone.html", {"home": HOME}, status=404)
    context = {
        "encounter_id": encounter_id,
        "facility": facility,
        "tiles": TILES,
        "limits": DISPLAY_LIMITS,
        "home": HOME,
        **_signed_in(visit),
    }
    return page("encounter.html", context)


_NO_RIGHT: Final = (
    "This sign-in may not read encounters. Sign in as somebody who may, or ask your administrator."
)


def _facility(services: Services, principal: Principal, encounter_id: str) -> str | None:
    """The facility of who looks (empty for none), None where the encounter is not theirs to see."""
    # No id holds a NUL, and PostgreSQL would not even compare one.
    if "\x00" in encounter_id:
        return None
    try:
        with services.database.reading(now=services.clock()) as work:
            find(work, principal, encounter_id)
            return facility_of(work, principal) or ""
    except NotFoundError:
        return None


def _signed_in(visit: BoardVisit) -> dict[str, object]:
    """What every page of somebody signed in says of them."""
    return {"name": visit.name, "csrf": visit.csrf}


class _Stream:
    """One viewer's answer: its events, a beat in between, ended when the caller's right ends."""

    def __init__(
        self, services: Services, feed: LiveFeed, viewer: Viewer, is_valid: Callable[[], bool]
    ) -> None:
        self._services = services
        self._feed = feed
        self._viewer = viewer
        self._is_valid = is_valid

    async def frames(self) -> AsyncIterator[bytes]:
        """Until the page goes, the right ends or the service stops."""
        checked_at = time.monotonic()
        try:
            yield _RETRY
            while True:
                message = await self._next()
                if message is None:
                    return
                yield message
                if time.monotonic() - checked_at >= self._feed.policy.check_seconds:
                    checked_at = time.monotonic()
                    if not await run_in_threadpool(self._is_valid):
                        return
        finally:
            self._feed.unsubscribe(self._viewer)

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(self._feed.policy.beat_seconds):
                return await self._viewer.next()
        except TimeoutError:
            return frame("beat", {"now": self._services.clock().isoformat()})
