"""The unit of work by the name surfaces know it (they may not see the database room)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cloud.db.deadlines import within
from cloud.db.errors import (
    StorageConflictError,
    StorageError,
    StorageFaultError,
    StorageUnreachableError,
)
from cloud.db.unit_of_work import Database, UnitOfWork

__all__ = [
    "Clock",
    "Database",
    "StorageConflictError",
    "StorageError",
    "StorageFaultError",
    "StorageUnreachableError",
    "UnitOfWork",
    "utc_now",
    "within",
]

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The system's clock, aware and in UTC."""
    return datetime.now(UTC)
