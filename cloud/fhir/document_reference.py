"""DocumentReference: the drawn ECG, and the crew's photographs for the hospital alone.

The octets stand inside, for a Binary could not be created conditionally; those of more than servers
take in one text are left out, and told by size and hash. `hash` is SHA-1, as R4 says.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import Photograph
from cloud.fhir import ecg_picture, systems
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.people import actor
from cloud.fhir.strips import Leads
from cloud.fhir.times import clock_time, instant
from cloud.fhir.waveform import leads_name

MOST_OCTETS: Final = 700_000
ECG: Final = ("11524-6", "EKG study")
_PHOTOGRAPH: Final = ("72170-4", "Photographic image")


def ecg_document(names: Names, leads: Leads) -> Element:
    """The picture of an ECG, local name `waveform.leads_name`."""
    title = f"{len(leads.strips)}-lead ECG {leads.start:%Y-%m-%d} {clock_time(leads.start)}"
    told = document_reference(
        names,
        names.within_encounter("EcgPicture", leads_name(leads)),
        ECG,
        at=leads.start,
        author=names.reference("Organization"),
        attachment=attachment(
            ecg_picture.draw(leads, title), ecg_picture.MEDIA_TYPE, title, leads.start
        ),
    )
    told["context"] = {
        "encounter": [names.reference("Encounter")],
        "period": {"start": instant(leads.start), "end": instant(leads.end)},
        "related": [names.reference("Leads", leads_name(leads))],
    }
    return told


def photograph(names: Names, handover: Handover, told: Photograph, octets: bytes) -> Element:
    """A picture the crew took, local name its item id; part of the identified record only."""
    author = actor(names, handover, told.by) or names.reference("Organization")
    return document_reference(
        names,
        names.within_encounter("Photograph", str(told.item_id)),
        _PHOTOGRAPH,
        at=told.at,
        author=author,
        attachment=attachment(octets, told.media_type, "Photograph by the crew", told.at),
    )


def attachment(octets: bytes, media_type: str, title: str, at: datetime) -> Element:
    """The octets with what a receiver checks them by."""
    digest = hashlib.sha1(octets, usedforsecurity=False).digest()
    held = base64.b64encode(octets).decode() if len(octets) <= MOST_OCTETS else None
    return element(
        contentType=media_type,
        data=held,
        size=len(octets),
        hash=base64.b64encode(digest).decode(),
        title=title,
        creation=instant(at),
    )


def document_reference(
    names: Names,
    value: str,
    kind: tuple[str, str],
    *,
    at: datetime,
    author: Element,
    attachment: Element,
) -> Element:
    """A file that belongs to the encounter; `kind` is its LOINC code and what a person calls it."""
    code, text = kind
    name: Element = {"system": systems.DOCUMENT, "value": value}
    return element(
        resourceType="DocumentReference",
        masterIdentifier=name,
        identifier=[name],
        status="current",
        docStatus="final",
        type={"coding": [{"system": systems.LOINC, "code": code}], "text": text},
        subject=names.reference("Patient"),
        date=instant(at),
        author=[author],
        custodian=names.reference("Organization"),
        content=[{"attachment": attachment}],
        context={"encounter": [names.reference("Encounter")]},
    )
