"""Requests left beforehand over an authenticated line (RFC 9126)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from cloud.core.authorization.authorization_requests import (
    AuthorizationRequest,
    PageError,
    ReturnedError,
    read_request,
)
from cloud.core.authorization.client_authentication import ProvenClient
from cloud.core.authorization.grant_tables import PushedRequestRow
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.refusals import GrantError, invalid_request
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.kernel.work import UnitOfWork

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
LIFE: Final = timedelta(seconds=90)
_OF_THE_CLIENT: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


def push(
    work: UnitOfWork,
    profile: Profile,
    client: ProvenClient,
    parameters: Sequence[tuple[str, str]],
    *,
    key: str = "",
) -> tuple[str, int]:
    """Check and keep a request; its address and the seconds it is good for. GrantError when it
    would be refused at the authorization endpoint.
    """
    asked = [(name, value) for name, value in parameters if name not in _OF_THE_CLIENT]
    if any(name == "request_uri" for name, _ in asked):
        raise invalid_request("Push the parameters themselves, not a request_uri.")
    if not any(name == "client_id" for name, _ in asked):
        asked.append(("client_id", client.application.client_id))
    try:
        request, application = read_request(work, profile, asked, is_pushed=True)
    except PageError as exc:
        raise invalid_request(str(exc)) from exc
    except ReturnedError as exc:
        raise GrantError(exc.error, exc.description) from exc
    if application.client_id != client.application.client_id:
        raise invalid_request("Push requests of the client that authenticates.")
    if key and request.dpop_thumbprint not in ("", key):
        raise invalid_request("dpop_jkt names another key than the DPoP proof.")
    name = new_opaque("par")
    work.session.add(
        PushedRequestRow(
            uri_hash=key_hash(PREFIX + name),
            client_id=application.client_id,
            profile=profile.name,
            parameters=request.stored(),
            dpop_thumbprint=key or request.dpop_thumbprint,
            created_at=work.now,
            expires_at=work.now + LIFE,
        )
    )
    return PREFIX + name, int(LIFE.total_seconds())


def pushed(
    work: UnitOfWork, profile: Profile, parameters: Sequence[tuple[str, str]]
) -> tuple[AuthorizationRequest, PushedRequestRow]:
    """The request behind a `request_uri`; PageError for one that is used, old, another client's,
    or sent along with parameters that say something else.
    """
    values = dict(parameters)
    if len(values) != len(parameters):
        raise PageError("A parameter came twice. Ask the application's makers to send each once.")
    row = work.session.get(
        PushedRequestRow, key_hash(values.get("request_uri", "")), with_for_update=True
    )
    if (
        row is None
        or row.used_at is not None
        or row.expires_at <= work.now
        or row.client_id != values.get("client_id")
        or row.profile != profile.name
    ):
        raise PageError("This request was used already or is too old. Begin again there.")
    request = AuthorizationRequest.of({**row.parameters, "dpop_thumbprint": row.dpop_thumbprint})
    others = {"scope": " ".join(request.scopes), "redirect_uri": request.redirect_uri}
    others |= {"state": request.state, "code_challenge": request.code_challenge}
    if any(values.get(name, value) != value for name, value in others.items()):
        raise PageError("The request says something else than what was pushed. Begin again there.")
    return request, row
