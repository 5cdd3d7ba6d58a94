"""A token request taken apart, and what the token endpoint answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cloud.core.authorization.client_authentication import ProvenClient
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.refusals import invalid_scope
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import IssuedToken
from cloud.core.kernel.principal import Binding
from cloud.core.kernel.scopes import named_within
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request at a token endpoint. `key` is the thumbprint of its DPoP proof's key.

    `address` is where it came from.
    """

    profile: Profile
    client: ProvenClient
    form: Mapping[str, str]
    key: str = ""
    address: str = ""

    @property
    def application(self) -> ApplicationRow:
        """Whose request it is."""
        return self.client.application

    @property
    def governance(self) -> Governance:
        """What the application's administrator decided."""
        return Governance.of(self.application.governance)

    @property
    def binding(self) -> Binding:
        """What the tokens are bound to."""
        return Binding(certificate=self.client.certificate, key=self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """What was issued. `user_id` is the person it stands for and `use` its `token_use`, for the
    audit.
    """

    access: IssuedToken
    refresh_token: str = ""
    id_token: str = ""
    issued_token_type: str = ""
    user_id: str = ""
    use: str = "access"


class Grant(Protocol):
    """One way to a token."""

    name: str

    def answer(self, work: UnitOfWork, asked: Asked) -> TokenAnswer:
        """Issue, or GrantError; what it changed before it refused is kept."""
        ...


def requested_scopes(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes a request names, all of `allowed` when it names none; GrantError
    `invalid_scope` for one that is misspelled or not allowed.
    """
    requested = named_within(text, allowed)
    if requested is None:
        raise invalid_scope("Request only scopes the application is approved for.")
    if not requested:
        raise invalid_scope("The application is approved for no scope yet.")
    return requested
