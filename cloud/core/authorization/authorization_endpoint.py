"""The authorization endpoint of every profile: what an application asks, taken to a person and
back. Each call is one unit of work; what is refused is audited like what is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cloud.core.authorization import consents
from cloud.core.authorization.authorization_requests import (
    AuthorizationRequest,
    ForeignFormError,
    PageError,
    ReturnedError,
    read_request,
)
from cloud.core.authorization.authorization_steps import (
    DENIED,
    ConsentAsked,
    Next,
    SentBack,
    SignInAsked,
    Step,
    needed,
    returned,
)
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.client_authentication import find_client
from cloud.core.authorization.id_tokens import read_id_token_hint
from cloud.core.authorization.page_states import CONSENT, LIFE, SIGN_IN, PageState, PageStates
from cloud.core.authorization.profiles import BY_NAME, Profile
from cloud.core.authorization.proofs import use_once
from cloud.core.authorization.pushed_requests import answered, pushed
from cloud.core.authorization.redirects import with_answer
from cloud.core.authorization.scope_sentences import shown
from cloud.core.authorization.secrets import new_opaque
from cloud.core.authorization.sessions import SignedIn, session_of, sign_out
from cloud.core.authorization.sign_ins import Arrival, SignIns
from cloud.core.authorization.subjects import subject_for
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.authorization.token_endpoint import record
from cloud.core.authorization.tokens import TokenService
from cloud.core.identity.service import tenant
from cloud.core.kernel.errors import ThrottledError
from cloud.core.kernel.scopes import covered
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, UnitOfWork

ALLOW, DENY, SWITCH = "allow", "deny", "switch"
LOGIN = "login"


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request that holds, whose it is, and the `request_uri` it came by."""

    request: AuthorizationRequest
    application: ApplicationRow
    pushed: str = ""

    def again(self, *, as_another: bool) -> str:
        """The address that asks the same once more; `as_another`: of somebody who signs in anew."""
        path, request = BY_NAME[self.request.profile].authorize_path, self.request
        if self.pushed:
            asked = [("client_id", request.client_id), ("request_uri", self.pushed)]
            asked += [("prompt", LOGIN)] * as_another
        elif as_another:
            asked = replace(request, prompts=(*request.prompts, LOGIN)).parameters()
        else:
            asked = request.parameters()
        return f"{path}?{urlencode(asked)}"


