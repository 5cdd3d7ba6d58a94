"""The board's own sign-in: authorization code with PKCE, and a session that stays on this side.

A browser gets an opaque cookie and no token. What the cookie stands for is looked up on each call:
a client that was stopped, a person who was suspended, or a grant that was taken back ends it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked
from cloud.core.authorization.authorization_code import challenge_of
from cloud.core.authorization.board_client import BOARD_SCOPES, RETURN_PATH, board_client
from cloud.core.authorization.board_tables import BoardSessionRow
from cloud.core.authorization.client_authentication import Presented, ProvenClient
from cloud.core.authorization.grant_tables import GrantRow, SessionRow
from cloud.core.authorization.persons_tokens import PersonsTokens, end_grant
from cloud.core.authorization.redirects import with_answer
from cloud.core.authorization.refusals import GrantError
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.sessions import sign_out
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.token_endpoint import Caller, TokenEndpoint
from cloud.core.authorization.tokens import IssuedToken, TokenService
from cloud.core.identity.service import tenant_called, tenants
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import UnauthenticatedError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault, VaultError
from cloud.core.kernel.work import Clock, Database, UnitOfWork

LIFE: Final = timedelta(hours=12)
"""A shift: so long a person's board stays open at most."""
AWAY: Final = timedelta(minutes=15)
"""So long a browser may be away at the sign-in."""
_EARLY: Final = timedelta(minutes=5)
_DEPARTURE: Final = "board-departure"
_TOKEN: Final = "board-token"  # noqa: S105 - what a box is for
_CSRF: Final = "board-csrf"
_DENIED: Final = (
    "This account may not open the board. Ask your administrator for a role that reads encounters."
)
_BROKEN: Final = "The sign-in did not come back whole. Begin again."


class BoardSignInError(Exception):
    """Nobody was signed in; the words are for the person."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes to sign in, and what it has to bring back, sealed."""

    address: str
    kept: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A session's cookie, seen only here, and where the person wanted to go."""

    cookie: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardVisit:
    """Who holds a session: the caller, what to call them, and what proves a form is ours."""

    session_id: str
    principal: Principal
    name: str
    csrf: str


