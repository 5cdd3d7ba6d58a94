"""Query parameters of lists, and their pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.shared.answers import exact_json
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT, CursorSigner, Page
from cloud.core.kernel.principal import Principal

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=512, description="`next_cursor` of the page before.")
]
Since = Annotated[str | None, Query(max_length=40, description="RFC 3339 time with its offset.")]

NEXT: Final = "next_cursor"
FIRST_LIMIT = DEFAULT_LIMIT
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageByTime:
    """The page a caller wants of a list that is in the order of a time and an id."""

    cursors: CursorSigner
    caller: Principal
    list_name: str
    limit: int
    cursor: str | None

    def after(self) -> tuple[datetime, str] | None:
        """Time and id of the last one of the page before; MalformedError `invalid_cursor`."""
        if self.cursor is None:
            return None
        at, identifier = self.cursors.decode(self.caller, self.list_name, self.cursor)
        return datetime.fromisoformat(str(at)), str(identifier)

    def of(self, rows: Sequence[T], place: Callable[[T], tuple[datetime, str]]) -> Page[T]:
        """The page out of what follows `after`, looked up one further than its `limit`."""
        items = list(rows[: self.limit])
        if len(rows) <= self.limit:
            return Page(items, None)
        at, identifier = place(items[-1])
        position: list[str | int] = [at.isoformat(), identifier]
        return Page(items, self.cursors.encode(self.caller, self.list_name, position))


def page_json(document: BaseModel, *, mode: Literal["python", "json"] = "python") -> Response:
    """The answer of a list: what is not known is left out, but `next_cursor` is null at the end."""
    told = document.model_dump(mode=mode, exclude_none=True)
    return exact_json({**told, NEXT: told.get(NEXT)})


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
