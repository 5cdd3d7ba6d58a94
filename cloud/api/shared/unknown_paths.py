"""What a catch-all answers to whom is let in: what the router would have said without it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from cloud.core.kernel.errors import NotFoundError


def refuse_unknown(request: Request, routes: Iterable[BaseRoute]) -> NoReturn:
    """405 with Allow where one of the routes takes the address by other methods, NotFoundError
    where there is none.
    """
    allowed = {
        method
        for route in routes
        if route.matches(request.scope)[0] is Match.PARTIAL
        for method in getattr(route, "methods", None) or ()
    }
    if allowed:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(allowed))})
    raise NotFoundError("not_found", "There is nothing at this address.")
