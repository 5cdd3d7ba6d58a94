"""What the core says no with; surfaces give it a voice.

DomainError           `code` is a FHIR issue type, `reason` the contract's snake_case word
  MalformedError      structure       the request cannot be read
  InvalidError        invalid         it can be read but breaks a rule of its fields
  BusinessRuleError   business-rule   well formed, but the state of things forbids it
  UnauthenticatedError login          no or no valid token
    ProofRefusedError                 a bound token without its proof
  ForbiddenError      forbidden       a known caller without the right
  NotFoundError       not-found       absent, or another tenant's: the answer is the same
  ConflictError       conflict        the state of the resource forbids it
  DuplicateError      duplicate       it exists already
  ExpiredError        expired
  TooLargeError       too-long        the body is above the limit
  UnsupportedError    not-supported   media type or method
  QueryRefusedError                   a search that is not done as it was asked
    BadValueError     value           a parameter's value means nothing
    UnsupportedQueryError not-supported  a parameter, modifier or type that is not there
    TooCostlyError    too-costly      it would read more than a search may
  ThrottledError      throttled
  UnavailableError    transient       the store or the broker is away; try again
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class DomainError(Exception):
    """Root: `reason` in snake_case, `message` one sentence that says what to do.

    `details` holds machine-readable help (field names, required scopes), never patient data.
    """

    code: ClassVar[str] = "exception"

    def __init__(
        self, reason: str, message: str, *, details: Mapping[str, object] | None = None
    ) -> None:
        self.reason = reason
        self.message = message
        self.details = dict(details) if details else {}
        super().__init__(f"{reason}: {message}")


class MalformedError(DomainError):
    """The request cannot be read."""

    code = "structure"


class InvalidError(DomainError):
    """A field breaks a rule."""

    code = "invalid"


class BusinessRuleError(DomainError):
    """Well formed, but not allowed as things are."""

    code = "business-rule"


class UnauthenticatedError(DomainError):
    """No valid token. The message is constant: it tells a forger nothing."""

    code = "login"

    def __init__(self, *, token_sent: bool) -> None:
        self.token_sent = token_sent
        if token_sent:
            super().__init__("invalid_token", "Get a new access token and send it again.")
        else:
            super().__init__("token_required", "Send an access token as Authorization: Bearer.")


class ProofRefusedError(UnauthenticatedError):
    """A token bound to a key came without a proof of that key that holds (RFC 9449, 7.1)."""

    def __init__(self) -> None:
        super().__init__(token_sent=True)
        self.reason = "invalid_dpop_proof"
        self.message = "Sign a new DPoP proof for this call with the token's own key."


class ForbiddenError(DomainError):
    """A known caller without the right."""

    code = "forbidden"


class NotFoundError(DomainError):
    """Absent, or another tenant's: both look the same."""

    code = "not-found"


class ConflictError(DomainError):
    """The state of the resource forbids it."""

    code = "conflict"


class DuplicateError(DomainError):
    """It exists already."""

    code = "duplicate"


class ExpiredError(DomainError):
    """Its time is over."""

    code = "expired"


class TooLargeError(DomainError):
    """More than the limit."""

    code = "too-long"


class UnsupportedError(DomainError):
    """A media type or method this path does not take."""

    code = "not-supported"


class QueryRefusedError(DomainError):
    """A search that is not done as it was asked."""


class BadValueError(QueryRefusedError):
    """The value of a parameter means nothing."""

    code = "value"


class UnsupportedQueryError(QueryRefusedError):
    """A parameter, a modifier or a type that is not there."""

    code = "not-supported"


class TooCostlyError(QueryRefusedError):
    """It would read more than one search may."""

    code = "too-costly"


class ThrottledError(DomainError):
    """Too many requests; `retry_after` seconds."""

    code = "throttled"

    def __init__(self, reason: str, message: str, *, retry_after: int) -> None:
        self.retry_after = retry_after
        super().__init__(reason, message)


class UnavailableError(DomainError):
    """A neighbour is away; `retry_after` seconds."""

    code = "transient"

    def __init__(self, reason: str, message: str, *, retry_after: int = 5) -> None:
        self.retry_after = retry_after
        super().__init__(reason, message)
