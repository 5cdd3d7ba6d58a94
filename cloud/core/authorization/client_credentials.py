"""RFC 6749 4.4: a client acts for itself."""

from __future__ import annotations

from typing import Final

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked, TokenAnswer, requested_scopes
from cloud.core.authorization.refusals import unauthorized_client
from cloud.core.authorization.tokens import TokenRequest, TokenService
from cloud.core.kernel.scope_catalogue import BY_NAME, PORTAL
from cloud.core.kernel.work import UnitOfWork

# What a person alone can allow is nothing a client has of its own.
_PERSONS: Final = frozenset(
    name for name, scope in BY_NAME.items() if scope.surface == PORTAL and scope.is_requestable
)


class ClientCredentials:
    """All requested scopes must be covered; none requested means the whole grant."""

    name = profiles.CLIENT_CREDENTIALS

    def __init__(self, tokens: TokenService) -> None:
        self._tokens = tokens

    def answer(self, work: UnitOfWork, asked: Asked) -> TokenAnswer:
        """A token of the client itself."""
        if asked.application.is_public:
            raise unauthorized_client("A client without a credential cannot act for itself.")
        allowed = tuple(
            scope for scope in asked.application.approved_scopes if scope not in _PERSONS
        )
        wanted = TokenRequest(
            application=asked.application,
            scopes=requested_scopes(asked.form.get("scope", ""), allowed),
            audience=asked.profile.audience,
            seconds=asked.governance.seconds(asked.profile.access_seconds),
            binding=asked.binding,
        )
        return TokenAnswer(access=self._tokens.issue(wanted, now=work.now))
