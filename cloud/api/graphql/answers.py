"""What comes of an operation, on the wire and in the log.

The log gets one short line an answer: never a document, a variable or a value.
"""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from graphql import GraphQLError
from starlette.responses import Response

from cloud.api.graphql.running import MOST_ERRORS, NotValidError, Outcome, plain_words
from cloud.api.shared import accept
from cloud.api.shared.answers import JSON_MEDIA_TYPE, exact_json
from cloud.api.shared.errors import accepted
from cloud.api.shared.graphql_errors import (
    BAD_USER_INPUT,
    FORBIDDEN,
    INTERNAL,
    NOT_VALID,
    code_of,
    error_member,
    error_object,
)
from cloud.core.kernel.errors import DomainError, ForbiddenError, UnavailableError
from cloud.core.kernel.work import StorageConflictError, StorageFaultError

LOG: Final = logging.getLogger("vitalwire.graphql")
GRAPHQL_MEDIA_TYPE: Final = "application/graphql-response+json"
_LONGEST_PLACE: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, and the code it is counted under: `OK`, or that of its first error."""

    response: Response
    code: str


def answer_to(request: Request, outcome: Outcome, trace_id: str) -> Answer:
    """The answer of an operation: whatever of its data could be had, and what could not."""
    members = [_member(error, trace_id) for error in outcome.errors[:MOST_ERRORS]]
    document: dict[str, object] = {"data": outcome.data}
    if members:
        document["errors"] = members
    code = _first_code(members)
    return _answer(request, document, code, status=200 if outcome.is_run else 400)


def refusal(request: Request, error: DomainError, trace_id: str) -> Answer:
    """The answer to an operation that was not run."""
    if isinstance(error, NotValidError):
        members = [error_member(words, NOT_VALID, trace_id) for words in error.errors]
    else:
        members = [error_object(error, trace_id)]
    # What is forbidden stays so whoever reads only the status; not granted is a bad request.
    is_forbidden = isinstance(error, ForbiddenError) and code_of(error) == FORBIDDEN
    return _answer(
        request,
        {"data": None, "errors": members},
        _first_code(members),
        status=403 if is_forbidden else 400,
    )


def _answer(request: Request, document: dict[str, object], code: str, *, status: int) -> Answer:
    """In the media type the caller would rather have: only GraphQL's own says by its status what
    became of the operation.
    """
    header = accepted(request)
    speaks_graphql = accept.names(header, GRAPHQL_MEDIA_TYPE) and (
        accept.quality(header, GRAPHQL_MEDIA_TYPE) >= accept.quality(header, JSON_MEDIA_TYPE)
    )
    if not speaks_graphql:
        return Answer(exact_json(document), code)
    if status != 200:
        document = {name: value for name, value in document.items() if name != "data"}
    response = exact_json(document, status=status, media_type=GRAPHQL_MEDIA_TYPE)
    return Answer(response, code)


def _member(error: GraphQLError, trace_id: str) -> dict[str, object]:
    path = list(error.path) if error.path else None
    cause = error.original_error
    if isinstance(cause, DomainError):
        return error_object(cause, trace_id, path=path)
    if isinstance(cause, StorageConflictError):
        # Somebody else was first: asked again, the field says what is in the way.
        LOG.warning("event=storage_conflict trace_id=%s cause=%s", trace_id, str(cause)[:200])
        first = UnavailableError("write_conflict", "Nothing was kept. Try again.", retry_after=1)
        return error_object(first, trace_id, path=path)
    if isinstance(cause, StorageFaultError):
        LOG.error("event=storage_fault trace_id=%s cause=%s", trace_id, str(cause)[:200])
        away = UnavailableError("storage_unavailable", "Nothing was kept. Try again.")
        return error_object(away, trace_id, path=path)
    if path is None:
        return error_member(plain_words(error), BAD_USER_INPUT, trace_id)
    LOG.error(
        "event=graphql_fault trace_id=%s kind=%s place=%s",
        trace_id,
        type(cause or error).__name__,
        _place(cause),
    )
    return error_member("Report the trace id to the operator.", INTERNAL, trace_id, path=path)


def _place(cause: Exception | None) -> str:
    """The line of ours that broke. The exception's own words may hold values and stay out."""
    frames = traceback.extract_tb(cause.__traceback__) if cause else []
    return f"{frames[-1].name}:{frames[-1].lineno}"[:_LONGEST_PLACE] if frames else "-"


def _first_code(members: list[dict[str, object]]) -> str:
    for member in members:
        extensions = member["extensions"]
        if isinstance(extensions, dict):
            return str(extensions["code"])
    return "OK"
