"""What can be told of an encounter: its fields, its lists, and the words and units each takes.

A word that is not here is refused, for nobody could read it later. A number beyond what a living
patient can show is kept and flagged, never refused: it may be true, or tell of a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from cloud.core.encounters.record import ALERTS, ARREST, TIMES
from cloud.core.observations.plausibility import RULES

Limits = Mapping[str, tuple[Decimal, Decimal]]
"""By UCUM code the widest believable range."""
MOST_TEXT: Final = 4000
MOST_NARRATIVE: Final = 20_000
MOST_LISTED: Final = 32
OLDEST_YEARS: Final = 130


class Kind(StrEnum):
    """Of which shape a field's value is."""

    CODED = "coded"
    WORD = "word"
    WORDS = "words"
    TEXT = "text"
    TIME = "time"
    WHOLE = "whole"
    YES_NO = "yes_no"
    IDENTIFIERS = "identifiers"
    TRIAGE = "triage"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A field's shape; `words` are the only ones it takes, `most` the longest text or number."""

    kind: Kind
    words: tuple[str, ...] = ()
    most: int = MOST_TEXT


@dataclass(frozen=True, slots=True)
class Part:
    """A named part of a finding: a number, a word, or either; `between` is what can be at all."""

    is_number: bool = True
    words: tuple[str, ...] = ()
    between: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class VitalRule:
    """A type of finding. `limits` by unit are for its numbers; without any it has no unit.

    `needed` are the parts of which one at least must be told.
    """

    parts: Mapping[str, Part]
    limits: Limits = field(default_factory=dict)


RHYTHMS: Final = (
    "agonal", "asystole", "atrial_fibrillation", "atrial_flutter", "av_block_1", "av_block_2_1",
    "av_block_2_2", "av_block_3", "junctional", "left_bundle_branch_block", "non_stemi", "other",
    "paced", "pea", "premature_atrial", "premature_ventricular", "right_bundle_branch_block",
    "sinus_arrhythmia", "sinus_bradycardia", "sinus_rhythm", "sinus_tachycardia", "stemi_anterior",
    "stemi_inferior", "stemi_lateral", "stemi_posterior", "supraventricular_tachycardia",
    "torsades_de_pointes", "unknown_non_shockable", "unknown_shockable",
    "ventricular_fibrillation", "ventricular_tachycardia", "pulseless_ventricular_tachycardia",
)  # fmt: skip
"""Cardiac rhythms (the words of NEMSIS eVitals.03)."""
_FIRST_RHYTHMS: Final = (
    "asystole",
    "pea",
    "ventricular_fibrillation",
    "pulseless_ventricular_tachycardia",
    "unknown_shockable",
    "unknown_non_shockable",
)
_ETIOLOGIES: Final = (
    "cardiac",
    "drowning",
    "drug_overdose",
    "electrocution",
    "exsanguination",
    "respiratory",
    "trauma",
    "other",
)
_WITNESSES: Final = ("not_witnessed", "family", "bystander", "healthcare_provider")
_RESUSCITATION: Final = (
    "als_started",
    "bls_started",
    "not_attempted_futile",
    "not_attempted_dnr",
    "not_attempted_signs_of_circulation",
)
_ENDED: Final = (
    "rosc",
    "died_on_scene",
    "died_in_emergency_department",
    "ongoing_at_handover",
    "dnr",
    "medical_order",
    "obvious_signs_of_death",
    "unable_to_continue",
    "protocol_completed",
)
_ACUITY: Final = (
    "critical",
    "emergent",
    "lower_acuity",
    "dead_without_resuscitation",
    "non_acute",
)
DISPOSITIONS: Final = (
    "conveyed",
    "transferred_to_other_unit",
    "treated_on_scene",
    "referred",
    "refused_care",
    "refused_transport",
    "dead_on_scene",
    "no_patient_found",
    "cancelled",
)
SEXES: Final = ("female", "male", "other", "unknown")
TRIAGE_SYSTEMS: Final = ("START", "SALT")

