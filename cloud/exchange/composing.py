"""The parts of a delivery: what a hospital is told, made once from the encounter as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cloud.core.exchange.placing import THERE
from cloud.core.exchange.tables import PartRow
from cloud.core.kernel.vault import Vault
from cloud.exchange.packing import seal_part
from cloud.fhir.json import Element, dumps
from cloud.fhir.names import Named, created


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Octets for `target` below the server's base (empty: the base itself).

    `resources` has fullUrl, type, digest, state and identity of every entry of a transaction.
    """

    octets: bytes
    target: str = ""
    condition: str = ""
    resources: Sequence[Sequence[str]] = ()


def document_part(octets: bytes, bundle: Mapping[str, Any]) -> Part:
    """A document as it is stored: created unless the server has it."""
    name = bundle["identifier"]
    identity = f"identifier={name['system']}|{name['value']}"
    digest = hashlib.sha256(octets).hexdigest()
    return Part(
        octets=octets,
        target="Bundle",
        condition=identity,
        resources=[[str(name["value"]), "Bundle", digest, THERE, identity]],
    )


def as_transaction(document: Element) -> Element:
    """The resources of a document as a transaction that creates each of them.

    What has no identifier could not be created once only, and is left out: Provenance.
    """
    entries = cast("Sequence[Mapping[str, Element]]", document["entry"])
    return {
        **document,
        "type": "transaction",
        "entry": [
            created(Named(str(entry["fullUrl"]), entry["resource"]))
            for entry in entries
            if "identifier" in entry["resource"]
        ],
    }


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
