"""The page itself, its stream, and the lock in front of it."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from edge.crew import requests as asked
from edge.crew.answers import document, problem
from edge.crew.assets import crew_page, read_assets
from edge.crew.page import CrewPage
from edge.crew.sessions import COOKIE, Session

_COOKIE_SECONDS: Final = 12 * 3600


class ScreenRoutes:
    """The page and its stream."""

    def __init__(self, page: CrewPage) -> None:
        self._page = page
        self._html = crew_page(page.policy, page.vehicle_id)
        self._assets = read_assets()

    async def show(self, request: Request) -> Response:
        """The page; it holds no data until it is unlocked."""
        del request
        return HTMLResponse(self._html)

    async def file(self, request: Request) -> Response:
        """One of the page's files; unchanged ones are not sent again."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            return problem(404, "no_such_page", "There is nothing here.")
        headers = {"ETag": asset.etag, "Cache-Control": "no-cache"}
        if asset.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(asset.content, media_type=asset.media_type, headers=headers)

    async def live(self, request: Request, session: Session) -> Response:
        """Server-sent events: a snapshot, then what changes."""
        del request
        if not self._page.board.viewers.has_room:
            return problem(503, "too_many_screens", "Close the page on another screen first.")
        return StreamingResponse(
            self._page.frames(session),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
        )


class LockRoutes:
    """PIN, sign-in and shift."""

    def __init__(self, page: CrewPage) -> None:
        self._page = page
        self._guessing = asyncio.Lock()

    async def state(self, request: Request) -> Response:
        """What a locked screen may know."""
        page = self._page
        session = page.sessions.find(request.cookies.get(COOKIE, ""))
        return document(
            {
                "unlocked": session is not None,
                "pin_set": await asyncio.to_thread(lambda: page.pins.is_set),
                "wait": round(page.throttle.seconds_left, 1),
                "lock_seconds": page.policy.lock_seconds,
            }
        )

    async def open(self, request: Request) -> Response:
        """Try a PIN. Only one guess is looked at at a time, whoever makes it."""
        page, given = self._page, await asked.read(request, asked.Unlock)
        async with self._guessing:
            wait = page.throttle.seconds_left
            if wait > 0:
                return problem(
                    429,
                    "wait",
                    f"Too many wrong PINs. Wait {wait:.0f} s.",
                    headers={"Retry-After": str(int(wait) + 1)},
                )
            if not await asyncio.to_thread(page.pins.matches, given.pin):
                await asyncio.to_thread(page.throttle.fail)
                return problem(401, "wrong_pin", "That is not the PIN of this vehicle.")
            await asyncio.to_thread(page.throttle.succeed)
        answer = document({"unlocked": True})
        _give(answer, page.sessions.begin(given.member))
        return answer

    async def close(self, request: Request, session: Session) -> Response:
        """Lock this screen now."""
        del session
        self._page.sessions.end(request.cookies.get(COOKIE, ""))
        self._page.board.viewers.wake()
        answer = document({"unlocked": False})
        answer.delete_cookie(COOKIE, path="/")
        return answer

    async def touch(self, request: Request, session: Session) -> Response:
        """Somebody works on this screen: its cookie lasts on, however long the shift is."""
        del session  # found by this cookie
        answer = document({"unlocked": True})
        _give(answer, request.cookies[COOKIE])
        return answer

    async def sign_in(self, request: Request, session: Session) -> Response:
        """Who works on this screen from now on."""
        session.member = (await asked.read(request, asked.SignIn)).member
        return document({"member": session.member})

    async def shift(self, request: Request, session: Session) -> Response:
        """Who is on board."""
        await self._page.set_shift(session, await asked.read(request, asked.Shift))
        return document({"shift": self._page.board.shift})


def _give(answer: Response, token: str) -> None:
    answer.set_cookie(
        COOKIE, token, max_age=_COOKIE_SECONDS, httponly=True, samesite="strict", path="/"
    )