class BoardSessions:
    """Opens, renews and ends them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        persons: PersonsTokens,
        token_endpoint: TokenEndpoint,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._persons = persons
        self._tokens: TokenService = persons.tokens
        self._token_endpoint = token_endpoint
        self._csrf_key = vault.derive(_CSRF)

    @property
    def issuer(self) -> str:
        """Whose sign-in it is: this service's."""
        return self._tokens.policy.issuer

    def depart(self, organisation: str, target: str) -> Departure | None:
        """The way to the sign-in of an organisation (name or id, empty for the only one); None
        when it has to be named.
        """
        with self._database.begin(now=self._clock()) as work:
            tenant_id = _tenant_id(work, organisation)
            if not tenant_id:
                return None
            client = board_client(work, tenant_id, self.issuer)
            client_id, redirect_uri = client.client_id, client.redirect_uris[0]
        state, verifier = new_opaque("vwb"), new_opaque("vwb")
        asked = {
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": " ".join(BOARD_SCOPES),
            "state": state,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        kept = {
            "state": state,
            "verifier": verifier,
            "client_id": client_id,
            "target": target,
            "until": (self._clock() + AWAY).timestamp(),
        }
        address = with_answer(f"{self.issuer}{profiles.PLATFORM.authorize_path}", asked.items())
        return Departure(
            address, self._vault.seal(json.dumps(kept).encode(), purpose=_DEPARTURE).hex()
        )

    def arrive(self, kept: str, answer: Mapping[str, str], caller: Caller) -> Arrival:
        """Redeem what the browser brought back; BoardSignInError."""
        left = self._departed(kept)
        if not hmac.compare_digest(answer.get("state", "").encode(), left["state"].encode()):
            raise BoardSignInError(_BROKEN)
        if answer.get("iss", self.issuer) != self.issuer:
            raise BoardSignInError(_BROKEN)
        if "error" in answer:
            raise BoardSignInError(_DENIED if answer["error"] == "access_denied" else _BROKEN)
        form = {
            "grant_type": profiles.AUTHORIZATION_CODE,
            "code": answer.get("code", ""),
            "redirect_uri": f"{self.issuer}{RETURN_PATH}",
            "code_verifier": left["verifier"],
        }
        client = Presented(client_id=left["client_id"])
        try:
            given = self._token_endpoint.answer(profiles.PLATFORM, client, form, caller=caller)
        except GrantError as exc:
            raise BoardSignInError(_BROKEN) from exc
        return Arrival(self._keep(given.access, self._clock() + LIFE), left["target"])

    def enter(self, token: str) -> str:
        """A session for who holds an access token, as long as it is good; UnauthenticatedError."""
        claims = self._tokens.claims(token, audiences=(profiles.PLATFORM.audience,))
        if "cnf" in claims:
            # Bound to a key or a certificate: nobody but its holder may use it.
            raise UnauthenticatedError(token_sent=True)
        ends = datetime.fromtimestamp(claims["exp"], UTC)
        issued = IssuedToken(token, 0, "", "Bearer", claims["jti"], claims["iat"])
        return self._keep(issued, ends, renew=False)

    def visit(self, cookie: str) -> BoardVisit | None:
        """Whose cookie it is; None for one that ended or never was."""
        with self._database.reading(now=self._clock()) as work:
            row = _row(work, cookie)
            if row is None:
                return None
            sealed, session_id = row.sealed_token, row.board_session_id
            is_due = row.grant_id is not None and row.renew_at <= work.now
        try:
            token = self._renewed(cookie) if is_due else self._opened(sealed, session_id)
            principal = self._tokens.verify(token)
        except (UnauthenticatedError, GrantError, VaultError):
            self._drop(session_id)
            return None
        with self._database.reading(now=self._clock()) as work:
            user = work.session.get(UserRow, principal.user_id) if principal.user_id else None
            client = work.session.get(ApplicationRow, principal.client_id)
            name = user.full_name if user is not None else "" if client is None else client.name
        return BoardVisit(
            session_id=session_id, principal=principal, name=name, csrf=self._csrf(session_id)
        )

    def is_own(self, visit: BoardVisit, shown: str) -> bool:
        """Whether a form shows the proof that this session's page was given."""
        return hmac.compare_digest(shown.encode(), visit.csrf.encode())

    def end(self, visit: BoardVisit, caller: Caller) -> None:
        """Sign out: the session, what was allowed for it, and the sign-in it came of."""
        with self._database.begin(now=self._clock()) as work:
            row = work.session.get(BoardSessionRow, visit.session_id)
            if row is None or row.ended_at is not None:
                return
            row.ended_at = work.now
            grant = work.session.get(GrantRow, row.grant_id) if row.grant_id else None
            if grant is not None:
                end_grant(work, grant, reason="signed_out")
                session = grant.session_id and work.session.get(SessionRow, grant.session_id)
                if session:
                    sign_out(work, session, caller)
            who = replace(
                visit.principal,
                address=caller.address,
                request_id=caller.request_id,
                trace_id=caller.trace_id,
            )
            audit.record(work, who, "board.ended", "board_session", visit.session_id)

    def _departed(self, kept: str) -> dict[str, str]:
        try:
            left = json.loads(self._vault.open(bytes.fromhex(kept), purpose=_DEPARTURE))
        except (ValueError, VaultError) as exc:
            raise BoardSignInError(
                "This browser did not begin the sign-in. Allow cookies here and begin again."
            ) from exc
        if left.pop("until") <= self._clock().timestamp():
            raise BoardSignInError("The sign-in took too long. Begin again.")
        return dict(left)

    def _keep(self, issued: IssuedToken, ends: datetime, *, renew: bool = True) -> str:
        """A new session around a token; the value of its cookie."""
        principal = self._tokens.verify(issued.access_token)
        cookie, session_id = new_opaque("vwb"), new_id("bds")
        with self._database.begin(now=self._clock()) as work:
            work.session.add(
                BoardSessionRow(
                    board_session_id=session_id,
                    tenant_id=principal.tenant_id,
                    cookie_hash=key_hash(cookie),
                    client_id=principal.client_id,
                    grant_id=(principal.grant_id or None) if renew else None,
                    sealed_token=self._sealed(issued.access_token, session_id),
                    renew_at=_renewal(issued, work.now),
                    created_at=work.now,
                    expires_at=ends,
                )
            )
            audit.record(work, principal, "board.opened", "board_session", session_id)
        return cookie

    def _renewed(self, cookie: str) -> str:
        """The next token of a person's grant; GrantError when it stands no longer."""
        with self._database.begin(now=self._clock()) as work:
            row = _row(work, cookie, to_change=True)
            grant = None if row is None else work.session.get(GrantRow, row.grant_id)
            if row is None or grant is None or grant.revoked_at is not None:
                raise GrantError("invalid_grant", "What was allowed for the board has ended.")
            application = work.session.get_one(ApplicationRow, row.client_id)
            client = ProvenClient(application=application, method=profiles.NONE)
            asked = Asked(profile=profiles.PLATFORM, client=client, form={})
            given = self._persons.issue(
                work, asked, grant, tuple(grant.scopes), with_refresh=False
            ).access
            row.sealed_token = self._sealed(given.access_token, row.board_session_id)
            row.renew_at = _renewal(given, work.now)
        return given.access_token

    def _drop(self, session_id: str) -> None:
        with self._database.begin(now=self._clock()) as work:
            row = work.session.get(BoardSessionRow, session_id)
            if row is not None and row.ended_at is None:
                row.ended_at = work.now

    def _sealed(self, token: str, session_id: str) -> bytes:
        return self._vault.seal(token.encode(), purpose=f"{_TOKEN}:{session_id}")

    def _opened(self, sealed: bytes, session_id: str) -> str:
        return self._vault.open(sealed, purpose=f"{_TOKEN}:{session_id}").decode()

    def _csrf(self, session_id: str) -> str:
        return hmac.new(self._csrf_key, session_id.encode(), "sha256").hexdigest()


def _tenant_id(work: UnitOfWork, organisation: str) -> str:
    if organisation:
        # No tenant is called by what cannot be printed, and PostgreSQL compares no NUL.
        found = tenant_called(work, organisation) if organisation.isprintable() else None
        return "" if found is None else found.tenant_id
    known = tenants(work)
    return known[0].tenant_id if len(known) == 1 else ""


def _row(work: UnitOfWork, cookie: str, *, to_change: bool = False) -> BoardSessionRow | None:
    statement = select(BoardSessionRow).where(
        BoardSessionRow.cookie_hash == key_hash(cookie),
        BoardSessionRow.ended_at.is_(None),
        BoardSessionRow.expires_at > work.now,
    )
    if to_change:
        statement = statement.with_for_update()
    return work.session.scalars(statement).one_or_none() if cookie else None


def _renewal(issued: IssuedToken, now: datetime) -> datetime:
    """When the next token is to be had: a little before this one ends."""
    life = timedelta(seconds=issued.expires_in)
    return now + max(life - _EARLY, life / 2)
