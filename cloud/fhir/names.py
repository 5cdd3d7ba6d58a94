"""How the resources of one handover are called: by each other, and by the hospital's server.

A resource is known inside the bundle by a `urn:uuid`, worked out from tenant, encounter and a
local name, so that the same handover always gives the same octets. The hospital's server knows it
again by its identifier. Identifier values are UUIDs or other words of letters, digits, `.`, `_`,
`:` and `-`: a `+` or `|` in a conditional create would break it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from cloud.core.encounters.handover import Handover
from cloud.fhir.json import Element

_NAMESPACE: Final = UUID("0d0f9d0e-6c0b-4f57-8a44-2f6f4f1f6d55")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one handover's resources."""

    tenant_id: str
    encounter_id: str

    @classmethod
    def of(cls, handover: Handover) -> Names:
        """The names used in this handover."""
        return cls(handover.tenant_id, handover.encounter_id)

    def urn(self, kind: str, local: str = "") -> str:
        """The fullUrl of the resource `local` of a kind (`Patient`, `Device`, ...)."""
        parts = ("entry", self.tenant_id, self.encounter_id, kind, local)
        return uuid5(_NAMESPACE, "|".join(parts)).urn

    def reference(self, kind: str, local: str = "") -> Element:
        """A reference to that resource inside the same bundle."""
        return {"reference": self.urn(kind, local)}

    def within_tenant(self, kind: str, local: str = "") -> str:
        """An identifier value for something that outlives the encounter (device, vehicle)."""
        return str(uuid5(_NAMESPACE, "|".join(("tenant", self.tenant_id, kind, local))))

    def within_encounter(self, kind: str, *local: str) -> str:
        """An identifier value for something of this encounter alone."""
        parts = ("encounter", self.tenant_id, self.encounter_id, kind, *local)
        return str(uuid5(_NAMESPACE, "|".join(parts)))


def entry(full_url: str, resource: Element, system: str, value: str) -> Element:
    """A transaction entry that creates the resource unless the server knows its identifier.

    AssertionError for an identifier that would not survive as a query string.
    """
    condition = _condition(system, value)
    request: Element = {
        "method": "POST",
        "url": resource["resourceType"],
        "ifNoneExist": condition,
    }
    return {"fullUrl": full_url, "resource": resource, "request": request}


def updating_entry(full_url: str, resource: Element, system: str, value: str) -> Element:
    """A transaction entry that brings what the server knows by this identifier up to date.

    A server that does not know it creates it. AssertionError as for `entry`.
    """
    url = f"{resource['resourceType']}?{_condition(system, value)}"
    request: Element = {"method": "PUT", "url": url}
    return {"fullUrl": full_url, "resource": resource, "request": request}


def _condition(system: str, value: str) -> str:
    if not _PLAIN.fullmatch(value):
        raise AssertionError(f"{value!r} cannot stand in a conditional create or update")
    return f"identifier={system}|{value}"
