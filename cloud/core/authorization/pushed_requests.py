"""Requests left beforehand over an authenticated line (RFC 9126)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cloud.core.authorization.authorization_requests import (
    ANEW,
    AuthorizationRequest,
    PageError,
    ReturnedError,
    each_once,
    read_request,
)
from cloud.core.authorization.client_authentication import (
    ClientAuthentication,
    Presented,
    ProvenClient,
    find_client,
    secret_compared,
)
from cloud.core.authorization.grant_tables import PushedRequestRow
from cloud.core.authorization.keys_ahead import KeysAhead
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.refusals import GrantError, invalid_request
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.token_endpoint import Caller, ProofShown, proven_key, record
from cloud.core.kernel.work import Clock, Database, UnitOfWork

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
LIFE: Final = timedelta(seconds=90)
_READ: Final = frozenset(
    {
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "dpop_jkt",
        "prompt",
        "max_age",
        "login_hint",
        "id_token_hint",
    }
)
"""What a request says; any other parameter is nobody's business here."""
_OF_THE_CLIENT: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})


class PushedRequests:
    """The PAR endpoint of every profile: one unit of work a request, audited like a token."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        clients: ClientAuthentication,
        keys_ahead: KeysAhead,
    ) -> None:
        self._database = database
        self._clock = clock
        self._clients = clients
        self._keys_ahead = keys_ahead

    def answer(
        self,
        profile: Profile,
        presented: Presented,
        parameters: Sequence[tuple[str, str]],
        *,
        caller: Caller,
        proof: ProofShown | None = None,
    ) -> tuple[str, int]:
        """The `request_uri` and the seconds it is good for; GrantError when it is refused."""
        self._keys_ahead(presented, {})
        presented = secret_compared(self._database, presented, self._clock())
        with self._database.begin(now=self._clock()) as work:
            application: ApplicationRow | None = None
            try:
                client = self._clients.prove(work, profile, presented)
                application = client.application
                key = "" if proof is None else proven_key(work, proof)
                answer = push(work, profile, client, parameters, key=key)
            except GrantError as exc:
                who = application or find_client(work, presented.client_id)
                record(work, who, caller, "request.refused", outcome="denied", note=exc.error)
                refusal = exc
            else:
                record(work, application, caller, "request.pushed")
                return answer
        raise refusal


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
        raise GrantError(exc.error, str(exc)) from exc
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
    work: UnitOfWork, profile: Profile, parameters: Sequence[tuple[str, str]], *, browser: str
) -> tuple[AuthorizationRequest, str]:
    """The request behind a `request_uri`, and that; PageError for one that is used, old, another
    client's, or sent along with parameters that say something else.

    Good for one answer and, until then, for the browser that came with it first: whoever loads
    the page again sees it again (RFC 9126, 7.3).
    """
    values = each_once(parameters)
    request_uri = values.get("request_uri", "")
    row = _row(work, request_uri)
    if (
        row is None
        or row.used_at is not None
        or row.expires_at <= work.now
        or row.shown_to not in ("", key_hash(browser))
        or row.client_id != values.get("client_id")
        or row.profile != profile.name
    ):
        raise PageError("This request was used already or is too old. Begin again there.")
    request = AuthorizationRequest.of({**row.parameters, "dpop_thumbprint": row.dpop_thumbprint})
    said = dict(request.parameters())
    if any(value != said.get(name, "") for name, value in values.items() if name in _READ):
        raise PageError("The request says something else than what was pushed. Begin again there.")
    row.shown_to = key_hash(browser)
    return request, request_uri


def awaited(work: UnitOfWork, request_uri: str, *, browser: str, until: datetime) -> bool:
    """Keep a request for the browser it was shown to, which signs in elsewhere meanwhile; whether
    it wants the person to prove anew who they are.
    """
    row = _row(work, request_uri)
    if row is None or row.shown_to != key_hash(browser) or row.expires_at <= work.now:
        return False
    row.expires_at = max(row.expires_at, until)
    request = AuthorizationRequest.of(row.parameters)
    return request.max_age is not None or bool(ANEW & set(request.prompts))


def proved_anew(work: UnitOfWork, request_uri: str, *, browser: str) -> None:
    """The person did, for this request: it does not want it once more."""
    row = _row(work, request_uri)
    if row is not None and row.shown_to == key_hash(browser):
        left = [prompt for prompt in row.parameters["prompts"] if prompt not in ANEW]
        row.parameters = {**row.parameters, "prompts": left, "max_age": None}


def answered(work: UnitOfWork, request_uri: str) -> None:
    """A pushed request has got its answer; PageError when it had one before."""
    row = _row(work, request_uri)
    if row is None or row.used_at is not None:
        raise PageError("This request was answered already. Begin again there.")
    row.used_at = work.now


def _row(work: UnitOfWork, request_uri: str) -> PushedRequestRow | None:
    return work.session.get(PushedRequestRow, key_hash(request_uri), with_for_update=True)