class AuthorizationEndpoint:
    """Takes people from one step to the next."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        tokens: TokenService,
        states: PageStates,
        sign_ins: SignIns,
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._ring = tokens.ring
        self._issuer = tokens.policy.issuer
        self._states = states
        self._sign_ins = sign_ins

    def begin(
        self, profile: Profile, parameters: Sequence[tuple[str, str]], browser: Browser
    ) -> Step:
        """Where an application's request leads first; PageError when nowhere."""
        given = dict(parameters)
        problem: PageError
        with self._database.begin(now=self._clock()) as work:
            try:
                visit = self._read(work, profile, parameters, browser)
            except PageError as exc:
                problem = exc
                application = find_client(work, given.get("client_id", ""))
                _record_refusal(work, application, browser, "page")
            except ReturnedError as exc:
                return self._refused(work, given["client_id"], browser, exc)
            else:
                who = self._who(work, visit, browser)
                return self._proceed(work, visit, browser, who, is_fresh=False)
        raise problem

    def sign_in(
        self, profile: Profile, sealed: str, email: str, password: str, browser: Browser
    ) -> tuple[Step, Arrival | None]:
        """What follows a password, and the session it opened; PageError, ForeignFormError."""
        kept = self._states.open(SIGN_IN, sealed, browser, now=self._clock())
        with self._database.begin(now=self._clock()) as work:
            try:
                visit = self._again(work, profile, kept)
            except ReturnedError as exc:
                return self._refused(work, kept.client_id, browser, exc), None
            asked = self._sign_in_asked(work, visit, browser, hint=email)
        application = visit.application
        try:
            arrival = self._sign_ins.attempt(
                tenant_id=application.tenant_id,
                email=email,
                password=password,
                browser=browser,
                client_id=application.client_id,
            )
        except ThrottledError as exc:
            return replace(asked, problem="throttled", retry_after=exc.retry_after), None
        if arrival is None:
            return replace(asked, problem="wrong"), None
        signed_in = replace(browser, session=arrival.session)
        with self._database.begin(now=self._clock()) as work:
            who = self._who(work, visit, signed_in)
            return self._proceed(work, visit, signed_in, who, is_fresh=True), arrival

    def decide(self, profile: Profile, sealed: str, decision: str, browser: Browser) -> Step:
        """What follows a person's decision, which counts once; PageError, ForeignFormError."""
        kept = self._states.open(CONSENT, sealed, browser, now=self._clock())
        with self._database.begin(now=self._clock()) as work:
            try:
                visit = self._again(work, profile, kept)
            except ReturnedError as exc:
                return self._refused(work, kept.client_id, browser, exc)
            who = self._who(work, visit, browser)
            if who is None:
                return self._sign_in_asked(work, visit, browser)
            if who.session.session_id != kept.session_id:
                raise ForeignFormError("Somebody else signed in meanwhile. Begin again.")
            if decision == SWITCH:
                sign_out(work, who.session, browser.caller)
                return self._sign_in_asked(work, visit, browser, as_another=True)
            if decision not in (ALLOW, DENY):
                raise PageError("Choose to allow or to deny.")
            if not use_once(work, "consent", kept.facts["once"], expires_at=work.now + LIFE):
                raise PageError("This page was answered already. Begin again in the application.")
            if decision == ALLOW:
                return self._allow(work, visit, who, kept)
            consents.deny(work, visit.request, who, note="by the person")
            return self._answer(work, visit, returned(visit.request, "access_denied", DENIED))

    def _read(
        self,
        work: UnitOfWork,
        profile: Profile,
        parameters: Sequence[tuple[str, str]],
        browser: Browser,
    ) -> _Visit:
        if any(name == "request_uri" and value for name, value in parameters):
            request, request_uri = pushed(work, profile, parameters, browser=browser.mark)
            _, application = read_request(work, profile, request.parameters(), is_pushed=True)
            return _Visit(request, application, request_uri)
        request, application = read_request(work, profile, parameters, is_pushed=False)
        return _Visit(request, application)

    def _again(self, work: UnitOfWork, profile: Profile, kept: PageState) -> _Visit:
        """The request of a form, checked as if it came now: much changes while a page is open."""
        if kept.request is None or kept.request["profile"] != profile.name:
            raise ForeignFormError("This form belongs to another address. Begin again.")
        request, application = read_request(
            work,
            profile,
            AuthorizationRequest.of(kept.request).parameters(),
            is_pushed=bool(kept.pushed),
        )
        return _Visit(request, application, kept.pushed)

    def _who(self, work: UnitOfWork, visit: _Visit, browser: Browser) -> SignedIn | None:
        """Who is signed in at the tenant of the application; those of others are nobody here."""
        who = session_of(work, browser.session, browser.caller)
        if who is None or who.user.tenant_id != visit.application.tenant_id:
            return None
        return who

    def _proceed(
        self,
        work: UnitOfWork,
        visit: _Visit,
        browser: Browser,
        who: SignedIn | None,
        *,
        is_fresh: bool,
    ) -> Step:
        request, application = visit.request, visit.application
        try:
            is_other = who is not None and self._is_other(visit, who)
            step = needed(work, request, application, who, is_fresh=is_fresh, is_other=is_other)
        except ReturnedError as exc:
            _record_refusal(work, application, browser, exc.error)
            return self._answer(work, visit, exc)
        if who is None or step is Next.SIGN_IN:
            return self._sign_in_asked(work, visit, browser)
        if step is Next.CONSENT:
            return self._consent_asked(work, visit, browser, who)
        scopes = consents.allowable(work, who.user, request)
        return self._answer(work, visit, consents.allow(work, request, who, scopes, is_asked=False))

    def _is_other(self, visit: _Visit, who: SignedIn) -> bool:
        """Whether an ID token names somebody else than who is signed in (OIDC Core, 3.1.2.1)."""
        request, application = visit.request, visit.application
        if not request.id_token_hint:
            return False
        claims = read_id_token_hint(self._ring, request.id_token_hint, issuer=self._issuer)
        if claims is None or claims["aud"] != application.client_id:
            raise returned(request, "invalid_request", "Send an ID token of the client's own.")
        profile = BY_NAME[request.profile]
        expected = subject_for(self._vault, profile, application, who.user.user_id)
        return bool(claims.get("sub") != expected)

    def _allow(self, work: UnitOfWork, visit: _Visit, who: SignedIn, kept: PageState) -> Step:
        seen = kept.facts["scopes"].split(" ")
        # Roles may have changed while the page was open: nothing is given that was not shown.
        scopes = tuple(
            scope for scope in consents.allowable(work, who.user, visit.request) if scope in seen
        )
        if not scopes:
            consents.deny(work, visit.request, who, note="no role for it")
            return self._answer(work, visit, returned(visit.request, "access_denied", DENIED))
        code = consents.allow(work, visit.request, who, scopes, is_asked=True)
        return self._answer(work, visit, code)

    def _sign_in_asked(
        self,
        work: UnitOfWork,
        visit: _Visit,
        browser: Browser,
        *,
        hint: str = "",
        as_another: bool = False,
    ) -> SignInAsked:
        state = PageState(request=visit.request.stored(), pushed=visit.pushed)
        return SignInAsked(
            state=self._states.seal(SIGN_IN, state, browser, now=work.now),
            client_name=visit.application.name,
            tenant_name=tenant(work, visit.application.tenant_id).name,
            hint=hint or visit.request.login_hint,
            tenant_id=visit.application.tenant_id,
            again=visit.again(as_another=as_another),
        )

    def _consent_asked(
        self, work: UnitOfWork, visit: _Visit, browser: Browser, who: SignedIn
    ) -> ConsentAsked:
        request, user = visit.request, who.user
        scopes = consents.allowable(work, user, request)
        state = PageState(
            session_id=who.session.session_id,
            request=request.stored(),
            pushed=visit.pushed,
            facts={"scopes": " ".join(scopes), "once": new_opaque("vwo")},
        )
        return ConsentAsked(
            state=self._states.seal(CONSENT, state, browser, now=work.now),
            client_name=visit.application.name,
            tenant_name=tenant(work, user.tenant_id).name,
            redirect_uri=request.redirect_uri,
            person_name=user.full_name,
            email=user.email,
            scopes=shown(work, user.tenant_id, scopes),
            is_partial=not all(covered(scopes, scope) for scope in request.scopes),
        )

    def _answer(self, work: UnitOfWork, visit: _Visit, answer: str | ReturnedError) -> SentBack:
        """Back with a code, or an error; a pushed request is good for this one answer."""
        if visit.pushed:
            answered(work, visit.pushed)
        if isinstance(answer, ReturnedError):
            return self._sent_back(answer, visit.application.name)
        told = [("code", answer), ("state", visit.request.state), ("iss", self._issuer)]
        return SentBack(
            address=with_answer(visit.request.redirect_uri, told),
            client_name=visit.application.name,
        )

    def _sent_back(self, error: ReturnedError, client_name: str) -> SentBack:
        """RFC 6749 4.1.2.1, with the issuer of RFC 9207."""
        told = [("error", error.error), ("error_description", error.description)]
        told += [("state", error.state), ("iss", self._issuer)]
        return SentBack(address=with_answer(error.redirect_uri, told), client_name=client_name)

    def _refused(
        self, work: UnitOfWork, client_id: str, browser: Browser, error: ReturnedError
    ) -> SentBack:
        application = find_client(work, client_id)
        _record_refusal(work, application, browser, error.error)
        return self._sent_back(error, "" if application is None else application.name)


def _record_refusal(
    work: UnitOfWork, application: ApplicationRow | None, browser: Browser, note: str
) -> None:
    record(work, application, browser.caller, "authorization.refused", outcome="denied", note=note)
