"""Conditions and pages of a search as SQL.

FHIR's prefixes compare a stretch of time that was asked for with a moment or a stretch that is
stored (FHIR R4, Search, 3.1.1.4.6). Text is compared literally: `%` and `_` mean themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute

from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import TenantOwned, scoped
from cloud.core.kernel.work import UnitOfWork

Clause: TypeAlias = "ColumnElement[bool]"
Column: TypeAlias = "SQLColumnExpression[Any]"
T = TypeVar("T", bound=TenantOwned)

_ESCAPE: Final = "\\"
_APPROXIMATELY: Final = 0.1
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)
"""The end of time: what would end later ends here."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` up to, but not including, `end`: what a time of some precision covers."""

    start: datetime
    end: datetime

    def widened(self, margin: timedelta) -> Span:
        """Longer by a margin on both sides, as far as time goes."""
        return Span(self.start - min(margin, self.start - _FIRST), later(self.end, margin))


def later(at: datetime, margin: timedelta) -> datetime:
    """A time after another, the end of time at most."""
    return at + min(margin, LAST - at)


@dataclass(frozen=True, slots=True)
class Order:
    """By these columns, the last of them unlike in any two rows."""

    columns: tuple[InstrumentedAttribute[Any], ...]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class After:
    """What follows a place in an order; `values` are those of its first columns.

    `is_inclusive` lets rows through that have the very same values.
    """

    values: tuple[Any, ...]
    is_inclusive: bool = False


def every(clauses: Iterable[Clause]) -> Clause:
    """All of them; with none, everything."""
    return and_(true(), *clauses)


def either(clauses: Iterable[Clause]) -> Clause:
    """Any of them; with none, nothing."""
    return or_(false(), *clauses)


def always(holds: bool) -> Clause:
    """Holds for every row, or for none."""
    return true() if holds else false()


def but_not(clause: Clause) -> Clause:
    """The contrary; where a column says nothing, the clause does not hold."""
    return not_(func.coalesce(clause, false()))


def among(column: Column, values: Collection[Any]) -> Clause:
    """One of these values."""
    return column.in_(list(values))


def is_missing(column: Column, *, missing: bool) -> Clause:
    """Whether the column says anything."""
    return column.is_(None) if missing else column.is_not(None)


def moment(column: Column, prefix: str, span: Span) -> Clause:
    """A stored moment against what was asked for."""
    return stretch(column, column, prefix, span)


def stretch(begin: Column, end: Column, prefix: str, span: Span) -> Clause:
    """A stored stretch of time against what was asked for; one without an end goes on."""
    never_ends = end.is_(None)
    match prefix:
        case "eq":
            return and_(begin >= span.start, end < span.end)
        case "ne":
            return not_(and_(begin >= span.start, func.coalesce(end < span.end, false())))
        case "gt":
            return or_(never_ends, end >= span.end)
        case "lt":
            return begin < span.start
        case "ge":
            return or_(never_ends, end >= span.start)
        case "le":
            return begin < span.end
        case "sa":
            return begin >= span.end
        case "eb":
            return end < span.start
        case _:
            wide = span.widened((span.end - span.start) * _APPROXIMATELY)
            return and_(begin < wide.end, or_(never_ends, end >= wide.start))


def begins_with(column: Column, text: str) -> Clause:
    """The text stands at the beginning, in any case."""
    return func.lower(column).like(f"{_literal(text.lower())}%", escape=_ESCAPE)


def contains(column: Column, text: str) -> Clause:
    """The text stands anywhere, in any case."""
    return func.lower(column).like(f"%{_literal(text.lower())}%", escape=_ESCAPE)


def contains_exactly(column: Column, text: str) -> Clause:
    """The text stands anywhere, in the case it has."""
    return func.replace(column, text, "") != column


def _literal(text: str) -> str:
    for character in (_ESCAPE, "%", "_"):
        text = text.replace(character, _ESCAPE + character)
    return text


def page(
    work: UnitOfWork,
    principal: Principal,
    table: type[T],
    clauses: Sequence[Clause],
    order: Order,
    *,
    after: After | None = None,
    limit: int,
) -> list[T]:
    """The next rows of the caller's tenant, at most `limit`."""
    statement = scoped(principal, table).where(*clauses)
    if after is not None:
        statement = statement.where(_following(order, after))
    columns = [one.desc() if order.is_descending else one.asc() for one in order.columns]
    return list(work.session.scalars(statement.order_by(*columns).limit(limit)))


def _following(order: Order, after: After) -> Clause:
    columns = order.columns[: len(after.values)]
    values = [
        literal(value, column.type) for column, value in zip(columns, after.values, strict=True)
    ]
    here: Column = tuple_(*columns)
    place: Column = tuple_(*values)
    if order.is_descending:
        return here <= place if after.is_inclusive else here < place
    return here >= place if after.is_inclusive else here > place
