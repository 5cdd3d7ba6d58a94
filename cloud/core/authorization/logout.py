"""OpenID Connect RP-Initiated Logout 1.0: an application asks that the person be signed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloud.core.authorization.authorization_requests import (
    ForeignFormError,
    PageError,
    each_once,
)
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.client_authentication import find_client
from cloud.core.authorization.grant_tables import SessionRow
from cloud.core.authorization.id_tokens import read_id_token_hint
from cloud.core.authorization.page_states import SIGN_OUT, PageState, PageStates
from cloud.core.authorization.redirects import with_answer
from cloud.core.authorization.sessions import session_of, sign_out
from cloud.core.authorization.subjects import session_of_name
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.tokens import TokenService
from cloud.core.kernel.vault import Vault, VaultError
from cloud.core.kernel.work import Clock, Database, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOutAsked:
    """Ask the person whether they want to be signed out."""

    state: str
    client_name: str
    email: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut:
    """Nobody is signed in any more; `address` is where the application wants them, empty: here."""

    address: str = ""
    has_ended: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked: by whom, of which session, and where it ends."""

    application: ApplicationRow | None
    session_id: str
    address: str


class Logout:
    """The end-session endpoint."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: TokenService,
        states: PageStates,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._ring = tokens.ring
        self._issuer = tokens.policy.issuer
        self._states = states

    def begin(
        self, parameters: Sequence[tuple[str, str]], browser: Browser
    ) -> SignOutAsked | SignedOut:
        """Sign out at once whom a good hint names, ask otherwise; PageError for an address that
        is not registered.
        """
        with self._database.begin(now=self._clock()) as work:
            asked = self._read(work, each_once(parameters))
            if asked.session_id:
                # The hint names the session, so it ends even where the browser sent no cookie.
                session = work.session.get(SessionRow, asked.session_id)
                if session is not None:
                    sign_out(work, session, browser.caller)
                    work.session.flush()
            who = session_of(work, browser.session, browser.caller)
            if who is None:
                return SignedOut(address=asked.address, has_ended=bool(browser.session))
            state = PageState(session_id=who.session.session_id, facts={"address": asked.address})
            return SignOutAsked(
                state=self._states.seal(SIGN_OUT, state, browser, now=work.now),
                client_name="" if asked.application is None else asked.application.name,
                email=who.user.email,
                address=asked.address,
            )

    def confirm(self, sealed: str, browser: Browser) -> SignedOut:
        """Sign out whom the page was shown to; PageError, ForeignFormError."""
        kept = self._states.open(SIGN_OUT, sealed, browser, now=self._clock())
        with self._database.begin(now=self._clock()) as work:
            who = session_of(work, browser.session, browser.caller)
            if who is not None:
                if who.session.session_id != kept.session_id:
                    raise ForeignFormError("Somebody else signed in meanwhile. Begin again.")
                sign_out(work, who.session, browser.caller)
        return SignedOut(address=kept.facts["address"], has_ended=True)

    def _read(self, work: UnitOfWork, values: dict[str, str]) -> _Asked:
        client_id, session_id = values.get("client_id", ""), ""
        hint = values.get("id_token_hint")
        if hint is not None:
            claims = read_id_token_hint(self._ring, hint, issuer=self._issuer)
            if claims is None or client_id not in ("", claims["aud"]):
                raise PageError("The application sent no good ID token along.")
            client_id = claims["aud"]
            session_id = self._session(client_id, claims.get("sid"))
        application = find_client(work, client_id)
        address = values.get("post_logout_redirect_uri", "")
        if address:
            if application is None or address not in application.post_logout_redirect_uris:
                raise PageError(
                    "The address the application wants you sent to is not one it is registered "
                    "with."
                )
            # Nobody vouches for the name and the addresses of one that is not approved.
            if not application.is_approved:
                return _Asked(None, session_id, "")
            address = with_answer(address, [("state", values.get("state", ""))])
        return _Asked(application, session_id, address)

    def _session(self, client_id: str, name: object) -> str:
        """The session an ID token of a client names; empty where it names none."""
        if not isinstance(name, str):
            return ""
        try:
            return session_of_name(self._vault, client_id, name)
        except VaultError:
            return ""
