"""DeviceMetric: what of a monitor measured; other devices are told whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.observations.queries import stored
from cloud.core.searching import equipment
from cloud.fhir.json import Element
from cloud.fhir.metric import metric
from cloud.fhir.rest import charts
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import MetricId
from cloud.fhir.rest.kind import Hit, Kind, Since, elements, served
from cloud.fhir.rest.matching import fits
from cloud.fhir.rest.parameters import reference, token
from cloud.fhir.rest.query import Query


class _Metrics:
    """The types among the newest readings of each monitor: a service has few monitors."""

    def hits(self, desk: Desk, query: Query, since: Since | None, limit: int) -> Sequence[Hit]:
        """By id."""
        after = "" if since is None else str(since.place[0])
        return [one for one in self._all(desk, query) if one.place[0] > after][:limit]

    def count(self, desk: Desk, query: Query) -> int:
        """How many fit."""
        return len(self._all(desk, query))

    def _all(self, desk: Desk, query: Query) -> list[Hit]:
        wanted = desk.monitors
        for one in query.of("source"):
            wanted = wanted & set(charts.publics("dev", one.ids("Device")))
        names = [
            MetricId.of(device_id, type_cf)
            for device_id in sorted(wanted)
            for type_cf in equipment.measured_lately(
                desk.work, desk.principal, device_id, desk.within
            )
        ]
        made = [(str(name), _made(desk, name)) for name in names]
        found = [Hit(one, (name,)) for name, one in sorted(made, key=_name) if one is not None]
        return [hit for hit in found if fits(hit.resource, query.criteria)]


def _name(made: tuple[str, Element | None]) -> str:
    return made[0]


def _made(desk: Desk, name: MetricId) -> Element | None:
    row = equipment.newest_of_type(
        desk.work, desk.principal, name.device_id, name.type_cf, desk.within
    )
    if row is None or name.device_id not in desk.monitors:
        return None
    (reading,) = stored(desk.work, desk.principal, [row])
    return served(metric(desk.names(), reading), str(name), desk.owner.created_at)


def _read(desk: Desk, identity: str) -> Element | None:
    name = MetricId.parse(identity)
    return None if name is None else _made(desk, name)


KIND: Final = Kind(
    name="DeviceMetric",
    says="What monitors measured lately, one metric a type; other devices are told whole.",
    parameters=(
        charts.BY_ID,
        token("identifier", "Our own id of it.", path="identifier"),
        token("type", "ISO/IEEE 11073-10101 by its number.", path="type"),
        token("category", "measurement.", path="category"),
        reference("source", "The monitor.", ["Device"], "source"),
    ),
    sources=(_Metrics(),),
    read=_read,
    summary=elements("identifier type unit source parent operationalStatus color category"),
)
