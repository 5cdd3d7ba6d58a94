"""Query parameters of lists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="`next_cursor` of the page before.")
]
Since = Annotated[str | None, Query(max_length=40, description="RFC 3339 time with its offset.")]

FIRST_LIMIT = DEFAULT_LIMIT


def parse_since(text: str | None) -> datetime | None:
    """The time of a `since` parameter; InvalidError `invalid_since` for anything else."""
    if text is None:
        return None
    # In a query an unescaped + arrives as a blank.
    spelled = text.replace(" ", "+")
    try:
        at = datetime.fromisoformat(spelled)
    except ValueError as exc:
        raise _invalid() from exc
    if at.utcoffset() is None or "T" not in spelled.upper():
        raise _invalid()
    try:
        return at.astimezone(UTC)
    except OverflowError as exc:
        raise _invalid() from exc


def _invalid() -> InvalidError:
    return InvalidError("invalid_since", "Send an RFC 3339 time with its offset.")
