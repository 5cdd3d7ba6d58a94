"""Composition: the EMS patient care report the readings hang on (LOINC 67796-3).

It is `preliminary` until the encounter says that the patient was handed over, then `final`, which
replaces the preliminary ones. No clinician has signed it: it carries no attester and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cloud.core.encounters.handover import Handover
from cloud.core.observations.stored import StoredObservation
from cloud.fhir import narrative, systems
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.names import Names
from cloud.fhir.procedure import Shock
from cloud.fhir.selection import Detail
from cloud.fhir.times import clock_time, instant

_REPORT: Final = ("67796-3", "EMS patient care report")
_VITAL_SIGNS: Final = ("8716-3", "Vital signs")
_ARREST: Final = ("67799-7", "Cardiac arrest event")
_PROCEDURES: Final = ("29554-3", "Procedures")
_MEDICATIONS: Final = ("67849-0", "Medications administered")


@dataclass(frozen=True, slots=True)
class Content:
    """What the report tells of, and the fullUrls of the entries that stand in the same bundle.

    The words are about all `readings` of the encounter, the entries only about those handed over.
    """

    readings: Sequence[StoredObservation]
    events: Sequence[StoredObservation]
    shocks: Sequence[Shock]
    vital_sign_urls: Sequence[str]
    event_urls: Sequence[str]
    shock_urls: Sequence[str]
    page_note: str
    detail: Detail


def composition(names: Names, handover: Handover, content: Content, *, as_of: datetime) -> Element:
    """The report as of the newest thing it tells.

    Its identifier names the report, not one version of it, so that what was handed out earlier can
    be brought up to date. The report after the handover is another one, so that an old
    bundle posted late cannot undo it, and `relatesTo` names those it replaces.
    """
    is_final = handover.handover_at is not None
    value = _identity(names, content.detail, is_final=is_final)
    return element(
        resourceType="Composition",
        meta=None,
        identifier={"system": systems.COMPOSITION, "value": value},
        status=_status(handover),
        type=_loinc(*_REPORT),
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        date=instant(as_of),
        author=[names.reference("Organization")],
        title="Ambulance patient care report",
        custodian=names.reference("Organization"),
        relatesTo=[_replaced(names, detail) for detail in Detail] if is_final else None,
        event=[
            {
                "period": element(
                    start=instant(handover.started_at),
                    end=instant(handover.handover_at) if handover.handover_at else None,
                )
            }
        ],
        section=_sections(handover, content),
    )


def _identity(names: Names, detail: Detail, *, is_final: bool) -> str:
    return names.within_encounter(
        "Composition", "final" if is_final else "preliminary", detail.value
    )


def _replaced(names: Names, detail: Detail) -> Element:
    value = _identity(names, detail, is_final=False)
    identifier: Element = {"system": systems.COMPOSITION, "value": value}
    return {"code": "replaces", "targetIdentifier": identifier}


def _status(handover: Handover) -> str:
    if handover.status == "duplicate":
        return "entered-in-error"
    return "preliminary" if handover.handover_at is None else "final"


def _standing(handover: Handover) -> str:
    """How far the report can be relied on, in words."""
    if handover.handover_at is None:
        return "Preliminary: the patient is with the crew. No clinician has signed this record."
    at = clock_time(handover.handover_at)
    return f"The patient was handed over at {at}. No clinician has signed this record."


def _sections(handover: Handover, content: Content) -> list[JsonValue]:
    sections: list[JsonValue] = [
        _section(
            _VITAL_SIGNS,
            narrative.vital_signs_table(content.readings, _device_names(handover)),
            content.vital_sign_urls,
        ),
        _section(_ARREST, narrative.event_list(content.events), content.event_urls),
        _section(
            _PROCEDURES,
            narrative.shock_list(content.shocks)
            if content.shocks
            else narrative.paragraph("No procedure was reported by the devices."),
            content.shock_urls,
        ),
        _section(
            _MEDICATIONS,
            narrative.paragraph("Medications are not recorded through this system."),
            [],
        ),
    ]
    completeness: Element = {
        "title": "Completeness of the record",
        "text": narrative.div(
            narrative.paragraph(_standing(handover)),
            narrative.paragraph(content.page_note),
            narrative.gap_list(handover.gaps),
        ),
    }
    return [*sections, completeness]


def _device_names(handover: Handover) -> dict[str, str]:
    return {
        device.device_id: device.info.model or device.device_class or str(device.info.system_id)
        for device in handover.devices
    }


def _section(code: tuple[str, str], text: str, urls: Sequence[str]) -> Element:
    return element(
        title=code[1],
        code=_loinc(*code),
        text=narrative.div(text),
        entry=[{"reference": url} for url in urls],
        emptyReason=None
        if urls
        else {
            "coding": [
                {"system": systems.EMPTY_REASON, "code": "unavailable", "display": "Unavailable"}
            ]
        },
    )


def _loinc(code: str, text: str) -> Element:
    return {"coding": [{"system": systems.LOINC, "code": code}], "text": text}
