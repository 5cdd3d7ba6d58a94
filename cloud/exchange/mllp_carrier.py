"""Deliveries over MLLP: the readings of an encounter as messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cloud.core.exchange.causes import VITALS
from cloud.core.exchange.claiming import Claim
from cloud.core.exchange.tables import PartRow
from cloud.core.exchange.verdicts import Verdict
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.composing import Part
from cloud.exchange.gathering import gather_claimed, readings_of
from cloud.exchange.mllp_sending import MllpSender
from cloud.exchange.packing import open_part
from cloud.fhir.selection import Detail, select
from cloud.hl7v2.results import Envelope, results_message

READINGS_A_MESSAGE: Final = 150
_ID_DIGITS: Final = 15


class MllpCarrier:
    """Carries to connections of kind mllp."""

    def __init__(self, vault: Vault, sender: MllpSender) -> None:
        self._vault = vault
        self._sender = sender

    def compose(self, work: UnitOfWork, held: Claim) -> Callable[[], list[Part]]:
        """The trend of the readings, so many a message; of vitals those that are new."""
        handover = gather_claimed(work, self._vault, held)
        made_at = work.now
        told = handover.observations
        if held.delivery.kind == VITALS:
            told = readings_of(work, held)

        def make() -> list[Part]:
            readings = select(told, Detail.TREND).readings
            pages = range(0, max(len(readings), 1), READINGS_A_MESSAGE)
            return [
                Part(
                    octets=results_message(
                        handover,
                        readings[first : first + READINGS_A_MESSAGE],
                        Envelope(
                            control_id=control_id(held.delivery.delivery_id, number),
                            made_at=made_at,
                            facility_id=held.connection.facility_id,
                        ),
                    )
                )
                for number, first in enumerate(pages)
            ]

        return make

    def carry(self, held: Claim, part: PartRow) -> Verdict:
        """Send one message."""
        name = control_id(part.delivery_id, part.number)
        return self._sender.send(held.connection, open_part(self._vault, part), name)


def control_id(delivery_id: str, number: int) -> str:
    """MSH-10 of a part, 20 characters: the same each time it is sent, so a receiver can tell."""
    return f"{delivery_id.rpartition('_')[2][:_ID_DIGITS]}-{number:04d}"
