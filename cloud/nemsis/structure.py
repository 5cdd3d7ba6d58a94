"""The national elements of EMSDataSet 3.5.0 in their order, and how they are written.

Every element of the table is there in every report: with what was told, or empty (`xsi:nil`) with a
Not Value or a Pertinent Negative that says why. A mandatory one cannot be empty: its absence is
reported, never filled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from xml.etree import ElementTree as Xml

from cloud.core.encounters.record import NotValue, PertinentNegative
from cloud.nemsis.codes import NOT_VALUES, PERTINENT_NEGATIVES

NAMESPACE: Final = "http://www.nemsis.org"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
NIL: Final = f"{{{INSTANCE}}}nil"


@dataclass(frozen=True, slots=True)
class Element:
    """One data element. `is_mandatory`: it cannot be empty."""

    name: str
    is_mandatory: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A section or a repeating group; there is always at least one."""

    name: str
    children: tuple[Element | Group, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of an element: a text, or why there is none, or both (not given, and what)."""

    text: str = ""
    not_value: NotValue | None = None
    negative: PertinentNegative | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """What is said within one group, by name; `attributes` are the group's own."""

    told: Mapping[str, Sequence[Told]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[Content]] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


Node: TypeAlias = Element | Group


def _row(section: str, numbers: str) -> tuple[Element, ...]:
    """Elements of a section; a `!` after a number makes it mandatory."""
    return tuple(
        Element(f"{section}.{one.rstrip('!')}", one.endswith("!")) for one in numbers.split()
    )


HEADER: Final = Group("DemographicGroup", _row("dAgency", "01! 02! 04!"))
REPORT: Final = Group(
    "PatientCareReport",
    (
        Group(
            "eRecord",
            (
                *_row("eRecord", "01!"),
                Group("eRecord.SoftwareApplicationGroup", _row("eRecord", "02! 03! 04!")),
            ),
        ),
        Group(
            "eResponse",
            (
                Group("eResponse.AgencyGroup", _row("eResponse", "01!")),
                *_row("eResponse", "03 04"),
                Group("eResponse.ServiceGroup", _row("eResponse", "05!")),
                *_row("eResponse", "07! 08 09 10 11 12 13! 14! 23! 24"),
            ),
        ),
        Group("eDispatch", _row("eDispatch", "01! 02")),
        Group("eTimes", _row("eTimes", "01 03! 05 06 07 09 11 12 13!")),
        Group(
            "ePatient",
            (
                *_row("ePatient", "07 08 09 13 14"),
                Group("ePatient.AgeGroup", _row("ePatient", "15 16")),
            ),
        ),
        Group("ePayment", _row("ePayment", "01 50")),
        Group("eScene", _row("eScene", "01 06 07 08 09 18 19 21")),
        Group("eSituation", _row("eSituation", "01 02 07 08 09 10 11 12 13 18 20")),
        Group("eInjury", _row("eInjury", "01 03 04")),
        Group("eArrest", _row("eArrest", "01 02 03 04 07 09 11 12 14 16 17 18 20 21 22")),
        Group("eHistory", _row("eHistory", "01 17")),
        Group(
            "eVitals",
            (
                Group(
                    "eVitals.VitalGroup",
                    (
                        *_row("eVitals", "01 02"),
                        Group("eVitals.CardiacRhythmGroup", _row("eVitals", "03 04 05")),
                        Group("eVitals.BloodPressureGroup", _row("eVitals", "06")),
                        Group("eVitals.HeartRateGroup", _row("eVitals", "10")),
                        *_row("eVitals", "12 14 16 18"),
                        Group("eVitals.GlasgowScoreGroup", _row("eVitals", "19 20 21 22")),
                        *_row("eVitals", "26"),
                        Group("eVitals.PainScaleGroup", _row("eVitals", "27")),
                        Group("eVitals.StrokeScaleGroup", _row("eVitals", "29 30")),
                        *_row("eVitals", "31"),
                    ),
                ),
            ),
        ),
        Group("eProtocols", (Group("eProtocols.ProtocolGroup", _row("eProtocols", "01")),)),
        Group(
            "eMedications",
            (
                Group(
                    "eMedications.MedicationGroup",
                    (
                        *_row("eMedications", "01 02 03 04"),
                        Group("eMedications.DosageGroup", _row("eMedications", "05 06")),
                        *_row("eMedications", "07 08 10"),
                    ),
                ),
            ),
        ),
        Group(
            "eProcedures",
            (Group("eProcedures.ProcedureGroup", _row("eProcedures", "01 02 03 05 06 07 08 10")),),
        ),
        Group(
            "eDisposition",
            (
                Group("eDisposition.DestinationGroup", _row("eDisposition", "05 06 07")),
                Group(
                    "eDisposition.IncidentDispositionGroup", _row("eDisposition", "27! 28 29 30")
                ),
                *_row("eDisposition", "16 17 18 19 20 21 22 23"),
                Group("eDisposition.HospitalTeamActivationGroup", _row("eDisposition", "24 25")),
                *_row("eDisposition", "32"),
            ),
        ),
        Group(
            "eOutcome",
            (
                *_row("eOutcome", "01 02"),
                Group("eOutcome.EmergencyDepartmentProceduresGroup", _row("eOutcome", "09 19")),
                *_row("eOutcome", "10 11"),
                Group("eOutcome.HospitalProceduresGroup", _row("eOutcome", "12 20")),
                *_row("eOutcome", "13 16 18"),
            ),
        ),
    ),
)
_NOTHING: Final = Content()
_NOT_RECORDED: Final = (Told(not_value=NotValue.NOT_RECORDED),)


def write_group(parent: Xml.Element, group: Group, content: Content) -> list[str]:
    """Write one group with all it must have; the names of mandatory elements nobody told."""
    made = Xml.SubElement(parent, _tag(group.name), dict(content.attributes))
    missing: list[str] = []
    for child in group.children:
        if isinstance(child, Group):
            for inner in content.groups.get(child.name) or (_NOTHING,):
                missing += write_group(made, child, inner)
            continue
        told = content.told.get(child.name, ())
        if child.is_mandatory and not any(one.text for one in told):
            missing.append(child.name)
            continue
        for one in told or _NOT_RECORDED:
            _write(made, child.name, one)
    return missing


def _write(parent: Xml.Element, name: str, told: Told) -> None:
    attributes = dict(told.attributes)
    if told.not_value is not None:
        attributes["NV"] = NOT_VALUES[told.not_value]
    if told.negative is not None:
        attributes["PN"] = PERTINENT_NEGATIVES[told.negative]
    if not told.text:
        attributes = {NIL: "true", **attributes}
    made = Xml.SubElement(parent, _tag(name), attributes)
    made.text = told.text or None


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
