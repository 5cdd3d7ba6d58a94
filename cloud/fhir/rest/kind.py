"""A type of resource that is served: what may be asked of it, and where its resources come from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from cloud.core.kernel.tenancy import TenantOwned
from cloud.core.searching.clauses import After, Clause, Order, page
from cloud.fhir.json import Element, dumps
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.parameters import Parameter
from cloud.fhir.rest.query import Query
from cloud.fhir.times import instant

T = TypeVar("T", bound=TenantOwned)
Place = tuple[Any, ...]
"""Where a hit stands in its source's order: strings, whole numbers and aware times."""
_VERSION_LENGTH: Final = 16


@dataclass(frozen=True, slots=True)
class Hit:
    """A resource that was found, and its place; in a sorted search that begins with its time."""

    resource: Element
    place: Place


@dataclass(frozen=True, slots=True)
class Since:
    """Go on behind a place; `is_inclusive` lets through what stands at the very same."""

    place: Place
    is_inclusive: bool = False


class Source(Protocol):
    """Some of a type's resources, in an order of their own or by time."""

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """The next ones that fit, at most `limit`; fewer only where there are no more."""
        ...

    def count(self, desk: Desk, query: Query) -> int:
        """How many fit."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type. `read` gives the resource of an id as it is now, None for an id nobody has here;
    `former` its earlier versions, newest first. `summary` are the elements R4 counts among them.

    A search of a type that `is_exact` is refused for a parameter that is not known, whatever
    handling is preferred: whoever reads the total takes what is found for what was asked for.
    """

    name: str
    says: str
    parameters: tuple[Parameter, ...]
    sources: tuple[Source, ...]
    read: Callable[[Desk, str], Element | None]
    summary: frozenset[str]
    sorts: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    is_exact: bool = False
    former: Callable[[Desk, str], list[Element]] = lambda _desk, _id: []
    by_name: Mapping[str, Parameter] = field(init=False)

    def __post_init__(self) -> None:
        """Sort the parameters once."""
        object.__setattr__(self, "by_name", {one.name: one for one in self.parameters})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[T]):
    """A source of the rows of one table.

    `where` gives the conditions of a search, None where nothing can fit; `order` the order it is
    answered in; `build` the resources of rows, in their order.
    """

    table: type[T]
    where: Callable[[Desk, Query], Sequence[Clause] | None]
    order: Callable[[Query], Order]
    build: Callable[[Desk, Sequence[T]], Sequence[Element]]
    counted: Callable[[Desk, Sequence[Clause]], int]

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """By SQL."""
        clauses = self.where(desk, query)
        if clauses is None:
            return []
        order = self.order(query)
        after = None if since is None else After(since.place, since.is_inclusive)
        rows = page(desk.work, desk.principal, self.table, clauses, order, after=after, limit=limit)
        keys = [str(getattr(column, "key")) for column in order.columns]  # noqa: B009 - of any column
        return [
            Hit(resource, tuple(getattr(row, key) for key in keys))
            for row, resource in zip(rows, self.build(desk, rows), strict=True)
        ]

    def count(self, desk: Desk, query: Query) -> int:
        """By SQL."""
        clauses = self.where(desk, query)
        return 0 if clauses is None else self.counted(desk, clauses)


def elements(words: str) -> frozenset[str]:
    """Names of elements, written behind one another."""
    return frozenset(words.split())


def served(resource: Element, identity: str, changed_at: datetime, version: str = "") -> Element:
    """A resource with its id and meta; without a version its content is its version."""
    bare = {name: value for name, value in resource.items() if name not in ("resourceType", "meta")}
    version = version or hashlib.sha256(dumps(resource)).hexdigest()[:_VERSION_LENGTH]
    told = resource.get("meta")
    meta: Element = {
        "versionId": version,
        "lastUpdated": instant(changed_at),
        **(told if isinstance(told, Mapping) else {}),
    }
    return {"resourceType": resource["resourceType"], "id": identity, "meta": meta, **bare}
