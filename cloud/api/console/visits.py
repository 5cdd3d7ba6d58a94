"""Who looks at the board: a browser by its cookie, or a program by its token.

The cookie is opaque, unreadable to scripts and not sent along with foreign posts. What changes
something also shows the proof that only this session's page was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.responses import Response

from cloud.api.shared.authentication import Requirement, bearer_token, on_platform
from cloud.api.shared.peer import caller_address
from cloud.api.shared.services import AllServices, Services, services_of
from cloud.api.shared.tracing import trace_of
from cloud.core.authorization.board_sessions import BoardVisit
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.kernel.errors import ForbiddenError, UnauthenticatedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import EPCR_READ, check_required

SESSION: Final = "vitalwire-board"
DEPARTURE: Final = "vitalwire-board-departure"
CSRF_HEADER: Final = "x-board-csrf"
_LONGEST: Final = 4096


def caller_of(request: Request) -> Caller:
    """Where a request comes from, for limits and the audit."""
    return Caller(
        address=caller_address(request),
        request_id=str(request.state.request_id),
        trace_id=trace_of(request),
    )


def read_cookie(request: Request, name: str) -> str:
    """One of our cookies, empty where there is none."""
    value = request.cookies.get(_spelled(request, name), "")
    return value if len(value) <= _LONGEST and value.isascii() else ""


def set_cookie(request: Request, response: Response, name: str, value: str) -> Response:
    """Give the browser a cookie of ours; an empty value takes it away."""
    response.set_cookie(
        _spelled(request, name),
        value,
        max_age=None if value else 0,
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="lax",
    )
    return response


def visit_of(request: Request, services: Services) -> BoardVisit | None:
    """The session behind a request's cookie; None for one that ended or never was."""
    return services.authorization.board.visit(read_cookie(request, SESSION))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """A caller who may read encounters; `is_valid` tells whether they still may."""

    principal: Principal
    is_valid: Callable[[], bool]
    visit: BoardVisit | None = None


class Watching(Requirement):
    """A dependency for what the board reads: a session's cookie, or a token."""

    def __init__(self) -> None:
        super().__init__((check_required(EPCR_READ),))

    def __call__(self, request: Request, services: AllServices) -> Watcher:  # type: ignore[override]  # nobody was asked for a token before
        """The caller; UnauthenticatedError, ForbiddenError `insufficient_scope`."""
        if "authorization" in request.headers:
            token = bearer_token(request)
            principal = super().__call__(request, services, on_platform(request, services))
            return Watcher(principal=principal, is_valid=lambda: _is_good(services, token))
        found = visit_of(request, services)
        if found is None:
            raise UnauthenticatedError(token_sent=bool(read_cookie(request, SESSION)))
        principal = super().__call__(request, services, _located(request, found.principal))
        return Watcher(
            principal=principal,
            is_valid=lambda: visit_of(request, services) is not None,
            visit=found,
        )


watching: Final = Watching()
BoardReader = Annotated[Watcher, Depends(watching)]


def acting(request: Request, watcher: BoardReader, services: AllServices) -> Principal:
    """Who acts from a page of ours; ForbiddenError `foreign_page` for anything else's post."""
    if watcher.visit is None:
        return watcher.principal
    site = request.headers.get("sec-fetch-site", "same-origin")
    shown = request.headers.get(CSRF_HEADER, "")
    if (
        site != "same-origin"
        or not _is_ours(request)
        or not services.authorization.board.is_own(watcher.visit, shown)
    ):
        raise ForbiddenError("foreign_page", "Load the board again and repeat it there.")
    return watcher.principal


BoardActor = Annotated[Principal, Depends(acting)]


def _located(request: Request, principal: Principal) -> Principal:
    caller = caller_of(request)
    return replace(
        principal, request_id=caller.request_id, address=caller.address, trace_id=caller.trace_id
    )


def _is_good(services: Services, token: str) -> bool:
    try:
        services.tokens.verify(token)
    except UnauthenticatedError:
        return False
    return True


def _is_ours(request: Request) -> bool:
    """Whether the Origin of a post, where it has one, is where our pages are."""
    ours = {
        urlsplit(services_of(request).authorization.issuer).netloc,
        request.headers.get("host"),
    }
    told = set(request.headers.getlist("origin"))
    return {origin.partition("://")[2] for origin in told} <= ours


def _is_secure(request: Request) -> bool:
    return services_of(request).authorization.issuer.startswith("https://")


def _spelled(request: Request, name: str) -> str:
    return f"__Host-{name}" if _is_secure(request) else name
