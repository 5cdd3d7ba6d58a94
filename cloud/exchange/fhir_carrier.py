"""Deliveries to a FHIR server: transactions, new or over what lies there, documents, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cloud.core.encounters.documents import Maker
from cloud.core.encounters.handover import Handover
from cloud.core.exchange.causes import PRE_ALERT, UNLINKING, VITALS, WITHDRAWAL
from cloud.core.exchange.claiming import Claim
from cloud.core.exchange.placing import placed
from cloud.core.exchange.tables import PartRow
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.exact_json import loads
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.composing import Part, as_transaction, document_part
from cloud.exchange.correcting import Known, Resource, corrected_part, withdrawal_parts
from cloud.exchange.fhir_sending import FhirSender
from cloud.exchange.gathering import document_of, gather_claimed
from cloud.exchange.last_sent import last_sent, maybe_gone
from cloud.exchange.packing import open_part
from cloud.exchange.rereading import resolve
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.document import pre_alert_bundle
from cloud.fhir.json import dumps

DOCUMENT: Final = "document"
TRANSACTION: Final = "transaction"
Make = Callable[[], list[Part]]


class FhirCarrier:
    """Carries to connections of kind fhir; reading again takes `longest` seconds in all."""

    def __init__(self, vault: Vault, sender: FhirSender, maker: Maker, longest: float) -> None:
        self._vault = vault
        self._sender = sender
        self._maker = maker
        self._longest = longest

    def compose(self, work: UnitOfWork, held: Claim) -> Make:
        """Gather now, build later: a large bundle takes longer than a transaction should."""
        form = held.connection.form
        makes: list[Make] = []
        if held.delivery.kind == PRE_ALERT:
            makes.append(self._pre_alert(work, held))
        else:
            if form != DOCUMENT:
                makes.append(self._records(work, held))
            # A document tells of a version: readings under way make none.
            if form != TRANSACTION and held.delivery.kind != VITALS:
                makes.append(self._document(work, held))
        return lambda: [part for make in makes for part in make()]

    def carry(self, held: Claim, part: PartRow) -> Verdict:
        """Post one transaction, or one document; read again what it conflicts with."""
        octets = open_part(self._vault, part)
        verdict = self._sender.post(
            held.connection,
            octets,
            target=part.target,
            condition=part.condition,
            entries=0 if part.target else len(part.resources),
        )
        if verdict.outcome is not Outcome.CONFLICT:
            return verdict
        return resolve(self._sender, held.connection, octets, verdict, self._longest)

    def _pre_alert(self, work: UnitOfWork, held: Claim) -> Make:
        delivery, form = held.delivery, held.connection.form
        known = placed(work, delivery.connection_id, delivery.encounter_id)
        handover = gather_claimed(work, self._vault, held)

        def make() -> list[Part]:
            bundle = pre_alert_bundle(handover)
            parts = []
            if form != DOCUMENT:
                parts.append(corrected_part(as_transaction(bundle), known))
            if form != TRANSACTION:
                parts.append(document_part(dumps(bundle), bundle))
            return parts

        return make

    def _records(self, work: UnitOfWork, held: Claim) -> Make:
        delivery = held.delivery
        known = placed(work, delivery.connection_id, delivery.encounter_id)
        if delivery.kind not in (WITHDRAWAL, UNLINKING):
            handover = gather_claimed(work, self._vault, held)
            sent = last_sent(work, self._vault, maybe_gone(handover, known))
            return lambda: _current(handover, known, sent, delivery.cause)
        is_unlinking = delivery.kind == UNLINKING
        wrong = withdrawal_parts(
            known.values(),
            last_sent(work, self._vault, known.values()),
            known,
            cause=delivery.cause,
            frees_identifiers=is_unlinking,
        )
        if not is_unlinking:
            return lambda: wrong
        right = gather_claimed(work, self._vault, held)
        return lambda: [*wrong, *_pages(right, {})]

    def _document(self, work: UnitOfWork, held: Claim) -> Make:
        octets = document_of(work, self._vault, held, self._maker)
        return lambda: [document_part(octets, loads(octets))]


def _current(handover: Handover, known: Known, sent: dict[str, Resource], cause: str) -> list[Part]:
    """The record as it is, and what is no longer in it as entered in error."""
    parts = _pages(handover, known)
    told = {resource[0] for part in parts for resource in part.resources}
    gone = [known[full_url] for full_url in sent if full_url not in told]
    # A reading that was moved is created anew for its own encounter and must not find this one.
    wrong = withdrawal_parts(gone, sent, known, cause=cause, frees_identifiers=True)
    return [*parts, *wrong]


def _pages(handover: Handover, known: Known) -> list[Part]:
    pages = HandoverPages(handover)
    return [corrected_part(pages.bundle(number), known) for number in range(1, pages.count + 1)]
