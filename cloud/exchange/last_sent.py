"""What a hospital was sent of an encounter, read back from the parts as they were sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from cloud.core.encounters.handover import Handover
from cloud.core.exchange.placing import THERE
from cloud.core.exchange.tables import PartRow, PlacedRow
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.correcting import Known, Resource, is_record
from cloud.exchange.packing import open_part
from cloud.fhir.assembly import Assembly
from cloud.fhir.names import Names
from cloud.fhir.selection import Detail
from cloud.fhir.strips import Leads, Strip
from cloud.fhir.waveform import leads_name, strip_name


def last_sent(work: UnitOfWork, vault: Vault, rows: Iterable[PlacedRow]) -> dict[str, Resource]:
    """The records among these that are there, as they were sent last, by fullUrl."""
    wanted = [row for row in rows if row.state == THERE and is_record(row.resource_type)]
    found: dict[str, Resource] = {}
    for name in sorted({(row.delivery_id, row.part) for row in wanted}):
        part = work.session.get_one(PartRow, name)
        document: Mapping[str, Any] = json.loads(open_part(vault, part), parse_float=Decimal)
        resources = {one["fullUrl"]: one["resource"] for one in document["entry"]}
        for row in wanted:
            if (row.delivery_id, row.part) == name:
                found[row.full_url] = resources[row.full_url]
    return found


def maybe_gone(handover: Handover, known: Known) -> list[PlacedRow]:
    """What of it is no reading of the encounter any more, or none that can be told from here.

    The trend leaves readings out that it told before; those are still true.
    """
    if not known:
        return []
    names = Names.of(handover)
    true = {
        names.urn("Observation", str(one.observation.observation_id))
        for one in handover.observations
    }
    for unit in Assembly(handover, Detail.FULL).units:
        if isinstance(unit, Leads):
            true |= {names.urn(kind, leads_name(unit)) for kind in ("Leads", "EcgPicture")}
            true |= {names.urn("Strip", strip_name(one)) for one in unit.strips}
        elif isinstance(unit, Strip):
            true.add(names.urn("Strip", strip_name(unit)))
    return [row for row in known.values() if row.full_url not in true]
