"""Waveforms as a source of a search: lane after lane, or all lanes merged by time."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from cloud.core.searching.waves import Lane
from cloud.fhir import systems
from cloud.fhir.json import Element
from cloud.fhir.rest import charts, codes
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import StripId
from cloud.fhir.rest.kind import Hit, Place, Since
from cloud.fhir.rest.lanes import at_start, backward, forward, lane_of, lanes, resource
from cloud.fhir.rest.matching import fits, is_in_time
from cloud.fhir.rest.parameters import Criterion
from cloud.fhir.rest.query import Query
from cloud.fhir.strips import Wave

CATEGORY = "procedure"
_BESIDE = frozenset(("patient", "subject", "encounter", "device"))
"""Parameters that say which lanes are looked into."""


@dataclass(frozen=True, slots=True)
class Waves:
    """The source; `encounters_of` says which encounters a search is about."""

    encounters_of: Callable[[Desk, Query], list[str] | None]

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """Lane after lane, or all of them by time."""
        found = self._lanes(desk, query)
        if query.sort:
            return list(islice(self._by_time(desk, query, found, since), limit))
        begun = since.place if since is not None else ()
        return list(islice(self._in_turn(desk, query, found, begun), limit))

    def count(self, desk: Desk, query: Query) -> int:
        """By building them: what is one strip depends on every chunk."""
        return sum(1 for _ in self._in_turn(desk, query, self._lanes(desk, query), ()))

    def _lanes(self, desk: Desk, query: Query) -> list[Lane]:
        if not all(_may_be_one(one) for one in query.criteria):
            return []
        if query.of("_id"):
            named = [StripId.parse(t.code) for one in query.of("_id") for t in one.tokens]
            return sorted({lane for one in named if one for lane in lane_of(desk, one)})
        encounter_ids = self.encounters_of(desk, query)
        if encounter_ids is None:
            encounter_ids = desk.encounter_ids(charts.around(query))
        devices = [set(charts.publics("dev", one.ids("Device"))) for one in query.of("device")]
        found = lanes(desk, encounter_ids, None if not devices else set.intersection(*devices))
        for one in query.of("code"):
            if one.modifier != "not":
                wanted = {number for t in one.tokens for number in codes.types_of(t)}
                found = [lane for lane in found if wanted & {lane.code, *lane.types}]
        return found

    def _in_turn(
        self, desk: Desk, query: Query, found: Sequence[Lane], begun: Place
    ) -> Iterator[Hit]:
        for lane in found:
            key = (lane.encounter_id, lane.device_id, lane.code)
            if begun and key < begun[:3]:
                continue
            after: tuple[datetime, str] | None = None
            if begun and key == begun[:3]:
                after = (begun[3], begun[4])
            for one in self._fitting(desk, query, forward(desk, lane, after and after[0])):
                place = (one.start, str(one.resource["id"]))
                if after is None or place > after:
                    yield Hit(one.resource, (*key, *place))

    def _by_time(
        self, desk: Desk, query: Query, found: Sequence[Lane], since: Since | None
    ) -> Iterator[Hit]:
        walk = backward if query.is_descending else forward
        begun = since.place[0] if since is not None else None
        runs = [self._fitting(desk, query, walk(desk, lane, begun)) for lane in found]
        merged = heapq.merge(*runs, key=lambda one: one.start, reverse=query.is_descending)
        for one in _ties_in_order(merged, query.is_descending):
            place = (one.start, str(one.resource["id"]))
            if since is None or _is_behind(place, since, query):
                yield Hit(one.resource, place)

    def _fitting(self, desk: Desk, query: Query, found: Iterator[Wave]) -> Iterator[_Made]:
        for wave in found:
            if all(_is_in_time(one, wave) for one in query.of("date")):
                made = resource(desk, wave)
                if fits(made, query.criteria, beside=_BESIDE):
                    yield _Made(wave.start, made)


@dataclass(frozen=True, slots=True)
class _Made:
    """A strip that fits, as its resource."""

    start: datetime
    resource: Element


def _ties_in_order(found: Iterator[_Made], is_descending: bool) -> Iterator[_Made]:
    """Strips of one time by their ids, so that every page sees them in the same order."""
    tied: list[_Made] = []
    for one in found:
        if tied and tied[0].start != one.start:
            yield from sorted(tied, key=_id, reverse=is_descending)
            tied = []
        tied.append(one)
    yield from sorted(tied, key=_id, reverse=is_descending)


def _id(one: _Made) -> str:
    return str(one.resource["id"])


def read(desk: Desk, wanted: StripId) -> Element | None:
    """The strip of an id as it is now."""
    for lane in lane_of(desk, wanted):
        wave = at_start(desk, lane, wanted)
        if wave is not None:
            return resource(desk, wave)
    return None


def _may_be_one(one: Criterion) -> bool:
    """Whether a strip can fit at all; by identifier none is looked for, its value is a digest."""
    if one.name == "category":
        ours = [t for t in one.tokens if t.system in (None, systems.OBSERVATION_CATEGORY)]
        return any(t.code == CATEGORY for t in ours)
    return one.name != "identifier"


def _is_in_time(one: Criterion, wave: Wave) -> bool:
    return any(is_in_time(moment, wave.start, wave.end) for moment in one.moments)


def _is_behind(place: tuple[datetime, str], since: Since, query: Query) -> bool:
    mine: Place = place[: len(since.place)]
    if mine == since.place:
        return since.is_inclusive
    return mine < since.place if query.is_descending else mine > since.place
