"""The token endpoint of every profile: who asks, by which grant, and what the audit says of it.

One unit of work for each request. A refusal keeps what it changed (a burnt code, a family that
ended, a proof that was used) and is audited like a token; when the audit cannot be written,
neither is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cloud.core.authorization.asking import Asked, Grant, TokenAnswer
from cloud.core.authorization.client_authentication import (
    ClientAuthentication,
    Presented,
    find_client,
    secret_compared,
)
from cloud.core.authorization.dpop import ProofError, read_proof
from cloud.core.authorization.keys_ahead import KeysAhead
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.proofs import use_once
from cloud.core.authorization.refusals import GrantError, invalid_request, unauthorized_client
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import Clock, Database, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from, for limits and the audit."""

    address: str = ""
    request_id: str = ""
    trace_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofShown:
    """A DPoP proof as it came, and the call it must be for."""

    proof: str
    method: str
    url: str


class TokenEndpoint:
    """Answers token requests."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        clients: ClientAuthentication,
        keys_ahead: KeysAhead,
        grants: Sequence[Grant],
        *,
        issuer: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._clients = clients
        self._keys_ahead = keys_ahead
        self._grants = {grant.name: grant for grant in grants}
        self._issuer = issuer

    @property
    def grants(self) -> tuple[str, ...]:
        """Every grant there is, of whichever profile."""
        return tuple(self._grants)

    def answer(
        self,
        profile: Profile,
        presented: Presented,
        form: Mapping[str, str],
        *,
        caller: Caller,
        proof: ProofShown | None = None,
    ) -> TokenAnswer:
        """The token; GrantError when it is refused."""
        self._keys_ahead(presented, form)
        presented = secret_compared(self._database, presented, self._clock())
        with self._database.begin(now=self._clock()) as work:
            application: ApplicationRow | None = None
            try:
                proven = self._clients.prove(work, profile, presented)
                application = proven.application
                key = "" if proof is None else proven_key(work, proof)
                asked = Asked(
                    profile=profile, client=proven, form=form, key=key, address=caller.address
                )
                grant = self._chosen(asked)
                self._check_resource(form.get("resource", ""))
                asked.governance.check_call(
                    address=caller.address, certificate=proven.certificate, key=key
                )
                answer = grant.answer(work, asked)
            except GrantError as exc:
                who = application or find_client(work, presented.client_id)
                record(work, who, caller, "token.refused", outcome="denied", note=exc.error)
                refusal = exc
            else:
                record(
                    work,
                    application,
                    caller,
                    "token.issued",
                    token_id=answer.access.token_id,
                    token_use=answer.use,
                    user_id=answer.user_id,
                    note=form.get("grant_type", "").rpartition(":")[2],
                )
                return answer
        raise refusal

    def _chosen(self, asked: Asked) -> Grant:
        name, application = asked.form.get("grant_type", ""), asked.application
        if not name:
            raise invalid_request("Send grant_type.")
        grant = self._grants.get(name)
        if grant is None or name not in asked.profile.grants:
            raise GrantError(
                "unsupported_grant_type", f"Use {' or '.join(asked.profile.grants)} here."
            )
        if (
            not application.is_approved
            or name not in application.grant_types
            or asked.profile.name not in application.profiles
        ):
            raise unauthorized_client("The application is not approved for this grant.")
        return grant

    def _check_resource(self, resource: str) -> None:
        """RFC 8707 2: whoever wants a token for somebody else's API is told that it is not."""
        below = resource == self._issuer or resource.startswith(f"{self._issuer}/")
        if resource and (not below or "#" in resource):
            raise GrantError("invalid_target", f"Tokens are for {self._issuer} alone.")


def proven_key(work: UnitOfWork, shown: ProofShown) -> str:
    """The thumbprint of the key a fresh proof is signed with; GrantError `invalid_dpop_proof`."""
    try:
        proof = read_proof(shown.proof, method=shown.method, url=shown.url, now=work.now)
    except ProofError as exc:
        raise GrantError("invalid_dpop_proof", f"{exc}.".capitalize()) from exc
    if not use_once(work, "dpop", proof.thumbprint, proof.proof_id, expires_at=proof.fresh_until):
        raise GrantError("invalid_dpop_proof", "Make a new proof for each call.")
    return proof.thumbprint


def record_unread(
    database: Database, clock: Clock, caller: Caller, action: str, refusal: GrantError
) -> None:
    """Audit a refusal that came before anybody's claim to be a client was looked at."""
    with database.begin(now=clock()) as work:
        record(work, None, caller, action, outcome="denied", note=refusal.error)


def record(
    work: UnitOfWork,
    application: ApplicationRow | None,
    caller: Caller,
    action: str,
    *,
    token_id: str = "",
    token_use: str = "",
    user_id: str = "",
    outcome: str = "success",
    note: str = "",
) -> None:
    """Audit what happened to a client, known or not."""
    principal = audit.NOBODY
    if application is not None:
        principal = Principal(
            tenant_id=application.tenant_id, client_id=application.client_id, scopes=()
        )
    principal = replace(
        principal,
        token_id=token_id,
        token_use=token_use,
        user_id=user_id,
        request_id=caller.request_id,
        trace_id=caller.trace_id,
        address=caller.address,
    )
    audit.record(
        work, principal, action, "application", principal.client_id, outcome=outcome, note=note
    )
