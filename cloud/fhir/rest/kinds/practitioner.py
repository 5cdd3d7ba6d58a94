"""Practitioner and PractitionerRole: the crews by their ids; their names are not told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cloud.core.searching import items
from cloud.fhir.json import Element
from cloud.fhir.people import practitioner, practitioner_role
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import words_id
from cloud.fhir.rest.kind import Hit, Kind, Since, elements, served
from cloud.fhir.rest.matching import fits
from cloud.fhir.rest.names import CREW, RestNames
from cloud.fhir.rest.parameters import reference, token
from cloud.fhir.rest.query import Query


@dataclass(frozen=True, slots=True)
class _Crew:
    """Everybody who was in a crew, by their ids."""

    build: Callable[[RestNames, str], Element]

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """By id."""
        after = "" if since is None else str(since.place[0])
        return [one for one in self._all(desk, query) if one.place[0] > after][:limit]

    def count(self, desk: Desk, query: Query) -> int:
        """How many fit."""
        return len(self._all(desk, query))

    def read(self, desk: Desk, identity: str) -> Element | None:
        """The one of an id."""
        crew = items.crew_ids(desk.work, desk.principal, desk.within)
        named = [one for one in crew if words_id(CREW, one) == identity]
        return self._served(desk, named[0]) if named else None

    def _all(self, desk: Desk, query: Query) -> list[Hit]:
        crew = items.crew_ids(desk.work, desk.principal, desk.within)
        made = [Hit(self._served(desk, one), (one,)) for one in crew]
        return [hit for hit in made if fits(hit.resource, query.criteria)]

    def _served(self, desk: Desk, crew_id: str) -> Element:
        resource = self.build(desk.names(), crew_id)
        return served(resource, words_id(CREW, crew_id), desk.owner.created_at)


_PEOPLE: Final = _Crew(practitioner)
_ROLES: Final = _Crew(practitioner_role)
_IDENTIFIER: Final = token("identifier", "Our own id, or the service's.", path="identifier")

KIND: Final = Kind(
    name="Practitioner",
    says="The members of the crews, by the ids the service gave them.",
    parameters=(charts.BY_ID, _IDENTIFIER, token("active", "true.", path="active")),
    sources=(_PEOPLE,),
    read=_PEOPLE.read,
    summary=elements("identifier active name telecom address gender birthDate"),
)
ROLE: Final = Kind(
    name="PractitionerRole",
    says="What the members of the crews are to the service.",
    parameters=(
        charts.BY_ID,
        _IDENTIFIER,
        reference("practitioner", "The person.", ["Practitioner"], "practitioner"),
        reference("organization", "The service.", ["Organization"], "organization"),
    ),
    sources=(_ROLES,),
    read=_ROLES.read,
    summary=elements(
        "identifier active period practitioner organization code specialty location telecom"
    ),
)
