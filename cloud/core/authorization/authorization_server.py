"""The authorization server put together: every part once, for whichever surface asks."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.core.authorization.account import Account
from cloud.core.authorization.authorization_code import AuthorizationCode
from cloud.core.authorization.authorization_endpoint import AuthorizationEndpoint
from cloud.core.authorization.board_sessions import BoardSessions
from cloud.core.authorization.client_authentication import (
    ClientAuthentication,
    FleetCertificate,
)
from cloud.core.authorization.client_credentials import ClientCredentials
from cloud.core.authorization.client_keys import ClientKeys, Fetch
from cloud.core.authorization.keys import KeyRing
from cloud.core.authorization.keys_ahead import KeysAhead
from cloud.core.authorization.logout import Logout
from cloud.core.authorization.page_states import PageStates
from cloud.core.authorization.persons_tokens import PersonsTokens
from cloud.core.authorization.pushed_requests import PushedRequests
from cloud.core.authorization.refresh import Refresh
from cloud.core.authorization.revocations import Revocations
from cloud.core.authorization.sign_ins import SignIns
from cloud.core.authorization.token_endpoint import TokenEndpoint
from cloud.core.authorization.token_exchange import TokenExchange
from cloud.core.authorization.tokens import TokenPolicy, TokenService
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """Issuer, keys, clients and grants of one installation."""

    database: Database
    vault: Vault
    clock: Clock
    tokens: TokenService
    clients: ClientAuthentication
    keys_ahead: KeysAhead
    token_endpoint: TokenEndpoint
    sign_ins: SignIns
    authorization_endpoint: AuthorizationEndpoint
    pushed_requests: PushedRequests
    logout: Logout
    account: Account
    board: BoardSessions

    @property
    def issuer(self) -> str:
        """The `iss` of everything it signs."""
        return self.tokens.policy.issuer


def put_together(
    database: Database,
    vault: Vault,
    clock: Clock,
    policy: TokenPolicy,
    *,
    fetch: Fetch,
    fleet_certificate: FleetCertificate,
) -> AuthorizationServer:
    """The server over opened parts; `fetch` gets clients' and issuers' key sets."""
    ring = KeyRing(database, vault, clock)
    tokens = TokenService(ring, vault, policy, clock, Revocations(database, clock))
    keys = ClientKeys(fetch, clock)
    clients = ClientAuthentication(keys, fleet_certificate)
    persons = PersonsTokens(tokens, vault)
    grants = (
        ClientCredentials(tokens),
        AuthorizationCode(persons),
        Refresh(persons),
        TokenExchange(tokens, keys),
    )
    keys_ahead = KeysAhead(database, clock, ring, keys)
    states = PageStates(vault)
    token_endpoint = TokenEndpoint(
        database, clock, clients, keys_ahead, grants, issuer=policy.issuer
    )
    sign_ins = SignIns(database, vault, clock)
    return AuthorizationServer(
        database,
        vault,
        clock,
        tokens,
        clients,
        keys_ahead,
        token_endpoint,
        sign_ins,
        AuthorizationEndpoint(database, clock, vault, tokens, states, sign_ins),
        PushedRequests(database, clock, clients, keys_ahead),
        Logout(database, clock, vault, tokens, states),
        Account(database, clock, states, sign_ins),
        BoardSessions(database, clock, vault, persons, token_endpoint),
    )
