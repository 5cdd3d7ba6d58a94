"""Corrections of what a hospital has already: updates under the version it told us, and records
entered in error. Nothing is ever deleted there.

What did not change is sent as before: a conditional create that finds it, so that references to it
resolve. A Patient is updated only over the very version we know: the hospital may have made it one
with its own record since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID, uuid5

from cloud.core.exchange.placing import THERE, WITHDRAWN
from cloud.core.exchange.tables import PlacedRow
from cloud.exchange.composing import Part, digest_of, identity_of
from cloud.fhir.json import Element, dumps

Resource = dict[str, Any]
Known = Mapping[str, PlacedRow]
ENTRIES_A_PART: Final = 200
_BUNDLES: Final = UUID("3b0a0e5e-5c0c-4c39-9d3e-6f1f7a2b9f51")
_BY_STATUS: Final = frozenset(
    {
        "Composition",
        "DocumentReference",
        "Encounter",
        "MedicationAdministration",
        "MedicationStatement",
        "Observation",
        "Procedure",
    }
)
_BY_VERIFICATION: Final = {
    "Condition": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
    "AllergyIntolerance": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
}
_IN_ERROR: Final = "entered-in-error"


def is_record(resource_type: str) -> bool:
    """Whether it tells of the patient's care: only such can be entered in error."""
    return resource_type in _BY_STATUS or resource_type in _BY_VERIFICATION


def corrected_part(bundle: Element, known: Known) -> Part:
    """A page of the record as it is now, for a hospital that has `known` of it.

    Where the encounter has become another patient's, every record goes to that one.
    """
    entries = cast("Sequence[Resource]", bundle["entry"])
    moves = any(
        entry["resource"]["resourceType"] == "Patient"
        and entry["fullUrl"] in known
        and known[entry["fullUrl"]].identity != identity_of(entry)
        for entry in entries
    )
    made, resources = [], []
    for entry in entries:
        resource, row = entry["resource"], known.get(entry["fullUrl"])
        digest = digest_of(resource)
        if row is not None and _is_update(row, entry, digest, moves=moves):
            made.append(_put(row, resource))
        else:
            made.append(entry)
        kind = resource["resourceType"]
        resources.append([entry["fullUrl"], kind, digest, THERE, identity_of(entry)])
    return Part(octets=dumps({**bundle, "entry": made}), resources=resources)


def withdrawal_parts(
    rows: Iterable[PlacedRow],
    sent: Mapping[str, Resource],
    known: Known,
    *,
    cause: str,
    frees_identifiers: bool = False,
) -> list[Part]:
    """Transactions that mark these as entered in error, as they were `sent` last.

    `frees_identifiers` changes our identifiers in them, so that a conditional create of the right
    record does not find the wrong one.
    """
    there = [
        row
        for row in rows
        if row.state == THERE
        and is_record(row.resource_type)
        and not _is_of_a_device(sent[row.full_url], known)
    ]
    entries = []
    for row in there:
        resource = _in_error(_at_the_hospital(sent[row.full_url], known))
        if frees_identifiers:
            resource = _renamed(resource)
        entries.append((row, _put(row, resource)))
    parts = []
    for first in range(0, len(entries), ENTRIES_A_PART):
        page = entries[first : first + ENTRIES_A_PART]
        name = uuid5(_BUNDLES, f"{cause}/{first}")
        bundle: Element = {
            "resourceType": "Bundle",
            "identifier": {"system": "urn:ietf:rfc:3986", "value": name.urn},
            "type": "transaction",
            "entry": [entry for _, entry in page],
        }
        resources = [
            [row.full_url, row.resource_type, digest_of(entry["resource"]), WITHDRAWN, row.identity]
            for row, entry in page
        ]
        parts.append(Part(octets=dumps(bundle), resources=resources))
    return parts


def _is_update(row: PlacedRow, entry: Resource, digest: str, *, moves: bool) -> bool:
    """Whether the hospital has this very thing, and has it wrongly."""
    kind = entry["resource"]["resourceType"]
    if not row.location or row.identity != identity_of(entry):
        return False
    if kind == "Patient" and not row.etag:
        return False
    return row.digest != digest or row.state != THERE or (moves and is_record(kind))


def _put(row: PlacedRow, resource: Mapping[str, Any]) -> Resource:
    request = {"method": "PUT", "url": row.location}
    if row.etag:
        request["ifMatch"] = row.etag
    name = row.location.partition("/")[2]
    kind = resource["resourceType"]
    rest = {key: value for key, value in resource.items() if key not in ("resourceType", "id")}
    return {
        "fullUrl": row.full_url,
        "resource": {"resourceType": kind, "id": name, **rest},
        "request": request,
    }


def _in_error(resource: Resource) -> Resource:
    system = _BY_VERIFICATION.get(resource["resourceType"])
    if system is None:
        return {**resource, "status": _IN_ERROR}
    # With this verification there must be no clinical status (con-5, ait-2).
    rest = {key: value for key, value in resource.items() if key != "clinicalStatus"}
    coding = {"system": system, "code": _IN_ERROR}
    return {**rest, "verificationStatus": {"coding": [coding]}}


def _is_of_a_device(resource: Resource, known: Known) -> bool:
    """What a device's clock said stays true, whoever the patient was."""
    subject = known.get(resource.get("subject", {}).get("reference", ""))
    return subject is not None and subject.resource_type == "Device"


def _at_the_hospital(value: Any, known: Known) -> Any:  # noqa: ANN401 - JSON
    """References inside a bundle become references to where things lie now."""
    if isinstance(value, dict):
        return {name: _referred(name, inner, known) for name, inner in value.items()}
    if isinstance(value, list):
        return [_at_the_hospital(one, known) for one in value]
    return value


def _referred(name: str, value: Any, known: Known) -> Any:  # noqa: ANN401 - JSON
    if name != "reference" or not isinstance(value, str):
        return _at_the_hospital(value, known)
    row = known.get(value)
    return value if row is None or not row.location else row.location


def _renamed(resource: Resource) -> Resource:
    given = resource.get("identifier")
    if given is None:
        return resource
    listed = given if isinstance(given, list) else [given]
    renamed = [{**one, "use": "old", "value": f"{one['value']}-withdrawn"} for one in listed]
    return {**resource, "identifier": renamed if isinstance(given, list) else renamed[0]}
