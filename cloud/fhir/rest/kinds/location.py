"""Location: vehicles of the service, where patients were found, and where they are brought to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cloud.core.kernel.identifiers import public_id
from cloud.core.searching import equipment, items
from cloud.fhir.json import Element
from cloud.fhir.organization import facility, scene, vehicle
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import as_uuid, words_id
from cloud.fhir.rest.kind import Hit, Kind, Since, elements, served
from cloud.fhir.rest.matching import fits
from cloud.fhir.rest.names import HOSPITAL, SCENE, VEHICLE
from cloud.fhir.rest.parameters import reference, string, token
from cloud.fhir.rest.query import Query

_MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class _Places:
    """Places known by words: there are few of them, they are looked through by name."""

    sign: str
    words: Callable[[Desk], Sequence[str]]
    build: Callable[[Desk, str], Element]

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """By name."""
        after = "" if since is None else str(since.place[0])
        found = [one for one in self._all(desk, query) if one.place[0] > after]
        return found[:limit]

    def count(self, desk: Desk, query: Query) -> int:
        """How many fit."""
        return len(self._all(desk, query))

    def read(self, desk: Desk, identity: str) -> Element | None:
        """The place of an id."""
        if not identity.lower().startswith(f"{self.sign}-"):
            return None
        named = [one for one in self.words(desk) if words_id(self.sign, one) == identity]
        return self._served(desk, named[0]) if named else None

    def _all(self, desk: Desk, query: Query) -> list[Hit]:
        made = [Hit(self._served(desk, one), (one,)) for one in sorted(self.words(desk))]
        return [hit for hit in made if fits(hit.resource, query.criteria)]

    def _served(self, desk: Desk, words: str) -> Element:
        return served(self.build(desk, words), words_id(self.sign, words), desk.owner.created_at)


def _vehicle_names(desk: Desk) -> list[str]:
    seen = items.vehicle_ids(desk.work, desk.principal, desk.within) if desk.within else None
    rows = equipment.vehicles(desk.work, desk.principal, vehicle_ids=seen, limit=_MOST)
    return [row.vehicle_id for row in rows]


def _vehicle(desk: Desk, words: str) -> Element:
    return vehicle(desk.names(vehicle_id=words), desk.nowhere(vehicle_id=words))


def _facility_names(desk: Desk) -> list[str]:
    return items.destinations(desk.work, desk.principal, desk.within)


def _facility(desk: Desk, words: str) -> Element:
    return facility(desk.names(), desk.nowhere(), words)


_VEHICLES: Final = _Places(VEHICLE, _vehicle_names, _vehicle)
_FACILITIES: Final = _Places(HOSPITAL, _facility_names, _facility)


def _scene(desk: Desk, identity: str) -> Element | None:
    """Where a patient was found is told for its encounter alone, and found through it."""
    found = as_uuid(identity.removeprefix(SCENE))
    chart = None if found is None else desk.chart(public_id("enc", found))
    if chart is None or chart.handover.record.time("on_scene") is None:
        return None
    return served(scene(chart.names), identity, chart.row.created_at)


def _read(desk: Desk, identity: str) -> Element | None:
    if identity.startswith(SCENE):
        return _scene(desk, identity)
    return _VEHICLES.read(desk, identity) or _FACILITIES.read(desk, identity)


KIND: Final = Kind(
    name="Location",
    says=(
        "The vehicles of the service and the facilities patients are brought to. Where a patient "
        "was found is read by the reference in the encounter alone."
    ),
    parameters=(
        charts.BY_ID,
        token("identifier", "Our own id, or the service's own name of it.", path="identifier"),
        string("name", "The name.", path="name"),
        token("type", "AMB or ER.", path="type"),
        reference("organization", "The service.", ["Organization"], "managingOrganization"),
    ),
    sources=(_VEHICLES, _FACILITIES),
    read=_read,
    summary=elements(
        "identifier status operationalStatus name alias description mode type physicalType "
        "managingOrganization"
    ),
)
