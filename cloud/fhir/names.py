"""How the resources of one handover are called: by each other, and by the hospital's server.

A resource is known inside the bundle by a `urn:uuid`, worked out from tenant, encounter, its kind
and a local name, so that the same handover always gives the same octets. The hospital's server
knows it again by its first identifier, a reading by the one of this encounter. Identifier values
are UUIDs or other words of letters, digits, `.`, `_`, `:` and `-`: a `+` or `|` in a conditional
create would break it.

Every resource has one builder, a function of `Names` and what is told that returns the bare
resource; it knows nothing of bundles. A builder refers to others by `names.reference(kind, local)`
alone, so whoever serves resources one by one gives it `Names` of its own whose `reference` says
`Device/<id>` instead of a `urn:uuid`. `KINDS` lists the kinds and what their local names are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.json import Element

_NAMESPACE: Final = UUID("0d0f9d0e-6c0b-4f57-8a44-2f6f4f1f6d55")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:-]+")

KINDS: Final[Mapping[str, str]] = {
    "Allergy": "AllergyIntolerance",
    "Clock": "Observation",
    "Composition": "Composition",
    "Device": "Device",
    "EcgBinary": "Binary",
    "EcgPicture": "DocumentReference",
    "EcgRecording": "DocumentReference",
    "Encounter": "Encounter",
    "Fact": "Observation",
    "Facility": "Location",
    "Finding": "Observation",
    "Gateway": "Device",
    "History": "Condition",
    "Impression": "Condition",
    "Leads": "Observation",
    "Location": "Location",
    "Medication": "MedicationAdministration",
    "Metric": "DeviceMetric",
    "Observation": "Observation",
    "Organization": "Organization",
    "PastMedication": "MedicationStatement",
    "Patient": "Patient",
    "Photograph": "DocumentReference",
    "Practitioner": "Practitioner",
    "PractitionerRole": "PractitionerRole",
    "Procedure": "Procedure",
    "Provenance": "Provenance",
    "Scene": "Location",
    "Shock": "Procedure",
    "Strip": "Observation",
}
"""Each kind of a local name with the resource type it is told as.

Local names: `Device` a public device id, `Gateway` a gateway's id, `Observation` an observation
id, `Clock` device and offset, `Metric` see `metric`, `Strip`, `Leads`, `EcgPicture`, `EcgBinary`
and `EcgRecording` see `waveform`, `Shock` the observation that told of it, `Fact` a field's path,
`Facility` the service's name for it, `Practitioner` and `PractitionerRole` a crew id, `Procedure`
see `treatment.attempt_name`; `Allergy`, `Finding`, `History`, `Impression`, `Medication`,
`PastMedication` and `Photograph` an item's id. The others stand once in an encounter and have none.
"""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one handover's resources."""

    tenant_id: str
    encounter_id: str
    _urns: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    _entries: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    _begun: dict[str, hashlib._Hash] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, handover: Handover) -> Names:
        """The names used in this handover."""
        return cls(handover.tenant_id, handover.encounter_id)

    def urn(self, kind: str, local: str = "") -> str:
        """The fullUrl of the resource `local` of a kind of `KINDS`."""
        return f"urn:uuid:{self._entry(kind, local)}"

    def reference(self, kind: str, local: str = "") -> Element:
        """A reference to that resource inside the same bundle."""
        return {"reference": self.urn(kind, local)}

    def entry(self, kind: str, local: str) -> str:
        """The UUID of a fullUrl of this bundle, not kept: for what is named once."""
        begun = self._begun.get(kind)
        if begun is None:
            words = ("entry", self.tenant_id, self.encounter_id, kind, "")
            begun = self._begun[kind] = _hashed("|".join(words))
        # Only the end differs from reading to reading.
        whole = begun.copy()
        whole.update(local.encode())
        return _uuid(whole)

    def filed(self, kind: str, local: str) -> Element:
        """The identifier a reading is filed under: of this encounter, whatever becomes of it."""
        return {"system": systems.FILED, "value": self._entry(kind, local)}

    def _entry(self, kind: str, local: str) -> str:
        known = self._entries.get((kind, local))
        if known is None:
            known = self._entries[kind, local] = self.entry(kind, local)
        return known

    def within_tenant(self, kind: str, local: str = "") -> str:
        """An identifier value for something that outlives the encounter (device, vehicle)."""
        return _named("|".join(("tenant", self.tenant_id, kind, local)))

    def within_encounter(self, kind: str, *local: str) -> str:
        """An identifier value for something of this encounter alone."""
        parts = ("encounter", self.tenant_id, self.encounter_id, kind, *local)
        return _named("|".join(parts))


@dataclass(frozen=True, slots=True)
class Named:
    """A resource and what it is called in a bundle, its fullUrl.

    `condition` is what a server is asked for it by, where its builder knows it already.
    """

    url: str
    resource: Element
    condition: str = ""


def put(named: Named) -> Element:
    """A transaction entry that makes the resource under the id its fullUrl holds.

    For what has no identifier in R4, and only for servers that create what is put (update as
    create).
    """
    name = named.url.removeprefix("urn:uuid:")
    kind = named.resource["resourceType"]
    return {
        "fullUrl": named.url,
        "resource": {"resourceType": kind, "id": name, **named.resource},
        "request": {"method": "PUT", "url": f"{kind}/{name}"},
    }


def _named(name: str) -> str:
    """The UUID of version 5 of a name, in its text form; a handover needs one for every reading."""
    return _uuid(_hashed(name))


def _hashed(name: str) -> hashlib._Hash:
    return hashlib.sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False)


def _uuid(hashed: hashlib._Hash) -> str:
    digest = hashed.hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def created(named: Named) -> Element:
    """A transaction entry that creates the resource unless the server knows its identifier.

    AssertionError for an identifier that would not survive as a query string.
    """
    request: Element = {
        "method": "POST",
        "url": named.resource["resourceType"],
        "ifNoneExist": named.condition or _condition(named.resource),
    }
    return {"fullUrl": named.url, "resource": named.resource, "request": request}


def updated(named: Named) -> Element:
    """A transaction entry that brings what the server knows by this identifier up to date.

    A server that does not know it creates it. AssertionError as for `created`.
    """
    url = f"{named.resource['resourceType']}?{named.condition or _condition(named.resource)}"
    request: Element = {"method": "PUT", "url": url}
    return {"fullUrl": named.url, "resource": named.resource, "request": request}


def _condition(resource: Element) -> str:
    """The identifier a server asks for: the one of system `FILED` where there is one."""
    held = resource["identifier"]
    # A list everywhere but in Composition, which has one.
    listed: list[Element] = held if isinstance(held, list) else [held]  # type: ignore[list-item] # an identifier
    first = next((one for one in listed if one["system"] == systems.FILED), listed[0])
    value = str(first["value"])
    if not _PLAIN.fullmatch(value):
        raise AssertionError(f"{value!r} cannot stand in a conditional create or update")
    return f"identifier={first['system']}|{value}"
