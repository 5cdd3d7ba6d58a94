"""Reads bundles back for the tests of their makers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import handover

Json = Any
"""Parsed JSON of any shape."""


def bundle_of(
    handed: Handover, detail: Detail = Detail.FULL, page: int = 1, *, update: bool = False
) -> Json:
    """A page of a handover as a hospital reads it, numbers as `Decimal`."""
    pages = HandoverPages(handed, detail=detail, update=update)
    return json.loads(dumps(pages.bundle(page)), parse_float=Decimal)


def resources(bundle: Json, kind: str) -> list[Json]:
    """The resources of one type, in order."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if one["resourceType"] == kind]


def observation_of(stored: StoredObservation) -> Json:
    """The resource one reading becomes; clock observations aside."""
    found = resources(bundle_of(handover([stored])), "Observation")
    (one,) = [one for one in found if "encounter" in one]
    return one


def codes(concept: Json) -> list[tuple[str, str]]:
    """System and code of every coding."""
    return [(coding["system"], coding["code"]) for coding in concept["coding"]]
