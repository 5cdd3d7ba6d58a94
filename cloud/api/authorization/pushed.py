"""Authorization requests left beforehand (RFC 9126), one address for each profile with people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization import limits
from cloud.api.authorization.authorize import WITH_PEOPLE
from cloud.api.authorization.documentation import pushed_body
from cloud.api.authorization.forms import caller_of, presented, proof_shown, read_form
from cloud.api.authorization.refusals import NEVER_KEPT, refusal, refused_unread
from cloud.api.shared.answers import exact_json
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.refusals import GrantError

router = APIRouter(tags=["OAuth"])


def _push(profile: Profile) -> Callable[[Request, Services], Awaitable[Response]]:
    async def push(request: Request, services: AllServices) -> Response:
        """Leave an authorization request; its `request_uri` goes to the authorization endpoint."""
        server = services.authorization
        limits.admit_address(request, services)
        try:
            form = await read_form(request)
            client = presented(request, form, issuer=server.issuer)
            proof = proof_shown(request, issuer=server.issuer)
        except GrantError as exc:
            return await refused_unread(request, services, "request.refused", exc)
        try:
            uri, seconds = await run_in_threadpool(
                server.pushed_requests.answer,
                profile,
                client,
                list(form.items()),
                caller=caller_of(request),
                proof=proof,
            )
        except GrantError as exc:
            return refusal(request, exc)
        body = {"request_uri": uri, "expires_in": seconds}
        return exact_json(body, status=201, headers=NEVER_KEPT)

    return push


for _profile in WITH_PEOPLE:
    router.add_api_route(
        f"{_profile.base_path}/par",
        _push(_profile),
        methods=["POST"],
        status_code=201,
        openapi_extra=pushed_body(),
        summary=f"Push an authorization request (RFC 9126, {_profile.name})",
        name=f"{_profile.name}_par",
    )
