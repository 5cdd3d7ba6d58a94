"""Resources made of what people told: encounter after encounter, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from cloud.core.kernel.identifiers import public_id
from cloud.core.searching import encounters, items
from cloud.core.searching.clauses import either
from cloud.fhir.json import Element
from cloud.fhir.names import Named
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Chart, Desk
from cloud.fhir.rest.ids import FactId, StripId, as_uuid
from cloud.fhir.rest.kind import Hit, Since, served
from cloud.fhir.rest.matching import fits, values_at
from cloud.fhir.rest.parameters import Criterion
from cloud.fhir.rest.query import Query

Teller = Callable[[Chart], Iterable[Named]]
"""From an encounter to some of the resources its record tells, called as they are served."""
TIMES: Final = ("date", "recorded-date", "effective-time")
BESIDE: Final = frozenset(("patient", "subject", "encounter", "context", "_lastUpdated"))
"""Parameters that say which encounters are looked into; what is in them fits."""


@dataclass(frozen=True, slots=True)
class Told:
    """The source; `times` are the elements a search is sorted by, `without` parameters none of its
    resources has a value for.
    """

    kind: str
    tell: Teller
    times: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """In turn, or by time."""
        if query.sort:
            return self._by_time(desk, query, since, limit)
        return list(islice(self._in_turn(desk, query, since), limit))

    def count(self, desk: Desk, query: Query) -> int:
        """By making them."""
        return sum(1 for _ in self._in_turn(desk, query, None))

    def _in_turn(self, desk: Desk, query: Query, since: Since | None) -> Iterable[Hit]:
        begun = () if since is None else since.place
        for encounter_id in self._encounters(desk, query):
            if begun and encounter_id < begun[0]:
                continue
            for resource in sorted(self._of(desk, query, encounter_id), key=_id):
                if not begun or (encounter_id, _id(resource)) > tuple(begun):
                    yield Hit(resource, (encounter_id, _id(resource)))

    def _by_time(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        found = []
        for encounter_id in self._encounters(desk, query):
            for resource in self._of(desk, query, encounter_id):
                at = self._time(resource)
                if at is not None:
                    found.append(Hit(resource, (at, _id(resource))))
        found.sort(key=lambda hit: hit.place, reverse=query.is_descending)
        return [hit for hit in found if _is_behind(hit.place, since, query)][:limit]

    def _encounters(self, desk: Desk, query: Query) -> list[str]:
        if any(one.name in self.without for one in query.criteria):
            return []
        ids = [token.code for one in query.of("_id") for token in one.tokens]
        if query.of("_id"):
            found = {owner for one in ids if (owner := owner_of(desk, one)) is not None}
            named = charts.asked(query)
            return sorted(found & set(desk.encounter_ids(named)) if named else found)
        changed = [_changed(one) for one in query.of("_lastUpdated")]
        near = [clause for name in TIMES for clause in charts.around(query, name)]
        return desk.encounter_ids([*charts.asked(query), *changed, *near])

    def _of(self, desk: Desk, query: Query, encounter_id: str) -> list[Element]:
        chart = desk.chart(encounter_id)
        made = [] if chart is None else self.all_of(chart)
        return [one for one in made if fits(one, query.criteria, beside=BESIDE)]

    def all_of(self, chart: Chart) -> list[Element]:
        """Every resource of the kind in an encounter."""
        return [
            served(one.resource, one.url.partition("/")[2], chart.row.updated_at)
            for one in self.tell(chart)
            if one.resource["resourceType"] == self.kind
        ]

    def read(self, desk: Desk, identity: str) -> Element | None:
        """The one of an id."""
        encounter_id = owner_of(desk, identity)
        chart = None if encounter_id is None else desk.chart(encounter_id)
        made = [] if chart is None else self.all_of(chart)
        return next((one for one in made if one["id"] == identity), None)

    def _time(self, resource: Element) -> datetime | None:
        for path in self.times:
            for value in values_at(resource, path.split(".")):
                if isinstance(value, str):
                    return datetime.fromisoformat(value)
        return None


def owner_of(desk: Desk, identity: str) -> str | None:
    """The encounter an id leads to: an item's, an act's, a reading's, a fact's, or its own."""
    strip, fact = StripId.parse(identity), FactId.parse(identity)
    if fact is not None:
        return public_id("enc", fact.encounter)
    bare = identity.partition(".")[0] if identity[36:37] == "." else identity
    found = as_uuid(bare) if strip is None else strip.first
    return None if found is None else items.encounter_of(desk.work, desk.principal, found)


def _changed(one: Criterion) -> Any:  # noqa: ANN401 - a condition
    return either(encounters.changed(m.prefix, m.span) for m in one.moments)


def _id(resource: Element) -> str:
    return str(resource["id"])


def _is_behind(place: tuple[Any, ...], since: Since | None, query: Query) -> bool:
    if since is None:
        return True
    mine = place[: len(since.place)]
    if mine == tuple(since.place):
        return since.is_inclusive
    return mine < tuple(since.place) if query.is_descending else mine > tuple(since.place)
