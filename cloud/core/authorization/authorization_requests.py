"""What an application asks of a person, checked before anybody is shown anything.

Two kinds of no: one that is shown on a page of ours, because nobody knows yet where it would be
safe to send the browser, and one that is sent back to the application's own address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import requested_scopes
from cloud.core.authorization.client_authentication import find_client
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.id_tokens import MAX_TOKEN
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.refusals import GrantError
from cloud.core.authorization.tables import KIND_APPLICATION, KIND_BOARD, ApplicationRow
from cloud.core.kernel.work import UnitOfWork

CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
LONGEST_STATE: Final = 2000
LONGEST_NONCE: Final = 500
LONGEST_HINT: Final = 254
PROMPTS: Final = ("none", "login", "consent", "select_account")
ANEW: Final = frozenset(("login", "select_account"))
"""Prompts that want a sign-in whoever is signed in."""
_TEXTS: Final = ("state", "nonce", "login_hint")
_LOOPBACK: Final = ("127.0.0.1", "::1")


class PageError(Exception):
    """The browser must not be sent anywhere: the words are for a page of ours.

    `error` is what an application hears that pushes the same request.
    """

    error = "invalid_request"


class ForeignFormError(PageError):
    """A form that this browser, or this session, was never shown."""


class UnapprovedError(PageError):
    """The application may not begin: nobody vouches for the addresses it is registered with."""

    error = "unauthorized_client"


class ReturnedError(Exception):
    """An error for the application, at the address it is registered with (RFC 6749 4.1.2.1)."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str) -> None:
        self.error = error
        self.description = description
        self.redirect_uri = redirect_uri
        self.state = state
        super().__init__(f"{error}: {description}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that holds. `max_age` is in seconds, None for any."""

    profile: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str = ""
    nonce: str = ""
    code_challenge: str = ""
    dpop_thumbprint: str = ""
    prompts: tuple[str, ...] = ()
    max_age: int | None = None
    login_hint: str = ""
    id_token_hint: str = ""

    def parameters(self) -> list[tuple[str, str]]:
        """As an application would send it, so that it can be checked once more."""
        challenge = {"code_challenge": self.code_challenge, "code_challenge_method": "S256"}
        pairs = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": " ".join(self.scopes),
            "state": self.state,
            "nonce": self.nonce,
            **(challenge if self.code_challenge else {}),
            "dpop_jkt": self.dpop_thumbprint,
            "prompt": " ".join(self.prompts),
            "max_age": "" if self.max_age is None else str(self.max_age),
            "login_hint": self.login_hint,
            "id_token_hint": self.id_token_hint,
        }
        return [(name, value) for name, value in pairs.items() if value]

    def stored(self) -> dict[str, Any]:
        """As it is kept between two pages."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> AuthorizationRequest:
        """As it was kept."""
        tuples = {name: tuple(stored[name]) for name in ("scopes", "prompts")}
        return cls(**{**stored, **tuples})


def known_redirect(application: ApplicationRow, given: str) -> bool:
    """Exactly one of the registered addresses; a native app's loopback may have any port (8252)."""
    allowed = set(application.redirect_uris)
    limited = Governance.of(application.governance).allowed_redirect_uris
    if limited:
        allowed &= set(limited)
    if given in allowed:
        return True
    return any(_is_loopback_twin(registered, given) for registered in allowed)


