"""The document bundle: the whole report in one piece, as a clinician reads and signs it.

Composition first, every resource it leads to after it, no requests. It holds the trend: what a
person reads. A version is made once and never changed; a new version says what it replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.fhir.assembly import Assembly, Unit
from cloud.fhir.json import Element, element
from cloud.fhir.names import Named
from cloud.fhir.patient import pseudonymised, restricted
from cloud.fhir.selection import Detail
from cloud.fhir.times import instant

_TREND: Final = (
    "This document holds the trend of the readings; every reading is in the transaction."
)
_NEWEST: Final = "This pre-alert holds the newest reading of each vital sign."


def document_bundle(handover: Handover) -> Element:
    """The handover as a document, unsigned; the same handover gives the same octets."""
    made = Assembly(handover, Detail.TREND)
    return _document(made, _entries(made, made.units, _TREND))


def pre_alert_bundle(handover: Handover) -> Element:
    """What is sent minutes before the arrival: the report with the newest of each vital sign.

    The names are those of the documents that follow, so that a receiver knows them again. Before
    the handover its Composition is preliminary, and the final one replaces it.
    """
    made = Assembly(handover, Detail.TREND)
    return _document(made, _entries(made, made.newest(), _NEWEST), "pre-alert")


def _entries(made: Assembly, units: Sequence[Unit], note: str) -> list[Named]:
    readings = made.readings(units)
    procedures = made.shock_procedures()
    pictures = made.pictures(units)
    return [
        made.report(units, readings, procedures, pictures, note),
        *made.told.actors,
        made.encounter(),
        *made.devices(),
        *made.sources(units),
        *readings,
        *made.told.statements,
        *procedures,
        *pictures,
        *(one for pair in made.recordings(units) for one in pair),
        made.provenance(),
    ]


def _document(made: Assembly, entries: list[Named], *kind: str) -> Element:
    handover = made.handover
    projection = "pseudonymised" if handover.identity is None else "identified"
    stamp = instant(made.as_of)
    identity = made.names.within_encounter(
        "Document", str(handover.version), projection, stamp, *kind
    )
    return element(
        resourceType="Bundle",
        meta={"security": pseudonymised() if handover.identity is None else restricted()},
        identifier={"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{identity}"},
        type="document",
        timestamp=stamp,
        entry=[{"fullUrl": one.url, "resource": one.resource} for one in entries],
    )
