"""Deliveries to a FHIR server: the encounter as transactions, new or over what lies there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from cloud.core.encounters.handover import Handover
from cloud.core.exchange.causes import UNLINKING, WITHDRAWAL
from cloud.core.exchange.claiming import Claim
from cloud.core.exchange.placing import THERE, placed
from cloud.core.exchange.tables import PartRow, PlacedRow
from cloud.core.exchange.verdicts import Outcome, Verdict
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.exchange.composing import Part
from cloud.exchange.correcting import Resource, corrected_part, is_record, withdrawal_parts
from cloud.exchange.fhir_sending import FhirSender
from cloud.exchange.gathering import gather_claimed
from cloud.exchange.packing import open_part
from cloud.exchange.rereading import resolve
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.names import Names
from cloud.fhir.selection import Detail, select
from cloud.fhir.waveform import strip_name


class FhirCarrier:
    """Carries to connections of kind fhir; reading again takes `longest` seconds in all."""

    def __init__(self, vault: Vault, sender: FhirSender, longest: float) -> None:
        self._vault = vault
        self._sender = sender
        self._longest = longest

    def compose(self, work: UnitOfWork, held: Claim) -> Callable[[], list[Part]]:
        """Gather now, build later: a large bundle takes longer than a transaction should."""
        delivery = held.delivery
        known = placed(work, delivery.connection_id, delivery.encounter_id)
        if delivery.kind in (WITHDRAWAL, UNLINKING):
            sent = self._last_sent(work, known.values())
            is_unlinking = delivery.kind == UNLINKING
            wrong = withdrawal_parts(
                known.values(),
                sent,
                known,
                cause=delivery.cause,
                frees_identifiers=is_unlinking,
            )
            if not is_unlinking:
                return lambda: wrong
            handover = gather_claimed(work, self._vault, held)
            return lambda: [*wrong, *_record_parts(handover, {})]
        handover = gather_claimed(work, self._vault, held)
        sent = self._last_sent(work, _missing(handover, known))
        return lambda: _parts(handover, known, sent, delivery.cause)

    def carry(self, held: Claim, part: PartRow) -> Verdict:
        """Post one transaction, or one document; read again what it conflicts with."""
        octets = open_part(self._vault, part)
        verdict = self._sender.post(
            held.connection,
            octets,
            target=part.target,
            condition=part.condition,
            entries=len(part.resources),
        )
        if verdict.outcome is not Outcome.CONFLICT:
            return verdict
        return resolve(self._sender, held.connection, octets, verdict, self._longest)

    def _last_sent(self, work: UnitOfWork, rows: Iterable[PlacedRow]) -> dict[str, Resource]:
        """What was sent last of these, by fullUrl."""
        wanted = [row for row in rows if row.state == THERE and is_record(row.resource_type)]
        found: dict[str, Resource] = {}
        for name in sorted({(row.delivery_id, row.part) for row in wanted}):
            part = work.session.get_one(PartRow, name)
            document = json.loads(open_part(self._vault, part), parse_float=Decimal)
            for row in wanted:
                if (row.delivery_id, row.part) == name:
                    found[row.full_url] = _resource(document, row.full_url)
        return found


def _parts(
    handover: Handover, known: Mapping[str, PlacedRow], sent: Mapping[str, Resource], cause: str
) -> list[Part]:
    """The record as it is, and what is no longer in it as entered in error."""
    gone = [known[full_url] for full_url in sent]
    parts = _record_parts(handover, known)
    told = {resource[0] for part in parts for resource in part.resources}
    wrong = [row for row in gone if row.full_url not in told]
    # A reading that was moved is created anew for its own encounter and must not find this one.
    return [
        *parts,
        *withdrawal_parts(wrong, sent, known, cause=cause, frees_identifiers=True),
    ]


def _record_parts(handover: Handover, known: Mapping[str, PlacedRow]) -> list[Part]:
    pages = HandoverPages(handover)
    return [corrected_part(pages.bundle(number), known) for number in range(1, pages.count + 1)]


def _missing(handover: Handover, known: Mapping[str, PlacedRow]) -> list[PlacedRow]:
    """What may have to be withdrawn: records that are no reading of the encounter's any more.

    The trend leaves readings out that it told before; those are still true.
    """
    names = Names.of(handover)
    true = {
        names.urn("Observation", str(one.observation.observation_id))
        for one in handover.observations
    }
    strips = select(handover.observations, Detail.FULL).strips if known else ()
    true |= {names.urn("Strip", strip_name(strip)) for strip in strips}
    return [row for row in known.values() if row.full_url not in true]


def _resource(document: Mapping[str, Any], full_url: str) -> Resource:
    entries: Sequence[Mapping[str, Any]] = document["entry"]
    found: Resource = next(one["resource"] for one in entries if one["fullUrl"] == full_url)
    return found
