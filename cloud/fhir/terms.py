"""Codes and quantities: 10101 terms with their LOINC and UCUM, exact digits, open to the unknown.

A term nobody knows stays its 32-bit number. A private term (partition 2, 0xF000 and up, which
10101 leaves to makers) has no 10101 code: it stands under our own system and says so, with the
NEMSIS element that asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from cloud.core.encounters.catalogue import DOSE_UNITS
from cloud.fhir import systems
from cloud.fhir.json import Element, JsonValue, element
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.lookup import find, find_unit, loincs, ucum, unit_from_ucum

_SCADA: Final = 2
_PRIVATE_FROM: Final = 0xF000
_RATE: Final = "/min"


@dataclass(frozen=True, slots=True)
class VitalSign:
    """What R4 asks of an observation with this LOINC code (profiles of hl7.org/fhir/R4)."""

    profile: str
    units: frozenset[str]


_R4: Final = "http://hl7.org/fhir/StructureDefinition/"
VITAL_SIGNS: Final = {
    "8867-4": VitalSign(f"{_R4}heartrate", frozenset(("/min",))),
    "9279-1": VitalSign(f"{_R4}resprate", frozenset(("/min",))),
    "2708-6": VitalSign(f"{_R4}oxygensat", frozenset(("%",))),
    "8310-5": VitalSign(f"{_R4}bodytemp", frozenset(("Cel", "[degF]"))),
    "29463-7": VitalSign(f"{_R4}bodyweight", frozenset(("g", "kg", "[lb_av]"))),
    "8302-2": VitalSign(f"{_R4}bodyheight", frozenset(("cm", "[in_i]"))),
    "85354-9": VitalSign(f"{_R4}bp", frozenset(("mm[Hg]",))),
}
"""The LOINC codes R4 binds to a vital-signs profile, with the units the profile allows."""


VITAL_SIGN_CODES: Final = frozenset(VITAL_SIGNS) | {"59408-5", "8480-6", "8462-4", "8478-0"}
"""LOINC codes whose observations belong to the category vital-signs."""


_SNOMED: Final = {
    147842: "364075005",
    149530: "78564009",
    149546: "78564009",
    150456: "431314004",
    150020: "75367002",
    150021: "72313002",
    150022: "1091811000000102",
    150368: "276885007",
    151562: "86290005",
    151578: "86290005",
    151594: "86290005",
    153728: "248241002",
}
"""SNOMED CT codes of UK Core's vital signs by the term's 32-bit code."""
_ALSO_UCUM: Final = {
    "{score}": "",
    "ug": "micrograms",
    "ug/kg": "micrograms/kg",
    "ug/min": "micrograms/min",
    "ng": "nanograms",
    "mg/kg": "mg/kg",
    "mg/h": "mg/h",
    "mg/mL": "mg/mL",
    "mL/h": "mL/h",
    "mL/kg": "mL/kg",
    "mmol": "mmol",
    "[iU]": "units",
    "[IU]": "units",
    "[drp]": "drops",
}
"""UCUM codes of doses and scores, which 10101 has no unit for, and what a person reads."""
_MEANT: Final = {
    "mcg": "ug",
    "\u00b5g": "ug",
    "\u03bcg": "ug",
    "microgram": "ug",
    "micrograms": "ug",
    "iu": "[iU]",
    "unit": "[iU]",
    "units": "[iU]",
    "ml": "mL",
    "gram": "g",
    "grams": "g",
    "litre": "L",
    "litres": "L",
    "l": "L",
}
"""What crews write for a UCUM code, in small letters."""


def ucum_code(text: str) -> str | None:
    """The UCUM code of a unit as people write it, None for one we do not know."""
    if text in _ALSO_UCUM or text in DOSE_UNITS or unit_from_ucum(text) is not None:
        return text
    return _MEANT.get(text.lower())


def ucum_text(code: str) -> str:
    """A UCUM code as a person reads it; anything else as it is."""
    if code in _ALSO_UCUM:
        return _ALSO_UCUM[code]
    if code.startswith("{"):
        return code.strip("{}")
    unit = unit_from_ucum(code)
    # R4's vital signs want /min; a rate's unit is written so to people as well as to machines.
    return code if unit is None or code == _RATE else unit_text(unit) or code


def plain_quantity(value: Decimal, unit: str) -> Element:
    """A number in a unit as people write it; one we know no UCUM code of stays their word."""
    if not unit:
        return {"value": value}
    code = ucum_code(unit)
    if code is None:
        return {"value": value, "unit": unit}
    return {
        "value": value,
        "unit": ucum_text(code) or "score",
        "system": systems.UCUM,
        "code": code,
    }


def is_private(code: MdcCode) -> bool:
    """Whether the term is in the range 10101 leaves to makers."""
    return code.partition == _SCADA and code.term >= _PRIVATE_FROM


def ucum_of(unit: UnitCode) -> str | None:
    """The UCUM code of a unit, None where we know none."""
    return ucum(unit)


@lru_cache(maxsize=4096)
def loincs_of(code: MdcCode, unit: UnitCode | None = None) -> tuple[str, ...]:
    """The LOINC codes of a term measured in a unit; none for most."""
    return loincs(code, unit)


@lru_cache(maxsize=4096)
def label(code: MdcCode) -> str:
    """What a person calls the term; unknown ones are their number."""
    term = find(code)
    if term is None:
        return f"MDC {code.cf_code}"
    return term.display or term.reference_id


def concept(code: MdcCode, unit: UnitCode | None = None) -> Element:
    """A term as CodeableConcept: LOINC first, then its own code, then SNOMED CT (UK Core)."""
    codings: list[JsonValue] = [
        {"system": systems.LOINC, "code": loinc} for loinc in loincs_of(code, unit)
    ]
    snomed = _SNOMED.get(code.cf_code)
    if snomed is not None:
        return {
            "coding": [*codings, *_own_codings(code), {"system": systems.SNOMED, "code": snomed}],
            "text": label(code),
        }
    return {"coding": codings + _own_codings(code), "text": label(code)}


def unit_concept(unit: UnitCode) -> Element:
    """A unit as CodeableConcept: its 10101 code, and UCUM where we know it."""
    codings: list[JsonValue] = [{"system": systems.MDC, "code": str(unit.code.cf_code)}]
    code = ucum_of(unit)
    if code is not None:
        codings.append({"system": systems.UCUM, "code": code})
    return {"coding": codings}


def own_concept(code: MdcCode) -> Element:
    """A term as CodeableConcept by its own code alone."""
    return {"coding": _own_codings(code), "text": label(code)}


def attribute(code: int, reference_id: str) -> Element:
    """An attribute of 20601 as CodeableConcept, by its 32-bit code and name."""
    return {
        "coding": [{"system": systems.MDC, "code": str(code), "display": reference_id}],
        "text": reference_id,
    }


def quantity(value: Decimal, unit: UnitCode) -> Element:
    """A number with its digits and its UCUM unit; a unit without UCUM keeps its 10101 code."""
    code = ucum_of(unit)
    if code is None:
        return {
            "value": value,
            "unit": f"MDC unit {unit.cf_code}",
            "system": systems.MDC,
            "code": str(unit.cf_code),
        }
    # R4's vital signs want /min; a rate's unit is written so to people as well as to machines.
    shown = code if code == _RATE else unit_text(unit) or code
    return {"value": value, "unit": shown, "system": systems.UCUM, "code": code}


@lru_cache(maxsize=1024)
def unit_text(unit: UnitCode) -> str:
    """The unit as a person reads it; empty for plain counts."""
    row = find_unit(unit)
    return f"(MDC unit {unit.cf_code})" if row is None else row.display


def _own_codings(code: MdcCode) -> list[JsonValue]:
    term = find(code)
    number = str(code.cf_code)
    if not is_private(code):
        name = term.reference_id if term else None
        return [element(system=systems.MDC, code=number, display=name)]
    own: Element = {
        "system": systems.PRIVATE_TERMS,
        "code": number,
        "display": f"{label(code)} (no term in ISO/IEEE 11073-10101)",
    }
    if term is None or not term.nemsis:
        return [own]
    return [own, {"system": systems.NEMSIS, "code": term.nemsis}]
