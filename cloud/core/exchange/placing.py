"""Which of our resources lie where at a hospital, as its answers said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import select

from cloud.core.exchange.tables import DeliveryRow, PartRow, PlacedRow
from cloud.core.exchange.verdicts import Placement
from cloud.core.kernel.work import UnitOfWork

THERE: Final = "there"
WITHDRAWN: Final = "withdrawn"


def place(
    work: UnitOfWork, delivery: DeliveryRow, part: PartRow, placements: Sequence[Placement]
) -> None:
    """Note where each entry of a part lies now; entries without a location are left out."""
    if not placements:
        return
    urls = [resource[0] for resource in part.resources]
    statement = select(PlacedRow).where(
        PlacedRow.connection_id == delivery.connection_id, PlacedRow.full_url.in_(urls)
    )
    known = {row.full_url: row for row in work.session.scalars(statement)}
    told = zip(part.resources, placements, strict=True)
    for (full_url, kind, digest, state, identity), placement in told:
        if not placement.location:
            continue
        row = known.get(full_url)
        if row is None:
            row = PlacedRow(connection_id=delivery.connection_id, full_url=full_url)
            row.encounter_id, row.resource_type = delivery.encounter_id, kind
            work.session.add(row)
        row.location, row.etag = placement.location, placement.etag
        row.digest, row.state, row.identity = digest, state, identity
        row.delivery_id, row.part, row.placed_at = delivery.delivery_id, part.number, work.now


def note_versions(work: UnitOfWork, delivery: DeliveryRow, versions: Mapping[str, str]) -> None:
    """Note the versions by location that were read again: what is sent next goes over those."""
    statement = select(PlacedRow).where(
        PlacedRow.connection_id == delivery.connection_id,
        PlacedRow.location.in_(list(versions)),
    )
    for row in work.session.scalars(statement):
        row.etag = versions[row.location]


def placed(work: UnitOfWork, connection_id: str, encounter_id: str) -> dict[str, PlacedRow]:
    """What lies at a hospital of one encounter, by fullUrl."""
    statement = select(PlacedRow).where(
        PlacedRow.connection_id == connection_id, PlacedRow.encounter_id == encounter_id
    )
    return {row.full_url: row for row in work.session.scalars(statement)}
