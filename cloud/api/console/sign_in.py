"""Signing in to the board and out of it: by our own authorization server, or by a token once.

A token in the address's fragment never leaves the browser by itself; the entrance page takes it
out of the address, shows it here once and forgets it. What stays is the session's cookie.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cloud.api.console.pages import page
from cloud.api.console.visits import (
    DEPARTURE,
    SESSION,
    BoardActor,
    BoardReader,
    caller_of,
    read_cookie,
    set_cookie,
    visit_of,
)
from cloud.api.shared.authentication import EpcrRead, bearer_token
from cloud.api.shared.services import AllServices
from cloud.core.authorization.board_client import RETURN_PATH
from cloud.core.authorization.board_sessions import BoardSignInError
from cloud.core.kernel.names import LONGEST_NAME

router = APIRouter(tags=["Board"], include_in_schema=False)

HOME: Final = "/board"
SIGN_IN: Final = "/board/sign-in"
_TARGET: Final = re.compile(r"/board(/[A-Za-z0-9_-]{1,80})?")


def target_of(text: str) -> str:
    """A page of ours to go on to, the list for anything else."""
    return text if _TARGET.fullmatch(text) else HOME


def entrance(request: Request, *, problem: str = "", status: int = 200) -> Response:
    """The page of somebody who is not signed in; it holds no data."""
    had_session = bool(read_cookie(request, SESSION))
    path = target_of(request.url.path)
    context = {
        "problem": problem or ("Your sign-in has ended." if had_session else ""),
        "sign_in": f"{SIGN_IN}?{urlencode({'to': path})}",
    }
    return page("entrance.html", context, status=status)


@router.get(SIGN_IN)
async def sign_in(
    request: Request, services: AllServices, to: str = HOME, organisation: str = ""
) -> Response:
    """On to the authorization server; the organisation is asked for where there are several."""
    issuer = services.authorization.issuer
    # The cookie that comes back has to be this host's.
    if request.headers.get("host") != urlsplit(issuer).netloc:
        return RedirectResponse(f"{issuer}{SIGN_IN}?{request.url.query}", status_code=303)
    target = target_of(to)
    words = organisation.strip()[:LONGEST_NAME]
    departure = await run_in_threadpool(services.authorization.board.depart, words, target)
    if departure is None:
        context = {
            "action": SIGN_IN,
            "target": target,
            "organisation": words,
            "problem": "No organisation of this name is known here." if words else "",
        }
        return page("organisation.html", context, form_action=f"'self' {issuer}")
    response = RedirectResponse(departure.address, status_code=303)
    return set_cookie(request, response, DEPARTURE, departure.kept)


@router.get(RETURN_PATH)
async def signed_in(request: Request, services: AllServices) -> Response:
    """Back from the authorization server with a code, or with a no."""
    answer = dict(request.query_params)
    kept = read_cookie(request, DEPARTURE)
    board = services.authorization.board
    try:
        arrival = await run_in_threadpool(board.arrive, kept, answer, caller_of(request))
    except BoardSignInError as exc:
        refused = entrance(request, problem=str(exc), status=403)
        return set_cookie(request, refused, DEPARTURE, "")
    response = RedirectResponse(arrival.target, status_code=303)
    set_cookie(request, response, DEPARTURE, "")
    return set_cookie(request, response, SESSION, arrival.cookie)


@router.post("/board/entrance", status_code=204)
def enter(request: Request, services: AllServices, _caller: EpcrRead) -> Response:
    """A session for who shows a token that reads encounters; it ends with the token."""
    cookie = services.authorization.board.enter(bearer_token(request))
    return set_cookie(request, Response(status_code=204), SESSION, cookie)


@router.post("/board/sign-out", status_code=204)
def sign_out(
    request: Request, services: AllServices, _reader: BoardReader, _actor: BoardActor
) -> Response:
    """End the session here, and the sign-in it came of."""
    found = visit_of(request, services)
    if found is not None:
        services.authorization.board.end(found, caller_of(request))
    return set_cookie(request, Response(status_code=204), SESSION, "")