_ARREST_RULES: Final = {
    "etiology": FieldRule(Kind.WORD, _ETIOLOGIES),
    "witnessed_by": FieldRule(Kind.WORD, _WITNESSES),
    "bystander_cpr": FieldRule(Kind.YES_NO),
    "first_rhythm": FieldRule(Kind.WORD, _FIRST_RHYTHMS),
    "resuscitation": FieldRule(Kind.WORD, _RESUSCITATION),
    "rosc_at": FieldRule(Kind.TIME),
    "rhythm_at_destination": FieldRule(Kind.WORD, RHYTHMS),
    "ended_reason": FieldRule(Kind.WORD, _ENDED),
}
FIELDS: Final[Mapping[str, FieldRule]] = {
    "chief_complaint": FieldRule(Kind.CODED),
    "acuity": FieldRule(Kind.WORD, _ACUITY),
    "triage": FieldRule(Kind.TRIAGE, TRIAGE_SYSTEMS),
    "narrative": FieldRule(Kind.TEXT, most=MOST_NARRATIVE),
    "disposition": FieldRule(Kind.WORD, DISPOSITIONS),
    "crew_ids": FieldRule(Kind.IDENTIFIERS),
    "patient.sex": FieldRule(Kind.WORD, SEXES),
    "patient.age_years": FieldRule(Kind.WHOLE, most=OLDEST_YEARS),
    "alerts": FieldRule(Kind.WORDS, ALERTS),
    **{f"times.{name}": FieldRule(Kind.TIME) for name in TIMES},
    **{f"arrest.{name}": _ARREST_RULES[name] for name in ARREST},
}
"""Every path that holds one value."""

VITALS: Final = "vitals"
MEDICATIONS: Final = "medications"
PROCEDURES: Final = "procedures"
IMPRESSIONS: Final = "impressions"
ALLERGIES: Final = "allergies"
HISTORY: Final = "history"
PHOTOGRAPHS: Final = "photographs"
NOTES: Final = "notes"
LISTS: Final = (
    VITALS,
    MEDICATIONS,
    PROCEDURES,
    IMPRESSIONS,
    ALLERGIES,
    HISTORY,
    PHOTOGRAPHS,
    NOTES,
)
"""Every path that holds entries, each under the id of the operation that brought it."""
HISTORY_KINDS: Final = ("condition", "medication", "device")
ALLERGY_STATUSES: Final = ("allergic", "no_known", "not_asked")


def _between(low: str, high: str) -> tuple[Decimal, Decimal]:
    return Decimal(low), Decimal(high)


def _score(low: int, high: int, *words: str) -> Part:
    return Part(words=words, between=(low, high))


def _word(*words: str) -> Part:
    return Part(is_number=False, words=words)


