"""Waveforms as strips, found lane by lane: what a device sampled of one type in one encounter.

Strips follow a grid of ten seconds, so each cell of it is read by itself and nothing is cut.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from cloud.core.observations.stored import StoredObservation
from cloud.core.searching import waves
from cloud.core.searching.waves import Lane
from cloud.fhir import systems
from cloud.fhir.clocks import Clocks
from cloud.fhir.json import Element
from cloud.fhir.rest import charts, codes
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import StripId
from cloud.fhir.rest.kind import Hit, Place, Since, served
from cloud.fhir.rest.matching import is_in_time
from cloud.fhir.rest.parameters import Criterion
from cloud.fhir.rest.query import Query
from cloud.fhir.strips import STRIP_SECONDS, Strip, strips
from cloud.fhir.waveform import strip_name, strip_observation

_CELL: Final = timedelta(seconds=STRIP_SECONDS)
_AT_ONCE: Final = 6 * _CELL
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
CATEGORY: Final = "procedure"


@dataclass(frozen=True, slots=True)
class Strips:
    """The source; `encounters_of` says which encounters a search is about."""

    encounters_of: Callable[[Desk, Query], list[str] | None]

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """Lane after lane, or all of them by time."""
        lanes = self._lanes(desk, query)
        if not query.sort:
            begun = since.place if since is not None else ()
            found = self._in_lanes(desk, query, lanes, begun)
        else:
            found = self._by_time(desk, query, lanes, since)
        return list(islice(found, limit))

    def count(self, desk: Desk, query: Query) -> int:
        """By building them: what is one strip depends on every chunk."""
        return sum(1 for _ in self._in_lanes(desk, query, self._lanes(desk, query), ()))

    def _lanes(self, desk: Desk, query: Query) -> list[Lane]:
        if not all(_may_be_strip(one) for one in query.criteria):
            return []
        named = [StripId.parse(t.code) for one in query.of("_id") for t in one.tokens]
        if query.of("_id"):
            return sorted({lane for one in named if one for lane in _lane_of(desk, one)})
        encounter_ids = self.encounters_of(desk, query)
        devices = [charts.publics("dev", one.ids("Device")) for one in query.of("device")]
        if encounter_ids is None:
            encounter_ids = desk.encounter_ids(charts.around(query))
        types: set[int] | None = None
        for one in query.of("code"):
            if one.modifier != "not":
                these = {number for t in one.tokens for number in codes.types_of(t)}
                types = these if types is None else types & these
        return waves.lanes(
            desk.work,
            desk.principal,
            encounter_ids,
            device_ids=None if not devices else set(devices[0]).intersection(*devices[1:]),
            type_cfs=types,
        )

    def _in_lanes(
        self, desk: Desk, query: Query, lanes: Sequence[Lane], begun: Place
    ) -> Iterator[Hit]:
        for lane in lanes:
            key = (lane.encounter_id, lane.device_id, lane.type_cf)
            if begun and key < begun[:3]:
                continue
            start: datetime | None = begun[3] if begun and key == begun[:3] else None
            for strip in _forward(desk, lane, start):
                if (start is None or strip.start > start) and _fits(desk, query, strip):
                    yield Hit(_resource(desk, strip), (*key, strip.start))

    def _by_time(
        self, desk: Desk, query: Query, lanes: Sequence[Lane], since: Since | None
    ) -> Iterator[Hit]:
        walk = _backward if query.is_descending else _forward
        begun = since.place[0] if since is not None else None
        runs = [_keyed(walk(desk, lane, begun), lane) for lane in lanes]
        for key, strip in heapq.merge(*runs, key=lambda one: one[0], reverse=query.is_descending):
            place = (strip.start, key[1])
            if since is not None and not _is_behind(place, since, query.is_descending):
                continue
            if _fits(desk, query, strip):
                yield Hit(_resource(desk, strip), place)


def strip_of(desk: Desk, wanted: StripId) -> Element | None:
    """The strip of an id as it is now."""
    for lane in _lane_of(desk, wanted):
        end = wanted.start + timedelta(microseconds=1)
        for strip in strips(_cells(desk, lane, _cell(wanted.start), _cell(end) + _CELL)):
            if (strip.chunks[0].observation.observation_id, strip.start) == (
                wanted.first,
                wanted.start,
            ):
                return _resource(desk, strip)
    return None


def _lane_of(desk: Desk, wanted: StripId) -> list[Lane]:
    row = waves.chunk(desk.work, desk.principal, wanted.first)
    if row is None or row.encounter_id is None:
        return []
    return [Lane(row.encounter_id, row.device_id, row.type_cf)]


def _forward(desk: Desk, lane: Lane, since: datetime | None) -> Iterator[Strip]:
    """A lane's strips by time, from the cell of `since` on."""
    bounds = waves.bounds(
        desk.work, desk.principal, lane, start=since and _cell(since) - waves.LONGEST
    )
    at = None if bounds is None else max(_cell(bounds[0]), _cell(since) if since else _EPOCH)
    while bounds is not None and at is not None:
        found = _starting(desk, lane, at, at + _AT_ONCE)
        yield from found
        at += _AT_ONCE
        if at > bounds[1] + waves.LONGEST:
            return
        if not found:
            # Over a hole in the recording in one step.
            ahead = waves.bounds(desk.work, desk.principal, lane, start=at - waves.LONGEST)
            at = None if ahead is None else max(at, _cell(ahead[0]))


