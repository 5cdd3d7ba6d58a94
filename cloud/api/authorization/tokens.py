"""The token endpoints, one for each profile; revocation and introspection beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization import limits
from cloud.api.authorization.documentation import introspection_body, revocation_body, token_body
from cloud.api.authorization.forms import caller_of, presented, proof_shown, read_form
from cloud.api.authorization.refusals import NEVER_KEPT, refusal
from cloud.api.shared.answers import exact_json
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization import endings
from cloud.core.authorization.asking import TokenAnswer
from cloud.core.authorization.client_authentication import ProvenClient, secret_compared
from cloud.core.authorization.profiles import CLINICAL, NONE, PLATFORM, PORTAL, Profile
from cloud.core.authorization.refusals import GrantError, invalid_client, invalid_request
from cloud.core.authorization.token_endpoint import record
from cloud.core.kernel.work import UnitOfWork

router = APIRouter(tags=["OAuth"])

Endpoint = Callable[[Request, Services], Awaitable[Response]]
_BY_FORM: Final = (PLATFORM, CLINICAL, PORTAL)


def token_answer(profile: Profile, answer: TokenAnswer) -> dict[str, Any]:
    """RFC 6749 5.1, and what the profile and the grant add."""
    body: dict[str, Any] = {
        "access_token": answer.access.access_token,
        "token_type": answer.access.token_type,
        "expires_in": answer.access.expires_in,
        "scope": answer.access.scope,
    }
    if answer.issued_token_type:
        body["issued_token_type"] = answer.issued_token_type
    if answer.refresh_token:
        body["refresh_token"] = answer.refresh_token
    if answer.id_token:
        body["id_token"] = answer.id_token
    if profile.tells_created_at:
        body["created_at"] = answer.access.issued_at
    return body


def _token(profile: Profile) -> Endpoint:
    async def token(request: Request, services: AllServices) -> Response:
        """One grant by form; the client proves itself in one of the ways the profile takes."""
        server = services.authorization
        limits.admit_address(request, services)
        try:
            form = await read_form(request)
            if not form.get("grant_type"):
                raise invalid_request("Send grant_type.")
            client = presented(request, form, issuer=server.issuer)
            limits.admit_client(request, services, client)
            answer = await run_in_threadpool(
                server.token_endpoint.answer,
                profile,
                client,
                form,
                caller=caller_of(request),
                proof=proof_shown(request, issuer=server.issuer),
            )
        except GrantError as exc:
            return refusal(request, exc)
        limits.count_client(request, services, client)
        return exact_json(token_answer(profile, answer), headers=NEVER_KEPT)

    return token


Act = Callable[[UnitOfWork, Services, ProvenClient, dict[str, str]], dict[str, Any] | None]


def _for_client(profile: Profile, act: Act) -> Endpoint:
    """An endpoint that acts on a token for the client that sends it."""

    async def endpoint(request: Request, services: AllServices) -> Response:
        limits.admit_address(request, services)
        try:
            form = await read_form(request)
            body = await run_in_threadpool(_act, request, services, profile, form, act)
        except GrantError as exc:
            return refusal(request, exc)
        if body is None:
            return Response(status_code=200, headers=NEVER_KEPT)
        return exact_json(body, headers=NEVER_KEPT)

    return endpoint


def _act(
    request: Request, services: Services, profile: Profile, form: dict[str, str], act: Act
) -> dict[str, Any] | None:
    server = services.authorization
    if not form.get("token"):
        raise invalid_request("Send token.")
    client = presented(request, form, issuer=server.issuer)
    server.keys_ahead(client, form)
    client = secret_compared(services.database, client, services.clock())
    with services.database.begin(now=services.clock()) as work:
        proven = server.clients.prove(work, profile, client)
        body = act(work, services, proven, form)
        if body is None:
            record(work, proven.application, caller_of(request), "token.revoked")
        return body


def _revoke(
    work: UnitOfWork, services: Services, client: ProvenClient, form: dict[str, str]
) -> None:
    endings.revoke_token(work, services.tokens, client.application, form["token"])


def _introspect(
    work: UnitOfWork, services: Services, client: ProvenClient, form: dict[str, str]
) -> dict[str, Any]:
    if client.method == NONE:
        # RFC 7662 2.1: a name alone is no proof of who asks.
        raise invalid_client("Authenticate the client.")
    return endings.introspect(
        work, services.tokens, services.vault, client.application, form["token"]
    )


for _profile in _BY_FORM:
    router.add_api_route(
        _profile.token_path,
        _token(_profile),
        methods=["POST"],
        openapi_extra=token_body(_profile),
        summary=f"Get an access token ({_profile.name})",
        name=f"{_profile.name}_token",
    )
    router.add_api_route(
        f"{_profile.base_path}/revoke",
        _for_client(_profile, _revoke),
        methods=["POST"],
        openapi_extra=revocation_body(),
        summary=f"End a token (RFC 7009, {_profile.name})",
        name=f"{_profile.name}_revoke",
    )
    router.add_api_route(
        f"{_profile.base_path}/introspect",
        _for_client(_profile, _introspect),
        methods=["POST"],
        openapi_extra=introspection_body(),
        summary=f"Ask whether a token is good (RFC 7662, {_profile.name})",
        name=f"{_profile.name}_introspect",
    )
