"""Composition: the EMS patient care report everything hangs on (LOINC 67796-3).

It is `preliminary` until the encounter says that the patient was handed over, then `final`, which
replaces the preliminary ones; an amended record is `amended` and replaces those before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ActKind
from cloud.fhir import narrative, systems
from cloud.fhir.encounter import began_at, period
from cloud.fhir.json import Element, element
from cloud.fhir.names import Names
from cloud.fhir.sections import Reported, sections
from cloud.fhir.selection import Detail
from cloud.fhir.times import clock_time, instant

_CHANGES: Final = frozenset(
    {
        ActKind.AMENDED,
        ActKind.PATIENT_CORRECTED,
        ActKind.PATIENT_UNLINKED,
        ActKind.READINGS_MOVED,
    }
)
"""What makes another edition of a report that was given out."""
_REPORT: Final = ("67796-3", "EMS patient care report")


@dataclass(frozen=True, slots=True)
class Edition:
    """Which report it is: one each before and after the handover, and one for each amendment."""

    detail: Detail
    amendments: int
    is_final: bool

    @classmethod
    def of(cls, handover: Handover, detail: Detail) -> Edition:
        """The edition a handover has come to."""
        kinds = [act.kind for act in handover.record.acts]
        if handover.handover_at is None:
            return cls(detail, 0, is_final=False)
        signed = kinds.index(ActKind.HANDED_OVER) if ActKind.HANDED_OVER in kinds else 0
        changes = sum(kind in _CHANGES for kind in kinds[signed:])
        return cls(detail, changes, is_final=True)

    def identity(self, names: Names) -> str:
        """Its identifier's value."""
        words = ["final" if self.is_final else "preliminary", self.detail.value]
        return names.within_encounter("Composition", *words, *_counted(self.amendments))

    def replaced(self) -> Iterator[Edition]:
        """The editions it takes the place of."""
        if not self.is_final:
            return
        for detail in Detail:
            yield Edition(detail, 0, is_final=False)
        for earlier in range(self.amendments):
            for detail in Detail:
                yield Edition(detail, earlier, is_final=True)


def composition(
    names: Names, handover: Handover, reported: Reported, edition: Edition, *, as_of: datetime
) -> Element:
    """The report as of the newest thing it tells.

    Its identifier names the edition, so that what was handed out earlier can be brought up to date.
    The report after the handover is another one, so that an old bundle posted late cannot undo it,
    and `relatesTo` names those it replaces.
    """
    attesters = _attesters(names, handover)
    return element(
        resourceType="Composition",
        identifier={"system": systems.COMPOSITION, "value": edition.identity(names)},
        status=_status(handover, edition),
        type={
            "coding": [{"system": systems.LOINC, "code": _REPORT[0]}],
            "text": _REPORT[1],
        },
        subject=names.reference("Patient"),
        encounter=names.reference("Encounter"),
        date=instant(as_of),
        author=[
            names.reference("Organization"),
            *(names.reference("Practitioner", one) for one in handover.crew_ids),
        ],
        title="Ambulance patient care report",
        confidentiality="N" if handover.identity is None else "R",
        attester=attesters,
        custodian=names.reference("Organization"),
        relatesTo=[_replaces(names, one) for one in edition.replaced()],
        event=[element(period=period(began_at(handover), handover.handover_at))],
        section=[
            *sections(names, handover, reported),
            {
                "title": "Completeness of the record",
                "text": narrative.div(
                    narrative.paragraph(_standing(handover, is_signed=bool(attesters))),
                    narrative.paragraph(reported.page_note),
                    narrative.gap_list(handover.gaps),
                ),
            },
        ],
    )


def _counted(amendments: int) -> list[str]:
    return [str(amendments)] if amendments else []


def _replaces(names: Names, edition: Edition) -> Element:
    identifier: Element = {"system": systems.COMPOSITION, "value": edition.identity(names)}
    return {"code": "replaces", "targetIdentifier": identifier}


def _status(handover: Handover, edition: Edition) -> str:
    if handover.status == "duplicate":
        return "entered-in-error"
    if edition.amendments:
        return "amended"
    return "final" if edition.is_final else "preliminary"


def _attesters(names: Names, handover: Handover) -> list[Element]:
    """The crew member who handed over with a signature, and the clinician who took over."""
    act = handover.record.newest(ActKind.HANDED_OVER)
    if act is None or not act.data.get("signature"):
        return []
    found: list[Element] = [{"mode": "professional", "time": instant(act.at)}]
    if act.by in handover.crew_ids:
        found[0]["party"] = names.reference("Practitioner", act.by)
    receiver = _text(act.data.get("received_by"))
    if receiver and handover.identity is not None:
        found[0]["party"] = {"display": receiver}
    return found


def _text(value: Any) -> str:  # noqa: ANN401 - what the wire told
    return value if isinstance(value, str) else ""


def _standing(handover: Handover, *, is_signed: bool) -> str:
    """How far the report can be relied on, in words."""
    signed = "The handover was signed." if is_signed else "No clinician has signed this record."
    if handover.handover_at is None:
        return f"Preliminary: the patient is with the crew. {signed}"
    return f"The patient was handed over at {clock_time(handover.handover_at)}. {signed}"
