"""Signing in over an identity provider: our metadata, the way out, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cloud.api.authorization import limits
from cloud.api.authorization.cookies import Cookies
from cloud.api.authorization.forms import caller_of
from cloud.api.authorization.page_route import PageRoute, parameters
from cloud.api.shared.documentation import errors
from cloud.api.shared.errors import render
from cloud.api.shared.reviewed import ReviewedAccess, review_required
from cloud.api.shared.services import AllServices, Services
from cloud.api.shared.unknown_paths import refuse_unknown
from cloud.core.authorization.authorization_requests import PageError
from cloud.core.entitlements.access import FEDERATION
from cloud.core.federation.logins import NotLetInError
from cloud.core.federation.relay import onward
from cloud.core.federation.service_provider import PATH

router = APIRouter(prefix=f"{PATH}/{{connection_id}}", tags=["SAML"], route_class=PageRoute)
rest = APIRouter(prefix=PATH, tags=["SAML"], dependencies=[Depends(ReviewedAccess(FEDERATION))])

METADATA_TYPE: Final = "application/samlmetadata+xml"
_METADATA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {METADATA_TYPE: {"schema": {"type": "string"}}}, "description": "XML"}
}
RelayState = Annotated[
    str,
    Query(
        alias="RelayState",
        max_length=4096,
        description="The path of ours to go on to: an authorization request, or /account.",
    ),
]
T = TypeVar("T")


@router.get(
    "/metadata",
    response_class=Response,
    responses={**_METADATA, **errors(403, 404)},
    summary="What an identity provider is told of us",
)
async def metadata(request: Request, connection_id: str, services: AllServices) -> Response:
    """Our entity id, where answers are posted, and the certificates of a connection with a key."""
    found = await _tried(request, services, services.saml.metadata, connection_id)
    return found if isinstance(found, Response) else Response(found, media_type=METADATA_TYPE)


@router.get(
    "/login",
    status_code=302,
    response_class=HTMLResponse,
    responses=errors(400, 403, 404, 422, 429),
    summary="Sign in over an identity provider",
)
async def login(
    request: Request, connection_id: str, services: AllServices, relay_state: RelayState = ""
) -> Response:
    """Sends the browser there with a request; it comes back signed in, to where it wanted to go."""
    limits.admit_address(request, services)
    cookies = Cookies.of(request)
    browser = cookies.browser()
    found = await _tried(
        request, services, services.saml.begin, connection_id, onward(relay_state), browser
    )
    if isinstance(found, Response):
        return found
    return cookies.keep(RedirectResponse(found, status_code=302), browser)


@router.post(
    "/acs",
    status_code=303,
    response_class=HTMLResponse,
    responses=errors(400, 403, 404, 429),
    summary="Where an identity provider's answer is posted",
)
async def answer(request: Request, connection_id: str, services: AllServices) -> Response:
    """What holds goes on to the browser that asked for it; all else gets a page and is audited."""
    limits.admit_address(request, services)
    form = await parameters(request)
    fields = dict(form)
    if len(fields) != len(form):
        raise PageError("A field came twice. Begin again.")
    found = await _tried(
        request,
        services,
        services.saml.answer,
        connection_id,
        fields.get("SAMLResponse", ""),
        fields.get("RelayState", ""),
        caller_of(request),
    )
    if isinstance(found, Response):
        return found
    query = urlencode({"ticket": found})
    return RedirectResponse(f"{PATH}/{connection_id}/arrive?{query}", status_code=303)


@router.get("/arrive", include_in_schema=False)
async def arrive(
    request: Request, connection_id: str, services: AllServices, ticket: str = ""
) -> Response:
    """The browser that began changes its ticket for a session, once."""
    limits.admit_address(request, services)
    cookies = Cookies.of(request)
    found = await _tried(
        request, services, services.saml.arrive, connection_id, ticket, cookies.browser()
    )
    if isinstance(found, Response):
        return found
    return cookies.begun(RedirectResponse(found.path, status_code=303), session=found.session)


@rest.api_route(
    "/{unknown:path}",
    methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
    include_in_schema=False,
)
def nothing_there(request: Request) -> Response:
    """Who was not let in learns of no address whether there is anything."""
    refuse_unknown(request)


async def _tried(
    request: Request, services: Services, act: Callable[..., T], *given: object
) -> T | Response:
    """What it gave, or the answer to an organisation that was not let in."""
    try:
        return await run_in_threadpool(act, *given)
    except NotLetInError:
        return render(request, review_required(services, FEDERATION))
