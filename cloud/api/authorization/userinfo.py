"""What a client may know of who signed in (OIDC Core, 5.3)."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization.documentation import userinfo_body
from cloud.api.authorization.refusals import NEVER_KEPT
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import Authentication
from cloud.api.shared.errors import render
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.profiles import PORTAL
from cloud.core.authorization.userinfo import userinfo as claims_of_token
from cloud.core.kernel.errors import ForbiddenError, UnauthenticatedError

router = APIRouter(tags=["OAuth"])

PATH: Final = f"{PORTAL.base_path}/userinfo"
on_portal = Authentication((PORTAL.audience,))
"""Who calls the portal's surfaces."""


async def userinfo(request: Request, services: AllServices) -> Response:
    """Claims of the person behind the token, as far as its scopes go; needs `openid`."""
    try:
        claims = await run_in_threadpool(_claims, request, services)
    except UnauthenticatedError as exc:
        # The contract has its own words for this, and the standard's go into the header.
        head = render(request, exc).headers["www-authenticate"]
        body = {"error": "The access token is invalid"}
        return exact_json(body, status=401, headers={**NEVER_KEPT, "WWW-Authenticate": head})
    except ForbiddenError as exc:
        response = render(request, exc)
        if exc.reason == "insufficient_scope":
            response.headers["WWW-Authenticate"] = (
                'Bearer realm="vitalwire", error="insufficient_scope", scope="openid"'
            )
        return response
    return exact_json(claims, headers=NEVER_KEPT)


def _claims(request: Request, services: Services) -> dict[str, Any]:
    caller = on_portal(request, services)
    return claims_of_token(services.database, services.clock, services.vault, PORTAL, caller)


for _method in ("GET", "POST"):
    router.add_api_route(
        PATH,
        userinfo,
        methods=[_method],
        openapi_extra=userinfo_body(),
        summary="Who signed in (OpenID Connect)",
        name=f"userinfo_{_method.lower()}",
    )
