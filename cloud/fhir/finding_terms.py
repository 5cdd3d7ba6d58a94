"""The codes of what crews take down: LOINC, 10101, SNOMED CT (UK Core) and NEMSIS, one row a type.

Where the unit picks the code (glucose, end-tidal CO2), a type has one row a unit. Levels of
consciousness are those of UK Core's ACVPU, parts of NEWS2 those of its early warning profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud.fhir import systems
from cloud.fhir.json import Element, JsonValue


@dataclass(frozen=True, slots=True)
class Coded:
    """A name with its codes; empty where a system has none."""

    text: str
    loinc: tuple[str, ...] = ()
    mdc: str = ""
    snomed: str = ""
    nemsis: str = ""

    def concept(self) -> Element:
        """As CodeableConcept: LOINC first, then the others; text alone where nobody has a code."""
        told = [
            *((systems.LOINC, code) for code in self.loinc),
            (systems.MDC, self.mdc),
            (systems.SNOMED, self.snomed),
            (systems.NEMSIS, self.nemsis),
        ]
        codings: list[JsonValue] = [
            {"system": system, "code": code} for system, code in told if code
        ]
        return {"coding": codings, "text": self.text} if codings else {"text": self.text}


@dataclass(frozen=True, slots=True)
class Finding:
    """A type of finding: its code, its parts, the R4 profile of its values in these units.

    `unit` is what its number is in where the crew told none.
    """

    code: Coded
    category: str = "vital-signs"
    unit: str = ""
    parts: Mapping[str, Coded] | None = None
    main: str = "value"
    by_unit: Mapping[str, Coded] | None = None


_GCS: Final = {
    "eye": Coded("Eye opening", ("9267-6",)),
    "verbal": Coded("Verbal response", ("9270-0",)),
    "motor": Coded("Motor response", ("9268-4",)),
}
_PRESSURES: Final = {
    "systolic": Coded("Systolic blood pressure", ("8480-6",), "150021", "72313002"),
    "diastolic": Coded("Diastolic blood pressure", ("8462-4",), "150022", "1091811000000102"),
    "mean": Coded("Mean blood pressure", ("8478-0",), "150023"),
}
_NEWS2: Final = {
    "respiration_rate": Coded("Respiration rate score", snomed="1104301000000104"),
    "saturation": Coded("Oxygen saturation scale 1 score", snomed="1104311000000102"),
    "oxygen": Coded("Air or oxygen score", snomed="1104331000000105"),
    "systolic": Coded("Systolic blood pressure score", snomed="1104341000000101"),
    "pulse": Coded("Pulse score", snomed="1104351000000103"),
    "consciousness": Coded("Consciousness score", snomed="1104361000000100"),
    "temperature": Coded("Temperature score", snomed="1104371000000107"),
    "risk": Coded("Clinical risk"),
}
_FAST: Final = {
    "face": Coded("Facial weakness"),
    "arm": Coded("Arm weakness"),
    "speech": Coded("Speech problem"),
}
_PUPILS: Final = {"left": Coded("Left pupil"), "right": Coded("Right pupil")}
_GLUCOSE: Final = {
    "mmol/L": Coded("Capillary glucose", ("14743-9",), "160184"),
    "mg/dL": Coded("Capillary glucose", ("41653-7",), "160184"),
}
_ETCO2: Final = {
    "%": Coded("End-tidal CO2", ("19889-5",), "151708"),
    "mm[Hg]": Coded("End-tidal CO2", ("19891-1",), "151708"),
    "kPa": Coded("End-tidal CO2", ("19891-1",), "151708"),
}

FINDINGS: Final[Mapping[str, Finding]] = {
    "heart_rate": Finding(Coded("Heart rate", ("8867-4",), "", "364075005"), unit="/min"),
    "spo2": Finding(
        Coded("Oxygen saturation", ("2708-6", "59408-5"), "150456", "431314004"), unit="%"
    ),
    "respiration_rate": Finding(
        Coded("Respiratory rate", ("9279-1",), "151562", "86290005"), unit="/min"
    ),
    "blood_pressure": Finding(
        Coded("Blood pressure", ("85354-9",), "150020", "75367002"),
        unit="mm[Hg]",
        parts=_PRESSURES,
        main="",
    ),
    "etco2": Finding(Coded("End-tidal CO2", mdc="151708"), by_unit=_ETCO2),
    "temperature": Finding(Coded("Body temperature", ("8310-5",), "150364"), unit="Cel"),
    "glucose": Finding(Coded("Capillary glucose", mdc="160184"), "laboratory", by_unit=_GLUCOSE),
    "gcs": Finding(
        Coded("Glasgow coma score", ("9269-2",), "153728", "248241002"),
        "survey",
        "{score}",
        _GCS,
        "total",
    ),
    "avpu": Finding(
        Coded("Level of consciousness (ACVPU)", ("67775-7",), "", "1104441000000107"),
        "exam",
        main="level",
    ),
    "pain": Finding(Coded("Pain severity 0-10", ("72514-3",)), "survey", "{score}"),
    "fast": Finding(
        Coded("Face arm speech test", ("67520-7",), nemsis="eVitals.29"),
        "exam",
        parts=_FAST,
        main="result",
    ),
    "news2": Finding(
        Coded("NEWS2 total score", snomed="1104051000000101"), "survey", "{score}", _NEWS2, "total"
    ),
    "oxygen": Finding(Coded("Oxygen flow", ("3151-8",)), unit="L/min", main="flow"),
    "rhythm": Finding(Coded("Cardiac rhythm", ("67519-9",), "184327"), "exam", main="rhythm"),
    "pupils": Finding(Coded("Pupils"), "exam", parts=_PUPILS, main=""),
    "pef": Finding(Coded("Peak expiratory flow", ("33452-4",)), "exam", "L/min"),
    "weight": Finding(Coded("Body weight", ("29463-7",), "188736"), unit="kg"),
}
"""Each of `VITAL_TYPES`. Heart rate has no 10101 term here: the crew did not say what counted."""

LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    "a": ("248234008", "Alert"),
    "c": ("130987000", "New confusion"),
    "v": ("300202002", "Responds to voice"),
    "p": ("450847001", "Responds to pain"),
    "u": ("422768004", "Unresponsive"),
}
"""ACVPU by its letter: SNOMED CT code and what a person reads."""