def _backward(desk: Desk, lane: Lane, since: datetime | None) -> Iterator[Strip]:
    """A lane's strips against time, from the cell of `since` on."""
    end = None if since is None else _cell(since) + _CELL
    bounds = waves.bounds(desk.work, desk.principal, lane, end=end)
    at = None if bounds is None else (end or _cell(bounds[1] + waves.LONGEST) + _CELL)
    while bounds is not None and at is not None and at > bounds[0]:
        found = _starting(desk, lane, at - _AT_ONCE, at)
        yield from reversed(found)
        at -= _AT_ONCE
        if not found:
            behind = waves.bounds(desk.work, desk.principal, lane, end=at)
            at = None if behind is None else min(at, _cell(behind[1] + waves.LONGEST) + _CELL)


def _starting(desk: Desk, lane: Lane, start: datetime, end: datetime) -> list[Strip]:
    """The strips that begin in whole cells from `start` up to `end`."""
    found = strips(_cells(desk, lane, start, end))
    return [strip for strip in found if start <= strip.start < end]


def _cells(desk: Desk, lane: Lane, start: datetime, end: datetime) -> list[StoredObservation]:
    return waves.chunks(desk.work, desk.principal, lane, start, end)


def _cell(at: datetime) -> datetime:
    return _EPOCH + (at - _EPOCH) // _CELL * _CELL


def _keyed(run: Iterator[Strip], lane: Lane) -> Iterator[tuple[tuple[datetime, str], Strip]]:
    name = f"{lane.encounter_id}|{lane.device_id}|{lane.type_cf:010}"
    for strip in run:
        yield (strip.start, name), strip


def _is_behind(place: tuple[datetime, str], since: Since, is_descending: bool) -> bool:
    mine: Place = place[: len(since.place)]
    if mine == since.place:
        return since.is_inclusive
    return mine < since.place if is_descending else mine > since.place


def _may_be_strip(one: Criterion) -> bool:
    """Whether a strip can fit at all: by identifier none is found, for the value is a digest."""
    match one.name:
        case "identifier":
            return False
        case "category":
            ours = [t for t in one.tokens if t.system in (None, systems.OBSERVATION_CATEGORY)]
            return any(t.code == CATEGORY for t in ours)
        case _:
            return True


def _fits(desk: Desk, query: Query, strip: Strip) -> bool:
    return all(_meets(desk, one, strip) for one in query.criteria)


def _meets(desk: Desk, one: Criterion, strip: Strip) -> bool:
    match one.name:
        case "_id":
            chart = desk.charts([strip.chunks[0].encounter_id or ""])
            names = chart[strip.chunks[0].encounter_id or ""].names
            return names.id_of("Strip", strip_name(strip)) in {t.code for t in one.tokens}
        case "date":
            return any(is_in_time(m, strip.start, strip.end) for m in one.moments)
        case "_lastUpdated":
            at = max(chunk.received_at for chunk in strip.chunks)
            return any(is_in_time(m, at, at) for m in one.moments)
        case "status":
            return "final" in {t.code for t in one.tokens}
        case "code":
            number = strip.first.type.cf_code
            is_there = any(number in codes.types_of(t) for t in one.tokens)
            return is_there != (one.modifier == "not")
        case _:
            return True


def _resource(desk: Desk, strip: Strip) -> Element:
    encounter_id = strip.chunks[0].encounter_id or ""
    names = desk.charts([encounter_id])[encounter_id].names
    clocks = Clocks(names, strip.chunks)
    changed_at = max(chunk.received_at for chunk in strip.chunks)
    resource = strip_observation(names, clocks, strip)
    return served(resource, names.id_of("Strip", strip_name(strip)), changed_at)
