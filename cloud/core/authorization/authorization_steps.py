"""What comes next for a person whom an application sent: sign in, decide, or go back at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from cloud.core.authorization import consents
from cloud.core.authorization.authorization_requests import (
    ANEW,
    AuthorizationRequest,
    ReturnedError,
)
from cloud.core.authorization.grant_tables import SessionRow
from cloud.core.authorization.redirects import is_claimed
from cloud.core.authorization.scope_sentences import ScopeShown
from cloud.core.authorization.sessions import SignedIn
from cloud.core.authorization.tables import KIND_BOARD, ApplicationRow
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.work import UnitOfWork

DENIED: Final = "The resource owner or authorization server denied the request."
"""The contract's own sentence (Patient portal, obtaining authorization)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAsked:
    """Show the sign-in page. `problem` is empty, `wrong` or `throttled` (for `retry_after` s).

    `tenant_id` is whose people it is for, and `again` the address that asks for them once more;
    both are empty where people say so themselves.
    """

    state: str
    client_name: str
    tenant_name: str
    hint: str = ""
    problem: str = ""
    retry_after: int = 0
    tenant_id: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentAsked:
    """Show who asks what of whom. `is_partial`: more was asked than the person can allow."""

    state: str
    client_name: str
    tenant_name: str
    redirect_uri: str
    person_name: str
    email: str
    scopes: tuple[ScopeShown, ...]
    is_partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack:
    """Send the browser to the application with a code or an error."""

    address: str
    client_name: str


Step = SignInAsked | ConsentAsked | SentBack


class Next(Enum):
    """What a request needs before it can be answered."""

    SIGN_IN = auto()
    CONSENT = auto()
    NOTHING = auto()


def returned(request: AuthorizationRequest, error: str, description: str) -> ReturnedError:
    """An error on its way to the application of a request."""
    return ReturnedError(error, description, redirect_uri=request.redirect_uri, state=request.state)


def needed(
    work: UnitOfWork,
    request: AuthorizationRequest,
    application: ApplicationRow,
    who: SignedIn | None,
    *,
    is_fresh: bool,
    is_other: bool = False,
) -> Next:
    """What is needed now; ReturnedError where it may not be asked for, or can never be given.

    `is_fresh`: the person signed in for this very request. `is_other`: they are not the one whom
    the application expects.
    """
    is_silent = "none" in request.prompts
    is_old = who is not None and not is_fresh and _asks_sign_in(request, who.session, work.now)
    if who is None or is_other or is_old:
        if is_silent or (is_other and is_fresh):
            raise returned(request, "login_required", "Nobody is signed in for this.")
        return Next.SIGN_IN
    scopes = consents.allowable(work, who.user, request)
    if not scopes:
        consents.deny(work, request, who, note="no role for it")
        raise returned(request, "access_denied", DENIED)
    if _asks_consent(work, request, application, who, scopes):
        if is_silent:
            raise returned(request, "consent_required", "The person has to allow this first.")
        return Next.CONSENT
    return Next.NOTHING


def _asks_sign_in(request: AuthorizationRequest, session: SessionRow, now: datetime) -> bool:
    """OIDC Core 3.1.2.1: `login`, `select_account`, and a sign-in older than `max_age`."""
    if ANEW & set(request.prompts):
        return True
    if request.max_age is None:
        return False
    age = now - session.authenticated_at
    return request.max_age == 0 or age > timedelta(seconds=request.max_age)


def _asks_consent(
    work: UnitOfWork,
    request: AuthorizationRequest,
    application: ApplicationRow,
    who: SignedIn,
    scopes: tuple[str, ...],
) -> bool:
    # Our own page gives what it gets to nobody, and comes back to this service alone.
    if application.kind == KIND_BOARD:
        return False
    before = consents.consented(work, who.user, request.client_id)
    if "consent" in request.prompts or not all(covered(before, scope) for scope in scopes):
        return True
    # RFC 8252 8.6: another app may pose as one without a credential, so a person has to look.
    return application.is_public and not is_claimed(request.redirect_uri)
