"""The encounter of a delivery, as the hospital it goes to may see it."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.documents import Maker, document
from cloud.core.encounters.finding import find
from cloud.core.encounters.gathering import gather_sent
from cloud.core.encounters.handover import Handover
from cloud.core.encounters.projections import projected
from cloud.core.exchange.claiming import Claim
from cloud.core.kernel.exact_json import dumps, loads
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations.queries import between
from cloud.core.observations.stored import StoredObservation

DETAIL: Final = "trend"


def readings_of(work: UnitOfWork, held: Claim) -> list[StoredObservation]:
    """The readings a delivery of vitals is about: those of its row numbers."""
    delivery = held.delivery
    after, through = delivery.after_row or 0, delivery.through_row or 0
    return between(work, held.caller, delivery.encounter_id, after, through)


def document_of(work: UnitOfWork, vault: Vault, held: Claim, maker: Maker) -> bytes:
    """The newest signed document of the encounter, in the same projection."""
    row = find(work, held.caller, held.delivery.encounter_id)
    connection = held.connection
    is_identified = connection.is_identified and row.destination == connection.facility_id
    shown = projected(work, vault, held.caller, row, is_identified=is_identified)
    made = document(work, vault, held.caller, row.encounter_id, maker, shown=shown)
    return dumps({**loads(made.octets), "signature": made.signature})


def gather_claimed(work: UnitOfWork, vault: Vault, held: Claim) -> Handover:
    """Identified only over a connection that may be, to the facility the patient comes to.

    NotFoundError when the encounter is gone; the export is audited.
    """
    connection = held.connection
    return gather_sent(
        work,
        vault,
        held.caller,
        held.delivery.encounter_id,
        DETAIL,
        facility_id=connection.facility_id if connection.is_identified else "",
    )
