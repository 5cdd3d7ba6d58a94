"""The parts of a delivery: what a hospital is told, made once from the encounter as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cloud.core.encounters.handover import Handover
from cloud.core.exchange.placing import THERE
from cloud.core.exchange.tables import PartRow
from cloud.core.kernel.vault import Vault
from cloud.exchange.packing import seal_part
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import Element, dumps


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Octets for `target` below the server's base (empty: the base itself).

    `resources` has fullUrl, type, digest, state and identity of every entry of a transaction.
    """

    octets: bytes
    target: str = ""
    condition: str = ""
    resources: Sequence[Sequence[str]] = ()


def transaction_parts(handover: Handover) -> list[Part]:
    """Every page of the handover as a transaction of its own."""
    pages = HandoverPages(handover)
    return [transaction_part(pages.bundle(number)) for number in range(1, pages.count + 1)]


def transaction_part(bundle: Element) -> Part:
    """A transaction as it is sent."""
    entries = cast("Sequence[Mapping[str, Any]]", bundle["entry"])
    return Part(
        octets=dumps(bundle),
        resources=[
            [
                str(entry["fullUrl"]),
                str(entry["resource"]["resourceType"]),
                digest_of(entry["resource"]),
                THERE,
                identity_of(entry),
            ]
            for entry in entries
        ],
    )


def identity_of(entry: Mapping[str, Any]) -> str:
    """What a server knows the entry's resource by: the condition of its create or update."""
    request = entry["request"]
    return str(request.get("ifNoneExist") or request["url"].partition("?")[2])


def digest_of(resource: Mapping[str, Any]) -> str:
    """The SHA-256 of a resource as we write it."""
    return hashlib.sha256(dumps(resource)).hexdigest()


def part_rows(vault: Vault, delivery_id: str, parts: Sequence[Part]) -> list[PartRow]:
    """The parts as they are kept."""
    return [
        PartRow(
            delivery_id=delivery_id,
            number=number,
            sealed=seal_part(vault, part.octets, delivery_id=delivery_id, number=number),
            target=part.target,
            condition=part.condition,
            resources=[list(one) for one in part.resources],
        )
        for number, part in enumerate(parts)
    ]
