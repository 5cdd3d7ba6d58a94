"""Scalars of the schema that are read more strictly than their names promise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import strawberry
from pydantic import TypeAdapter, ValidationError

from cloud.api.shared.strict_json import Timestamp

_TIMESTAMP: Final[TypeAdapter[datetime]] = TypeAdapter(Timestamp)


def _read(value: object) -> datetime:
    try:
        return _TIMESTAMP.validate_python(value)
    except ValidationError:
        # Its own words would quote the value.
        raise ValueError("an RFC 3339 time with its offset is needed") from None


def _write(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


DATE_TIME: Final = strawberry.scalar(
    name="DateTime",
    description="An RFC 3339 time with its offset.",
    serialize=_write,
    parse_value=_read,
)
