"""Errors as GraphQL's callers read them: a message, a code to act on, and the trace to ask about.

`code` is what kind of refusal it is, `reason` the same word that other surfaces call `error`.
"""

from __future__ import annotations

from typing import Final

from cloud.core.kernel.errors import DomainError

PATH: Final = "/graphql"
LONGEST_MESSAGE: Final = 300
NOT_APPROVED: Final = "OPERATION_NOT_APPROVED"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
INTERNAL: Final = "INTERNAL_SERVER_ERROR"
FORBIDDEN: Final = "FORBIDDEN"
_CODES: Final = {
    "structure": "BAD_REQUEST",
    "invalid": BAD_USER_INPUT,
    "business-rule": BAD_USER_INPUT,
    "value": BAD_USER_INPUT,
    "login": "UNAUTHENTICATED",
    "forbidden": FORBIDDEN,
    "not-found": "NOT_FOUND",
    "conflict": "CONFLICT",
    "duplicate": "CONFLICT",
    "expired": "NOT_FOUND",
    "too-long": "REQUEST_TOO_LARGE",
    "not-supported": "BAD_REQUEST",
    "too-costly": "OPERATION_TOO_COSTLY",
    "throttled": "TOO_MANY_REQUESTS",
    "transient": "UNAVAILABLE",
}
_BY_REASON: Final = {
    "timed_out": "TIMEOUT",
    "syntax_error": "GRAPHQL_PARSE_FAILED",
    "operation_not_approved": NOT_APPROVED,
}
NOT_VALID: Final = "GRAPHQL_VALIDATION_FAILED"
TOLD: Final = (
    (NOT_APPROVED, "The application was not granted this operation; it was not run."),
    (FORBIDDEN, "A scope in `required` is missing, or the tenant is another."),
    ("UNAUTHENTICATED", "The token is missing, over, or none of ours."),
    (BAD_USER_INPUT, "A value is against a rule; `reason` says which."),
    ("NOT_FOUND", "There is none of that id in the tenant, or its time is over."),
    ("CONFLICT", "What is there already is against it."),
    ("GRAPHQL_PARSE_FAILED", "The text is no GraphQL."),
    (NOT_VALID, "The text does not fit the schema."),
    ("OPERATION_TOO_COSTLY", "Ask for less at once."),
    ("BAD_REQUEST", "The request itself is wrong: its form, its method, a header."),
    ("REQUEST_TOO_LARGE", "The body is too large."),
    ("TOO_MANY_REQUESTS", "Wait as long as `Retry-After` says."),
    ("TIMEOUT", "It took too long, and nothing of the field was kept."),
    ("UNAVAILABLE", "The store is away. Try again."),
    (INTERNAL, "Report the `traceId` to the operator."),
)
"""Every code there is, and what it means to its reader."""


def code_of(error: DomainError) -> str:
    """The code of a domain error."""
    return _BY_REASON.get(error.reason) or _CODES.get(error.code, INTERNAL)


def error_object(
    error: DomainError, trace_id: str, *, path: list[str | int] | None = None
) -> dict[str, object]:
    """One member of `errors`."""
    return error_member(
        error.message, code_of(error), trace_id, path=path, reason=error.reason, **error.details
    )


def error_member(
    message: str,
    code: str,
    trace_id: str,
    *,
    path: list[str | int] | None = None,
    **extensions: object,
) -> dict[str, object]:
    """The same in our own words; the message is cut where it is too long."""
    member: dict[str, object] = {"message": message[:LONGEST_MESSAGE]}
    if path is not None:
        member["path"] = path
    member["extensions"] = {**extensions, "code": code, "traceId": trace_id}
    return member
