"""The sections of the report: those of HL7's EMS run report, each readable alone.

Every one is there, in the guide's order: with entries, or with the reason why it has none. What
staff report about harm to themselves (67658-5) is no part of a patient's record and never told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import ActKind, Item
from cloud.core.observations.stored import StoredObservation
from cloud.fhir import condition, finding, mission_time, narrative, systems, treatment
from cloud.fhir.json import Element, element
from cloud.fhir.names import Named, Names
from cloud.fhir.procedure import Shock
from cloud.fhir.telling import Telling
from cloud.fhir.times import clock_time

_NOT_HERE: Final = "Not recorded through this system."


@dataclass(frozen=True, slots=True)
class Reported:
    """What the report tells of, and the resources that stand in the same bundle.

    The words are about all `readings` of the encounter, the entries only about those handed over.
    """

    readings: Sequence[StoredObservation]
    events: Sequence[StoredObservation]
    shocks: Sequence[Shock]
    telling: Telling
    vital_signs: Sequence[Named] = ()
    arrest: Sequence[Named] = ()
    procedures: Sequence[Named] = ()
    pictures: Sequence[Named] = ()
    page_note: str = ""


@dataclass(frozen=True, slots=True)
class _Section:
    """One section; without entries it says why."""

    loinc: str
    title: str
    text: str
    entries: Sequence[str] = ()
    why_empty: str = "unavailable"
    more: Sequence[str] = field(default_factory=tuple)

    def written(self) -> Element:
        """As Composition holds it."""
        urls = [*self.entries, *self.more]
        return element(
            title=self.title,
            code={
                "coding": [{"system": systems.LOINC, "code": self.loinc}],
                "text": self.title,
            },
            text=narrative.div(self.text),
            entry=[{"reference": url} for url in urls],
            emptyReason=None
            if urls
            else {"coding": [{"system": systems.EMPTY_REASON, "code": self.why_empty}]},
        )


def sections(names: Names, handover: Handover, reported: Reported) -> list[Element]:
    """All of them but the one about the record itself."""
    told = reported.telling
    return [
        one.written()
        for one in (
            _situation(handover, told),
            _dispatch(names, handover),
            _response(names, handover),
            _scene(names, handover),
            _times(handover, told),
            _history(handover, told),
            _current_medications(handover, told),
            _allergies(handover, told),
            _Section("67840-9", "Advance directives", narrative.paragraph(_NOT_HERE)),
            _Section("67843-3", "Social history", narrative.paragraph(_NOT_HERE)),
            _vital_signs(handover, reported),
            _examination(handover, told),
            _medications(handover, told),
            _procedures(handover, reported),
            _Section("67663-5", "Protocols", narrative.paragraph(_NOT_HERE)),
            _arrest(handover, reported),
            _injury(handover),
            _disposition(names, handover),
            _narrative(names, handover),
            _plan(handover),
        )
    ]


def _situation(handover: Handover, told: Telling) -> _Section:
    record = handover.record
    lines = [f"Chief complaint: {handover.chief_complaint or 'not told'}"]
    lines += [f"Alert: {alert}" for alert in record.alerts]
    for path in ("acuity", "triage"):
        if record.value(path):
            lines.append(f"{path.capitalize()}: {_plain(record.value(path))}")
    for one in record.impressions:
        kind = "Primary impression" if one.is_primary else "Impression"
        ruled_out = " (ruled out)" if one.not_done else ""
        lines.append(f"{kind}: {one.code.display or one.code.code}{ruled_out}")
    return _Section("67666-8", "Situation", narrative.lines(lines), _urls(told.impressions))


def _dispatch(names: Names, handover: Handover) -> _Section:
    lines = [f"Incident: {handover.cad_incident_id}", f"Care model: {_plain(handover.care_model)}"]
    return _Section("67660-1", "Dispatch", narrative.lines(lines), [names.urn("Encounter")])


def _response(names: Names, handover: Handover) -> _Section:
    crew = ", ".join(handover.crew_ids) or "not told"
    lines = [f"Vehicle: {handover.vehicle_id}", f"Crew: {crew}"]
    members = [names.urn("PractitionerRole", one) for one in handover.crew_ids]
    return _Section(
        "67664-3", "Response", narrative.lines(lines), [names.urn("Location"), *members]
    )


def _scene(names: Names, handover: Handover) -> _Section:
    at = handover.record.time("on_scene")
    if at is None:
        return _Section("67665-0", "Scene", narrative.paragraph("No arrival on scene was told."))
    text = narrative.paragraph(f"The unit arrived on scene at {clock_time(at)}.")
    return _Section("67665-0", "Scene", text, [names.urn("Scene")])


def _times(handover: Handover, told: Telling) -> _Section:
    lines = [
        f"{mission_time.title(one)}: {mission_time.value_words(one)}"
        for one in mission_time.times(handover)
    ]
    text = narrative.lines(lines, otherwise="No times were told.")
    return _Section("67667-6", "Times", text, _urls(told.times))


def _history(handover: Handover, told: Telling) -> _Section:
    past = [one for one in handover.record.history if one.kind != "medication"]
    text = narrative.lines(
        [condition.history_words(one) for one in past], otherwise="No past history was taken."
    )
    return _Section("67842-5", "Past history", text, _urls(told.past_conditions), "notasked")


def _current_medications(handover: Handover, told: Telling) -> _Section:
    past = [one for one in handover.record.history if one.kind == "medication"]
    text = narrative.lines(
        [condition.history_words(one) for one in past],
        otherwise="Nobody asked which medicines the patient takes.",
    )
    urls = _urls(told.past_medications)
    return _Section("67844-1", "Current medications", text, urls, "notasked")


def _allergies(handover: Handover, told: Telling) -> _Section:
    text = narrative.lines(
        [condition.allergy_words(one) for one in handover.record.allergies],
        otherwise="Nothing is known about allergies: nobody asked, or nobody wrote it down.",
    )
    return _Section("48765-2", "Allergies", text, _urls(told.allergies), "notasked")


def _vital_signs(handover: Handover, reported: Reported) -> _Section:
    by_hand = [one for one in handover.record.vitals if finding.is_vital_sign(one)]
    text = narrative.vital_signs_table(reported.readings, device_names(handover))
    if by_hand:
        text += narrative.paragraph("Taken down by the crew:")
        text += narrative.lines(_timed(by_hand, finding.in_words))
    urls = [*_urls(reported.telling.vital_signs), *_urls(reported.pictures)]
    return _Section("8716-3", "Vital signs", text, _urls(reported.vital_signs), more=urls)


def _examination(handover: Handover, told: Telling) -> _Section:
    found = [one for one in handover.record.vitals if not finding.is_vital_sign(one)]
    text = narrative.lines(
        _timed(found, finding.in_words), otherwise="No examination was taken down."
    )
    return _Section("29545-1", "Physical assessment", text, _urls(told.examination))


def _medications(handover: Handover, told: Telling) -> _Section:
    text = narrative.lines(
        _timed(handover.record.medications, treatment.medication_words),
        otherwise="No medicine was taken down as given.",
    )
    return _Section("67849-0", "Medications administered", text, _urls(told.medications))


def _procedures(handover: Handover, reported: Reported) -> _Section:
    parts = []
    if reported.shocks:
        parts.append(narrative.shock_list(reported.shocks))
    done = handover.record.procedures
    if done:
        parts.append(narrative.lines(_timed(done, treatment.procedure_words)))
    text = "".join(parts) or narrative.paragraph("No procedure was reported.")
    urls = _urls(reported.procedures)
    more = _urls(reported.telling.procedures)
    return _Section("29554-3", "Procedures", text, urls, more=more)


def _arrest(handover: Handover, reported: Reported) -> _Section:
    lines = [
        f"{mission_time.title(one)}: {mission_time.value_words(one)}"
        for one in mission_time.arrest_facts(handover)
    ]
    text = narrative.event_list(reported.events)
    if lines:
        text = narrative.lines(lines) + text
    more = _urls(reported.telling.arrest)
    return _Section("67799-7", "Cardiac arrest event", text, _urls(reported.arrest), more=more)


def _injury(handover: Handover) -> _Section:
    alerts = [one for one in handover.record.alerts if one == "trauma"]
    text = "A trauma alert was raised." if alerts else "No injury was taken down."
    return _Section("11374-6", "Injury incident", narrative.paragraph(text))


def _disposition(names: Names, handover: Handover) -> _Section:
    record = handover.record
    lines = []
    if record.value("disposition"):
        lines.append(f"Disposition: {_plain(record.value('disposition'))}")
    if handover.destination:
        lines.append(f"Destination: {handover.destination}")
    if handover.handover_at:
        lines.append(f"Handed over at {clock_time(handover.handover_at)}")
    if record.newest(ActKind.REFUSED) is not None:
        lines.append("Care or transport was refused")
    text = narrative.lines(lines, otherwise="Not decided yet.")
    urls = [names.urn("Facility", handover.destination)] if handover.destination else []
    return _Section("67661-9", "Disposition", text, urls)


def _narrative(names: Names, handover: Handover) -> _Section:
    if handover.identity is None:
        text = narrative.paragraph("Free text is withheld from the pseudonymised record.")
        return _Section("67781-5", "Narrative", text, why_empty="withheld")
    record = handover.record
    written = [str(record.value("narrative"))] if record.value("narrative") else []
    written += _timed(record.notes, lambda note: note.text)
    text = narrative.lines(written, otherwise="Nothing was written.")
    return _Section("67781-5", "Narrative", text, [names.urn("Encounter")] if written else [])


def _plan(handover: Handover) -> _Section:
    act = handover.record.newest(ActKind.PRE_ALERT)
    if act is None:
        return _Section("18776-5", "Plan of care", narrative.paragraph("No pre-alert was sent."))
    lines = [f"Pre-alert sent at {clock_time(act.at)}"]
    if act.data.get("eta"):
        lines.append(f"Expected at {act.data['eta']}")
    wanted = act.data.get("resources") or []
    if wanted:
        lines.append(f"Asked for: {', '.join(_plain(one) for one in wanted)}")
    if act.data.get("summary") and handover.identity is not None:
        lines.append(str(act.data["summary"]))
    return _Section("18776-5", "Plan of care", narrative.lines(lines))


def device_names(handover: Handover) -> dict[str, str]:
    """What a person calls each device, by its id."""
    return {
        device.device_id: device.info.model or device.device_class or str(device.info.system_id)
        for device in handover.devices
    }


def _timed(items: Iterable[Any], told: Any) -> list[str]:  # noqa: ANN401 - one of the item types and its words
    return [f"{clock_time(one.at)} {told(one)}" for one in items if isinstance(one, Item)]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(str(one).replace("_", " ") for one in value.values() if one)
    return str(value).replace("_", " ")


def _urls(named: Iterable[Named]) -> list[str]:
    return [one.url for one in named]
