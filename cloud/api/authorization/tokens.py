"""The token endpoints, one for each profile; revocation and introspection beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cloud.api.authorization import limits
from cloud.api.authorization.documentation import introspection_body, revocation_body, token_body
from cloud.api.authorization.forms import caller_of, presented, proof_shown, read_form
from cloud.api.authorization.refusals import NEVER_KEPT, refusal, refused_unread
from cloud.api.shared.answers import exact_json
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization import endings
from cloud.core.authorization.asking import TokenAnswer
from cloud.core.authorization.client_authentication import (
    Presented,
    ProvenClient,
    find_client,
    secret_compared,
)
from cloud.core.authorization.profiles import CLINICAL, PLATFORM, PORTAL, Profile
from cloud.core.authorization.refusals import GrantError, invalid_request
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.token_endpoint import Caller, record
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
            proof = proof_shown(request, issuer=server.issuer)
        except GrantError as exc:
            return await refused_unread(request, services, "token.refused", exc)
        try:
            answer = await run_in_threadpool(
                server.token_endpoint.answer,
                profile,
                client,
                form,
                caller=caller_of(request),
                proof=proof,
            )
        except GrantError as exc:
            return refusal(request, exc)
        limits.count_client(request, services, client)
        return exact_json(token_answer(profile, answer), headers=NEVER_KEPT)

    return token


Act = Callable[[UnitOfWork, Services, ProvenClient, dict[str, str]], dict[str, Any] | None]


def _for_client(profile: Profile, act: Act, refused: str) -> Endpoint:
    """An endpoint that acts on a token for the client that sends it; `refused` is for the audit."""

    async def endpoint(request: Request, services: AllServices) -> Response:
        limits.admit_address(request, services)
        try:
            form = await read_form(request)
            if not form.get("token"):
                raise invalid_request("Send token.")
            client = presented(request, form, issuer=services.authorization.issuer)
        except GrantError as exc:
            return await refused_unread(request, services, refused, exc)
        wanted = _Act(profile, client, form, act, refused, caller_of(request))
        try:
            body = await run_in_threadpool(wanted.done, services)
        except GrantError as exc:
            return refusal(request, exc)
        if body is None:
            return Response(status_code=200, headers=NEVER_KEPT)
        return exact_json(body, headers=NEVER_KEPT)

    return endpoint


@dataclass(frozen=True, slots=True)
class _Act:
    """What a client wants done with a token."""

    profile: Profile
    client: Presented
    form: dict[str, str]
    act: Act
    refused: str
    caller: Caller

    def done(self, services: Services) -> dict[str, Any] | None:
        """What there is to say of it; GrantError, and what it changed before that is kept."""
        server = services.authorization
        server.keys_ahead(self.client, self.form)
        client = secret_compared(services.database, self.client, services.clock())
        with services.database.begin(now=services.clock()) as work:
            application: ApplicationRow | None = None
            try:
                proven = server.clients.prove(work, self.profile, client)
                application = proven.application
                body = self.act(work, services, proven, self.form)
            except GrantError as exc:
                who = application or find_client(work, client.client_id)
                record(work, who, self.caller, self.refused, outcome="denied", note=exc.error)
                refused = exc
            else:
                if body is None:
                    record(work, application, self.caller, "token.revoked")
                return body
        raise refused


def _revoke(
    work: UnitOfWork, services: Services, client: ProvenClient, form: dict[str, str]
) -> None:
    endings.revoke_token(work, services.tokens, client.application, form["token"])


def _introspect(
    work: UnitOfWork, services: Services, client: ProvenClient, form: dict[str, str]
) -> dict[str, Any]:
    return endings.introspect(work, services.tokens, services.vault, client, form["token"])


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
        _for_client(_profile, _revoke, "revocation.refused"),
        methods=["POST"],
        openapi_extra=revocation_body(),
        summary=f"End a token (RFC 7009, {_profile.name})",
        name=f"{_profile.name}_revoke",
    )
    router.add_api_route(
        f"{_profile.base_path}/introspect",
        _for_client(_profile, _introspect, "introspection.refused"),
        methods=["POST"],
        openapi_extra=introspection_body(),
        summary=f"Ask whether a token is good (RFC 7662, {_profile.name})",
        name=f"{_profile.name}_introspect",
    )
