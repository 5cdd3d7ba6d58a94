"""The encounter of a delivery, as the hospital it goes to may see it."""

from __future__ import annotations

from typing import Final

from cloud.core.encounters.gathering import gather_sent
from cloud.core.encounters.handover import Handover
from cloud.core.exchange.claiming import Claim
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

DETAIL: Final = "trend"


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
