"""Organization: the ambulance service itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.fhir.json import Element
from cloud.fhir.organization import organization
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.kind import Hit, Kind, Since, elements, served
from cloud.fhir.rest.matching import fits
from cloud.fhir.rest.parameters import string, token
from cloud.fhir.rest.query import Query


class _Service:
    """The one organisation a caller belongs to."""

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """It, if it fits."""
        is_there = since is None and limit > 0 and self.count(desk, query)
        return [Hit(_resource(desk), ("",))] if is_there else []

    def count(self, desk: Desk, query: Query) -> int:
        """One or none."""
        return int(fits(_resource(desk), query.criteria))


def _resource(desk: Desk) -> Element:
    names = desk.names()
    resource = organization(names, desk.nowhere())
    return served(resource, names.id_of("Organization", ""), desk.owner.created_at)


def _read(desk: Desk, identity: str) -> Element | None:
    resource = _resource(desk)
    return resource if resource["id"] == identity else None


KIND: Final = Kind(
    name="Organization",
    says="The ambulance service.",
    parameters=(
        charts.BY_ID,
        token("identifier", "Our own id of the service.", path="identifier"),
        string("name", "The name.", path="name"),
    ),
    sources=(_Service(),),
    read=_read,
    summary=elements("identifier active type name telecom address partOf contact"),
)
