"""Declarative base and the column types both databases agree on.

Times are aware UTC on both sides (SQLite keeps them as sortable text without a zone, PostgreSQL as
timestamptz); decimals are text, so that every digit a device sent survives (36.60 is not 36.6).
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

ID_LENGTH: Final = 80
DECIMAL_LENGTH: Final = 80

RowNumber = BigInteger().with_variant(Integer(), "sqlite")
"""A growing row number: SQLite numbers rows by itself only for its INTEGER."""


class Base(DeclarativeBase):
    """Every table of the service."""

    metadata = MetaData(naming_convention=NAMING)


def table_of(mapped: type[object]) -> Table:
    """The table behind a mapped class."""
    table: Table = mapped.__dict__["__table__"]
    return table


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept and returned in UTC; a naive one is a programming mistake."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite's text form has no zone."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise AssertionError("a stored time carries its zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Stamped:
    """Gives a table the time of its rows' last change; the unit of work writes it."""

    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ExactDecimal(TypeDecorator[Decimal]):
    """A finite decimal with exactly its digits, as text."""

    impl = String(DECIMAL_LENGTH)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the digits."""
        if value is None:
            return None
        if not value.is_finite():
            raise AssertionError("special values have a column of their own")
        return str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the digits back."""
        return None if value is None else Decimal(value)
