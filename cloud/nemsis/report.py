"""One encounter as an EMSDataSet of NEMSIS 3.5.0, national elements.

No report was ever held against the schema itself: order, groups and codes follow published reports
of the data set, and tests hold the structure to them. What the encounter does not say is Not
Recorded; what the data set demands and nobody told is named, and no report is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as Xml

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ActKind, Item, NotValue
from cloud.nemsis import codes
from cloud.nemsis.arrest import arrest
from cloud.nemsis.structure import HEADER, INSTANCE, NAMESPACE, REPORT, Content, Told, write_group
from cloud.nemsis.times import date_time
from cloud.nemsis.treatment import medication_groups, procedure_groups
from cloud.nemsis.vitals import vital_groups

CREATOR: Final = "Vitalwire"
VERSION: Final = "0.1.0"
RELEASE: Final = "3.5.0"
_ICD_10: Final = ("http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10")
_LONGEST: Final = 50
_TIMES: Final = {
    "eTimes.01": "call",
    "eTimes.03": "unit_notified",
    "eTimes.05": "en_route",
    "eTimes.06": "on_scene",
    "eTimes.07": "at_patient",
    "eTimes.09": "left_scene",
    "eTimes.11": "at_destination",
    "eTimes.12": "handover",
    "eTimes.13": "back_in_service",
}


class IncompleteReportError(ValueError):
    """Mandatory elements that nobody told, by name."""

    def __init__(self, missing: Sequence[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(", ".join(missing))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """What the data set wants of the service and its answer to the call, and no encounter says.

    `state` is the two-digit ANSI code. The codes of NEMSIS: `dispatch_reason` (eDispatch.01),
    `equipment` (eResponse.07) and `response_mode` (eResponse.23).
    """

    state_id: str = ""
    number: str = ""
    state: str = ""
    dispatch_reason: str = ""
    equipment: str = ""
    response_mode: str = ""


def nemsis_report(handover: Handover, agency: Agency) -> bytes:
    """The report as UTF-8 XML; the same encounter gives the same octets. IncompleteReportError."""
    Xml.register_namespace("", NAMESPACE)
    Xml.register_namespace("xsi", INSTANCE)
    root = Xml.Element(f"{{{NAMESPACE}}}EMSDataSet")
    header = Xml.SubElement(root, f"{{{NAMESPACE}}}Header")
    missing = write_group(
        header,
        HEADER,
        Content(
            _texts(
                {
                    "dAgency.01": agency.state_id,
                    "dAgency.02": agency.number,
                    "dAgency.04": agency.state,
                }
            )
        ),
    )
    missing += write_group(header, REPORT, _report(handover, agency))
    if missing:
        raise IncompleteReportError(missing)
    Xml.indent(root)
    octets: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return octets + b"\n"


def _report(handover: Handover, agency: Agency) -> Content:
    groups = {
        "eRecord": _record(handover),
        "eResponse": _response(handover, agency),
        "eDispatch": Content(_texts({"eDispatch.01": agency.dispatch_reason})),
        "eTimes": Content(_times(handover)),
        "ePatient": _patient(handover),
        "eSituation": Content(_situation(handover)),
        "eArrest": Content(arrest(handover.record)),
        "eVitals": Content(groups={"eVitals.VitalGroup": vital_groups(handover)}),
        "eMedications": Content(
            groups={"eMedications.MedicationGroup": medication_groups(handover.record)}
        ),
        "eProcedures": Content(
            groups={"eProcedures.ProcedureGroup": procedure_groups(handover.record)}
        ),
        "eDisposition": _disposition(handover),
    }
    return Content(
        groups={name: (content,) for name, content in groups.items()},
        attributes={"UUID": str(handover.encounter_uuid)},
    )


def _record(handover: Handover) -> Content:
    software = {"eRecord.02": CREATOR, "eRecord.03": CREATOR, "eRecord.04": VERSION}
    return Content(
        _texts({"eRecord.01": handover.encounter_id[:_LONGEST]}),
        {"eRecord.SoftwareApplicationGroup": (Content(_texts(software)),)},
    )


def _response(handover: Handover, agency: Agency) -> Content:
    service = codes.SERVICES.get(handover.care_model, "")
    return Content(
        _texts(
            {
                "eResponse.03": handover.cad_incident_id[:_LONGEST],
                "eResponse.04": handover.encounter_id[:_LONGEST],
                "eResponse.07": agency.equipment,
                "eResponse.13": handover.vehicle_id[:_LONGEST],
                "eResponse.14": handover.vehicle_id[:_LONGEST],
                "eResponse.23": agency.response_mode,
            }
        ),
        {
            "eResponse.AgencyGroup": (Content(_texts({"eResponse.01": agency.number})),),
            "eResponse.ServiceGroup": (Content(_texts({"eResponse.05": service})),),
        },
    )


def _times(handover: Handover) -> dict[str, Sequence[Told]]:
    told: dict[str, Sequence[Told]] = {}
    for name, word in _TIMES.items():
        field = handover.record.fields.get(f"times.{word}")
        if field is not None and field.value is not None:
            told[name] = (Told(date_time(field.value)),)
        elif field is not None and field.not_value is not None:
            told[name] = (Told(not_value=field.not_value),)
    if "eTimes.12" not in told and handover.handover_at is not None:
        told["eTimes.12"] = (Told(date_time(handover.handover_at)),)
    return told


def _patient(handover: Handover) -> Content:
    age = handover.record.value("patient.age_years")
    sex = codes.SEXES.get((handover.sex or "").lower(), "")
    postcode = handover.identity.postcode if handover.identity else ""
    ages = {"ePatient.15": str(age), "ePatient.16": codes.YEARS} if age is not None else {}
    return Content(
        _texts({"ePatient.09": postcode, "ePatient.13": sex}),
        {"ePatient.AgeGroup": (Content(_texts(ages)),)},
    )


def _situation(handover: Handover) -> dict[str, Sequence[Told]]:
    coded = [one for one in handover.record.impressions if one.code.system in _ICD_10]
    first = next((one for one in coded if one.is_primary), coded[0] if coded else None)
    others = [Told(one.code.code) for one in coded if one is not first]
    acuity = codes.ACUITIES.get(str(handover.record.value("acuity")), "")
    told: dict[str, Sequence[Told]] = dict(_texts({"eSituation.13": acuity}))
    if first is not None:
        told["eSituation.11"] = (_item(first, first.code.code),)
        if others:
            told["eSituation.12"] = others
    return told


def _disposition(handover: Handover) -> Content:
    word = str(handover.record.value("disposition") or "")
    if not word and handover.record.newest(ActKind.REFUSED) is not None:
        word = "refused_care"
    if not word and handover.handover_at is not None:
        word = "conveyed"
    unit = codes.UNIT_DISPOSITIONS.get(word, codes.CONTACT_MADE if word else "")
    is_contact = unit == codes.CONTACT_MADE
    care = codes.CARE_DISPOSITIONS.get(word, codes.CARE_PROVIDED) if is_contact else ""
    facts = {
        "eDisposition.27": unit,
        "eDisposition.28": care,
        "eDisposition.30": codes.TRANSPORTS.get(word, ""),
    }
    told: dict[str, Sequence[Told]] = dict(_texts(facts))
    if unit and not is_contact:
        told["eDisposition.28"] = (Told(not_value=NotValue.NOT_APPLICABLE),)
        told["eDisposition.29"] = (Told(not_value=NotValue.NOT_APPLICABLE),)
    return Content(groups={"eDisposition.IncidentDispositionGroup": (Content(told),)})


def _texts(values: Mapping[str, str]) -> dict[str, Sequence[Told]]:
    return {name: (Told(text),) for name, text in values.items() if text}


def _item(item: Item, text: Any) -> Told:  # noqa: ANN401 - whatever reads as text
    return Told(str(text), not_value=item.not_value, negative=item.not_done)
