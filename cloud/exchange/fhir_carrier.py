"""Deliveries to a FHIR server: the encounter as transactions."""

from __future__ import annotations

from collections.abc import Callable

from cloud.core.exchange.claiming import Claim
from cloud.core.exchange.tables import PartRow
from cloud.core.exchange.verdicts import Verdict
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.composing import Part, transaction_parts
from cloud.exchange.fhir_sending import FhirSender
from cloud.exchange.gathering import gather_claimed
from cloud.exchange.packing import open_part


class FhirCarrier:
    """Carries to connections of kind fhir."""

    def __init__(self, vault: Vault, sender: FhirSender) -> None:
        self._vault = vault
        self._sender = sender

    def compose(self, work: UnitOfWork, held: Claim) -> Callable[[], list[Part]]:
        """Gather now, build later: a large bundle takes longer than a transaction should."""
        handover = gather_claimed(work, self._vault, held)
        return lambda: transaction_parts(handover)

    def carry(self, held: Claim, part: PartRow) -> Verdict:
        """Post one transaction, or one document."""
        return self._sender.post(
            held.connection,
            open_part(self._vault, part),
            target=part.target,
            condition=part.condition,
            entries=len(part.resources),
        )
