"""The hospital board: a page without data, its files, and a stream for those who may read.

The stream is server-sent events over an authorised request, so a page reads it with fetch:
`encounters` (the list), `snapshot` and `change` (one encounter), `encounter` (its state), `beat`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response, StreamingResponse

from cloud.api.console.assets import ASSETS, CONTENT_SECURITY_POLICY, STATIC, board_page
from cloud.api.console.feed import LiveFeed
from cloud.api.console.viewers import Viewer, frame, parse_cursor
from cloud.api.shared.assets import serve_asset
from cloud.api.shared.authentication import EpcrRead, bearer_token
from cloud.api.shared.services import AllServices, Services
from cloud.core.encounters import service as encounters
from cloud.core.kernel import audit
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.principal import Principal

router = APIRouter(tags=["Board"])

_RETRY: Final = b"retry: 1000\n\n"


def live_feed(request: Request) -> LiveFeed:
    """The process's feed, built by the composition root."""
    return cast("LiveFeed", request.app.state.live_feed)


def authorised_viewer(
    caller: EpcrRead,
    services: AllServices,
    encounter: Annotated[str | None, Query(max_length=64)] = None,
) -> Principal:
    """The caller, once what is about to be watched is theirs and the reading is audited."""
    with services.database.begin(now=services.clock()) as work:
        if encounter is not None:
            encounters.find(work, caller, encounter)
            audit.record(work, caller, "watch", "encounter", encounter)
        else:
            audit.record(work, caller, "watch", "encounter", "*")
    return caller


@router.get("/board", response_class=HTMLResponse, include_in_schema=False)
def board() -> Response:
    """The page; it holds no data until someone signs in."""
    return HTMLResponse(board_page(), headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


@router.get(f"{STATIC}/{{name}}", include_in_schema=False)
def static(request: Request, name: str) -> Response:
    """One of the page's files; unchanged ones are not sent again."""
    return serve_asset(request, ASSETS, name)


@router.get("/board/events", response_class=StreamingResponse)
async def events(
    request: Request,
    services: AllServices,
    feed: Annotated[LiveFeed, Depends(live_feed)],
    caller: Annotated[Principal, Depends(authorised_viewer)],
    encounter: Annotated[
        str | None, Query(max_length=64, description="The encounter to follow; none: the list.")
    ] = None,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> Response:
    """Server-sent events: a snapshot, then what changes; `Last-Event-ID` resumes."""
    viewer = feed.subscribe(caller.tenant_id, encounter, parse_cursor(last_event_id))
    stream = _Stream(services, feed, viewer, bearer_token(request))
    return StreamingResponse(
        stream.frames(),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


class _Stream:
    """One viewer's answer: its events, a beat in between, ended when the token ends."""

    def __init__(self, services: Services, feed: LiveFeed, viewer: Viewer, token: str) -> None:
        self._services = services
        self._feed = feed
        self._viewer = viewer
        self._token = token

    async def frames(self) -> AsyncIterator[bytes]:
        """Until the page goes, the token ends or the service stops."""
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

    def _is_valid(self) -> bool:
        try:
            self._services.tokens.verify(self._token)
        except UnauthenticatedError:
            return False
        return True