_NUMBER: Final = Part()
_VALUE: Final = {"value": _NUMBER}
_NOT_TESTABLE: Final = "NT"
_SCORE_UNIT: Final = {"{score}": _between("0", "20")}
_PUPIL: Final = Part(words=("reactive", "sluggish", "fixed", "not_assessed"))
_FACE: Final = _word("normal", "abnormal", "not_assessed")
VITAL_RULES: Final[Mapping[str, VitalRule]] = {
    "heart_rate": VitalRule(_VALUE, RULES[147842]),
    "spo2": VitalRule(_VALUE, RULES[150456]),
    "respiration_rate": VitalRule(_VALUE, RULES[151562]),
    "blood_pressure": VitalRule(
        {"systolic": _NUMBER, "diastolic": _NUMBER, "mean": _NUMBER}, RULES[150021]
    ),
    "etco2": VitalRule(_VALUE, RULES[151708]),
    "temperature": VitalRule(_VALUE, RULES[150364]),
    "glucose": VitalRule(_VALUE, RULES[160184]),
    "gcs": VitalRule(
        {
            "eye": _score(1, 4, _NOT_TESTABLE),
            "verbal": _score(1, 5, _NOT_TESTABLE),
            "motor": _score(1, 6, _NOT_TESTABLE),
            "total": _score(3, 15),
        },
        _SCORE_UNIT,
    ),
    "avpu": VitalRule({"level": _word("A", "C", "V", "P", "U")}),
    "pain": VitalRule({"value": _score(0, 10)}, _SCORE_UNIT),
    "fast": VitalRule(
        {
            "face": _FACE,
            "arm": _FACE,
            "speech": _FACE,
            "result": _word("positive", "negative", "inconclusive"),
        }
    ),
    "news2": VitalRule(
        {
            **dict.fromkeys(
                (
                    "respiration_rate",
                    "saturation",
                    "systolic",
                    "pulse",
                    "consciousness",
                    "temperature",
                ),
                _score(0, 3),
            ),
            "oxygen": _score(0, 2),
            "total": _score(0, 20),
            "risk": _word("low", "low-medium", "medium", "high"),
        },
        _SCORE_UNIT,
    ),
    "oxygen": VitalRule({"flow": _NUMBER}, {"L/min": _between("0", "25")}),
    "rhythm": VitalRule({"rhythm": _word(*RHYTHMS)}),
    "pupils": VitalRule({"left": _PUPIL, "right": _PUPIL}, {"mm": _between("0", "10")}),
    "pef": VitalRule(_VALUE, {"L/min": _between("0", "900")}),
    "weight": VitalRule(
        _VALUE,
        {
            "kg": _between("0.2", "400"),
            "g": _between("200", "400000"),
            "[lb_av]": _between("0.4", "900"),
        },
    ),
}
"""How each type of finding is told; devices and crews are held to the same limits."""

DOSE_UNITS: Final = (
    "ng", "ug", "mg", "g", "mL", "L", "mmol", "[iU]", "L/min", "mL/h", "mg/h", "ug/h", "ug/min",
    "mg/min", "ug/kg", "mg/kg", "mL/kg", "ug/kg/min", "mg/kg/h", "J", "%", "{tablet}", "{puff}",
    "{spray}", "{ampule}", "{dose}", "1",
)  # fmt: skip
"""The UCUM codes a dose may be told in."""
_SPELLED_WRONG: Final = {
    "bpm": "/min",
    "mmhg": "mm[Hg]",
    "degc": "Cel",
    "°c": "Cel",
    "c": "Cel",
    "°f": "[degF]",
    "f": "[degF]",
    "percent": "%",
    "mcg": "ug",
    "µg": "ug",
    "μg": "ug",
    "microgram": "ug",
    "milligram": "mg",
    "gram": "g",
    "ml": "mL",
    "l": "L",
    "l/min": "L/min",
    "ml/h": "mL/h",
    "iu": "[iU]",
    "[iu]": "[iU]",
    "units": "[iU]",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "mmol/l": "mmol/L",
    "mg/dl": "mg/dL",
    "puffs": "{puff}",
    "tablets": "{tablet}",
    "j": "J",
}


def meant_unit(spelled: str, allowed: tuple[str, ...]) -> str | None:
    """The UCUM code among `allowed` that a person most likely meant, None where nobody knows."""
    meant = _SPELLED_WRONG.get(spelled.strip().lower(), "")
    return meant if meant in allowed else None


ROUTES: Final[Mapping[str, tuple[str, str]]] = {
    "IV": ("Intravenous", "47625008"),
    "IO": ("Intraosseous", "417255000"),
    "IM": ("Intramuscular", "78421000"),
    "SC": ("Subcutaneous", "34206005"),
    "PO": ("Oral", "26643006"),
    "SL": ("Sublingual", "37839007"),
    "BUC": ("Buccal", "54471007"),
    "NAS": ("Nasal", "46713006"),
    "NEB": ("Respiratory tract", "447694001"),
    "INHALED": ("Respiratory tract", "447694001"),
    "PR": ("Rectal", "37161004"),
    "TOP": ("Topical", "6064005"),
    "TD": ("Transdermal", "45890007"),
    "ET": ("Intratracheal", "404818005"),
}
"""By the crew's word: its name and SNOMED CT code."""
SNOMED: Final = "http://snomed.info/sct"
