"""Addresses asked in a way nobody answers: which methods they have, or that there is none."""

from __future__ import annotations

from typing import NoReturn

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match

from cloud.core.kernel.errors import NotFoundError


def allow_of(request: Request) -> str:
    """What `Allow` says of the address (RFC 9110, 15.5.6): every method any surface has there, of
    which the router knows those of its first match alone. Empty where there is none.
    """
    routers: tuple[APIRouter, ...] = getattr(request.app.state, "surfaces", ())
    allowed = {
        method
        for router in routers
        for route in router.routes
        if route.matches(request.scope)[0] is Match.PARTIAL
        for method in getattr(route, "methods", None) or ()
    }
    return ", ".join(sorted(allowed))


def refuse_unknown(request: Request) -> NoReturn:
    """What the router would have said without the catch-all that was asked: 405 with Allow, or
    NotFoundError.
    """
    if allowed := allow_of(request):
        raise HTTPException(405, headers={"Allow": allowed})
    raise NotFoundError("not_found", "There is nothing at this address.")
