"""A person's own page: which applications they allowed what, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloud.core.authorization import consents
from cloud.core.authorization.authorization_requests import ForeignFormError, PageError
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.page_states import ACCOUNT, SIGN_IN, PageState, PageStates
from cloud.core.authorization.scope_sentences import ScopeShown, shown
from cloud.core.authorization.sessions import SignedIn, session_of, sign_out
from cloud.core.authorization.sign_ins import Arrival, SignIns
from cloud.core.identity.service import tenant, tenant_called
from cloud.core.kernel.work import Clock, Database, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectedShown:
    """One application and what it may do."""

    consent_id: str
    name: str
    since: datetime
    scopes: tuple[ScopeShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShown:
    """The page of somebody signed in."""

    state: str
    person_name: str
    email: str
    tenant_name: str
    applications: tuple[ConnectedShown, ...]


class Account:
    """What somebody signed in sees and does there."""

    def __init__(
        self, database: Database, clock: Clock, states: PageStates, sign_ins: SignIns
    ) -> None:
        self._database = database
        self._clock = clock
        self._states = states
        self._sign_ins = sign_ins

    def show(self, browser: Browser) -> AccountShown | None:
        """Their page; None when nobody is signed in."""
        with self._database.reading(now=self._clock()) as work:
            who = session_of(work, browser.session, browser.caller)
            if who is None:
                return None
            state = PageState(session_id=who.session.session_id)
            return AccountShown(
                state=self._states.seal(ACCOUNT, state, browser, now=work.now),
                person_name=who.user.full_name,
                email=who.user.email,
                tenant_name=tenant(work, who.user.tenant_id).name,
                applications=_connected(work, who),
            )

    def sign_in_state(self, browser: Browser) -> str:
        """The state of the sign-in form that leads here."""
        return self._states.seal(SIGN_IN, PageState(), browser, now=self._clock())

    def sign_in(
        self, sealed: str, *, organisation: str, email: str, password: str, browser: Browser
    ) -> Arrival | None:
        """Open a session; None when anything of it is wrong, after the same time for all of it.
        PageError, ForeignFormError, ThrottledError.
        """
        kept = self._states.open(SIGN_IN, sealed, browser, now=self._clock())
        if kept.request is not None:
            raise ForeignFormError("This form belongs to another address. Begin again.")
        with self._database.reading(now=self._clock()) as work:
            # No tenant is called by what cannot be printed, and PostgreSQL compares no NUL.
            found = tenant_called(work, organisation) if organisation.isprintable() else None
        tenant_id = "" if found is None else found.tenant_id
        return self._sign_ins.attempt(
            tenant_id=tenant_id, email=email, password=password, browser=browser
        )

    def take_back(self, sealed: str, consent_id: str, browser: Browser) -> None:
        """End what one application was allowed; PageError, ForeignFormError."""
        with self._database.begin(now=self._clock()) as work:
            who = self._theirs(work, sealed, browser)
            if not consents.take_back(work, who, consent_id):
                raise PageError("Nothing of that name is allowed any more.")

    def sign_out(self, sealed: str, browser: Browser) -> None:
        """End the session; PageError, ForeignFormError."""
        with self._database.begin(now=self._clock()) as work:
            who = self._theirs(work, sealed, browser)
            sign_out(work, who.session, browser.caller)

    def _theirs(self, work: UnitOfWork, sealed: str, browser: Browser) -> SignedIn:
        kept = self._states.open(ACCOUNT, sealed, browser, now=work.now)
        who = session_of(work, browser.session, browser.caller)
        if who is None or who.session.session_id != kept.session_id:
            raise ForeignFormError("You are no longer signed in as you were. Begin again.")
        return who


def _connected(work: UnitOfWork, who: SignedIn) -> tuple[ConnectedShown, ...]:
    return tuple(
        ConnectedShown(
            consent_id=one.consent_id,
            name=one.name,
            since=one.since,
            scopes=shown(work, who.user.tenant_id, one.scopes),
        )
        for one in consents.connected_applications(work, who.user)
    )