def each_once(parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name; PageError for one that came twice.

    One without a value counts as absent (RFC 6749, 3.1).
    """
    values = dict(parameters)
    if len(values) != len(parameters):
        raise PageError("A parameter came twice. Ask the application's makers to send each once.")
    return {name: value for name, value in values.items() if value}


def read_request(
    work: UnitOfWork, profile: Profile, parameters: Sequence[tuple[str, str]], *, is_pushed: bool
) -> tuple[AuthorizationRequest, ApplicationRow]:
    """Check parameters in the order in which they become trustworthy; PageError, ReturnedError."""
    values = each_once(parameters)
    application = find_client(work, values.get("client_id", ""))
    if application is None or application.kind not in (KIND_APPLICATION, KIND_BOARD):
        raise PageError("No application of this name is registered here.")
    if not known_redirect(application, values.get("redirect_uri", "")):
        raise PageError(
            "The address the application wants you sent back to is not one it is registered with."
        )
    # Anybody who may register could send browsers anywhere otherwise (RFC 9700, 4.11).
    if not application.is_approved:
        raise UnapprovedError("The application is not approved here (unauthorized_client).")
    reader = _Reader(values, application)
    reader.check_application(profile, is_pushed=is_pushed)
    reader.check_form()
    return (
        AuthorizationRequest(
            profile=profile.name,
            client_id=application.client_id,
            redirect_uri=values["redirect_uri"],
            scopes=reader.scopes(),
            state=reader.state,
            nonce=reader.nonce(),
            code_challenge=reader.challenge(),
            dpop_thumbprint=reader.thumbprint(),
            prompts=reader.prompts(),
            max_age=reader.max_age(),
            login_hint=values.get("login_hint", "")[:LONGEST_HINT],
            id_token_hint=reader.id_token_hint(),
        ),
        application,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Parameters of a request whose application and redirect address are known."""

    values: Mapping[str, str]
    application: ApplicationRow

    @property
    def state(self) -> str:
        """What the application gets back as it sent it; none where it is too long to keep."""
        state = self.values.get("state", "")
        return state if len(state) <= LONGEST_STATE else ""

    @property
    def governance(self) -> Governance:
        """What the application's administrator decided."""
        return Governance.of(self.application.governance)

    def refuse(self, error: str, description: str) -> ReturnedError:
        """An error on its way back."""
        return ReturnedError(
            error, description, redirect_uri=self.values["redirect_uri"], state=self.state
        )

    def check_application(self, profile: Profile, *, is_pushed: bool) -> None:
        """Whether it may ask at all."""
        if (
            profile.name not in self.application.profiles
            or profiles.AUTHORIZATION_CODE not in self.application.grant_types
        ):
            raise self.refuse("unauthorized_client", "The application is not approved for this.")
        if self.governance.require_pushed_requests and not is_pushed:
            raise self.refuse("invalid_request", "Push the request first (RFC 9126).")

    def check_form(self) -> None:
        """What of OAuth and OIDC is taken here."""
        if len(self.values.get("state", "")) > LONGEST_STATE:
            raise self.refuse("invalid_request", f"Send a state of {LONGEST_STATE} at most.")
        texts = "".join(self.values.get(name, "") for name in _TEXTS)
        if not all(letter.isprintable() for letter in texts):
            raise self.refuse("invalid_request", "Leave control characters out.")
        if "response_type" not in self.values:
            raise self.refuse("invalid_request", "Send response_type=code.")
        if self.values["response_type"] != "code":
            raise self.refuse("unsupported_response_type", "Use response_type=code.")
        if self.values.get("response_mode", "query") != "query":
            raise self.refuse("invalid_request", "Use response_mode=query, or name none.")
        if "request" in self.values:
            raise self.refuse("request_not_supported", "Push the request instead (RFC 9126).")
        if "request_uri" in self.values:
            raise self.refuse("request_uri_not_supported", "Push the request here (RFC 9126).")

    def scopes(self) -> tuple[str, ...]:
        """All that is asked for; the whole grant when nothing is named."""
        try:
            return requested_scopes(
                self.values.get("scope", ""), tuple(self.application.approved_scopes)
            )
        except GrantError as exc:
            raise self.refuse(exc.error, exc.description) from exc

    def nonce(self) -> str:
        """Echoed in the ID token."""
        nonce = self.values.get("nonce", "")
        if len(nonce) > LONGEST_NONCE:
            raise self.refuse("invalid_request", f"Send a nonce of {LONGEST_NONCE} at most.")
        return nonce

    def challenge(self) -> str:
        """PKCE, S256 only; empty where the client may do without and does."""
        challenge = self.values.get("code_challenge")
        method = self.values.get("code_challenge_method")
        if challenge is None:
            is_needed = self.application.is_public or self.governance.enforce_pkce
            if is_needed or method is not None:
                raise self.refuse(
                    "invalid_request", "Send a code_challenge with method S256 (RFC 7636)."
                )
            return ""
        if method != "S256" or not CHALLENGE.fullmatch(challenge):
            raise self.refuse(
                "invalid_request", "Send a code_challenge of 43 characters, method S256."
            )
        return challenge

    def thumbprint(self) -> str:
        """The key that alone may redeem the code (RFC 9449, 10)."""
        thumbprint = self.values.get("dpop_jkt", "")
        if thumbprint and not CHALLENGE.fullmatch(thumbprint):
            raise self.refuse("invalid_request", "Send dpop_jkt as a JWK thumbprint.")
        return thumbprint

    def prompts(self) -> tuple[str, ...]:
        """OIDC Core 3.1.2.1."""
        prompts = tuple(self.values.get("prompt", "").split())
        if not set(prompts) <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
            raise self.refuse("invalid_request", "Use prompt=none, or login, consent.")
        return prompts

    def id_token_hint(self) -> str:
        """Who is expected to be signed in; checked where that is looked at."""
        hint = self.values.get("id_token_hint", "")
        if len(hint) > MAX_TOKEN:
            raise self.refuse("invalid_request", "Send an ID token of ours as id_token_hint.")
        return hint

    def max_age(self) -> int | None:
        """Seconds since the person signed in, at most."""
        text = self.values.get("max_age")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9):
            raise self.refuse("invalid_request", "Send max_age in whole seconds.")
        return int(text)


def _is_loopback_twin(registered: str, given: str) -> bool:
    try:
        kept, asked = urlsplit(registered), urlsplit(given)
        _ = asked.port
    except ValueError:
        return False
    if kept.scheme != "http" or kept.hostname not in _LOOPBACK or asked.username is not None:
        return False
    host = f"[{kept.hostname}]" if ":" in kept.hostname else kept.hostname
    port = "" if asked.port is None else f":{asked.port}"
    same = f"http://{host}{port}{kept.path}{'?' + kept.query if kept.query else ''}"
    return given == same
