"""OAuth grants: one class each, listed in `GRANTS`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from cloud.core.authorization.applications import STATUS_APPROVED, authenticate
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import IssuedToken, TokenService
from cloud.core.kernel.scopes import covered, is_well_formed
from cloud.core.kernel.work import UnitOfWork


class GrantError(Exception):
    """An RFC 6749 error: `error` is the code, `description` a sentence for the developer."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(f"{error}: {description}")


class Grant(Protocol):
    """One way to a token."""

    name: str

    def scopes(self, application: ApplicationRow, form: Mapping[str, str]) -> tuple[str, ...]:
        """The scopes the token shall have; GrantError when the request asks for too much."""
        ...


class ClientCredentials:
    """RFC 6749 4.4: the client acts for itself."""

    name = "client_credentials"

    def scopes(self, application: ApplicationRow, form: Mapping[str, str]) -> tuple[str, ...]:
        """All requested scopes must be covered; none requested means the whole grant."""
        requested = tuple(dict.fromkeys(form.get("scope", "").split()))
        if not requested:
            return tuple(application.approved_scopes)
        for scope in requested:
            if not is_well_formed(scope) or not covered(application.approved_scopes, scope):
                raise GrantError(
                    "invalid_scope", "Request only scopes the application is approved for."
                )
        return requested


GRANTS: Final[tuple[Grant, ...]] = (ClientCredentials(),)


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """The certificate of the connection: whether it is the client's, and its thumbprint."""

    is_of_client: bool
    thumbprint: str


def issue(
    work: UnitOfWork,
    tokens: TokenService,
    *,
    client_id: str,
    client_secret: str,
    form: Mapping[str, str],
    shown: ShownCertificate | None = None,
) -> IssuedToken:
    """A token for an authenticated client; GrantError otherwise.

    With a certificate instead of a secret the token is good with that certificate only.
    """
    if shown is None:
        application = authenticate(work, client_id, client_secret)
    else:
        application = work.session.get(ApplicationRow, client_id)
        if application is not None and not shown.is_of_client:
            # A certificate that was revoked with its client tells the client so.
            application = application if application.status != STATUS_APPROVED else None
    if application is None:
        raise GrantError("invalid_client", "Check the client id and its secret.")
    grant_type = form.get("grant_type", "")
    if not grant_type:
        raise GrantError("invalid_request", "Send grant_type.")
    grant = next((grant for grant in GRANTS if grant.name == grant_type), None)
    if grant is None:
        raise GrantError("unsupported_grant_type", "Use grant_type=client_credentials.")
    if application.status != STATUS_APPROVED or grant_type not in application.grant_types:
        raise GrantError("unauthorized_client", "The application is not approved for this grant.")
    return tokens.issue(
        application,
        grant.scopes(application, form),
        bound_to="" if shown is None else shown.thumbprint,
    )
