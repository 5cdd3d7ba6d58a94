"""Faults that a bundle of ours must never leave the house with; the gate has to see each.

Each spoils one thing in a transaction bundle, given as parsed JSON, in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Json = Any
"""Parsed JSON of any shape."""

NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"


def of_type(bundle: Json, kind: str, holding: str = "") -> Json:
    """The first resource of a type whose JSON holds some text."""
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind
        and holding in json.dumps(entry["resource"], default=str)
    )


def numeric(bundle: Json, profile: str) -> Json:
    """The first observation that claims a profile and has a value."""
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if profile in str(entry["resource"].get("meta", {}).get("profile"))
        and "valueQuantity" in entry["resource"]
    )


def _spo2(bundle: Json) -> Json:
    return numeric(bundle, "oxygensat")


def _pressure(bundle: Json) -> Json:
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if "/bp" in str(entry["resource"].get("meta", {}).get("profile"))
    )


def _strip(bundle: Json) -> Json:
    return of_type(bundle, "Observation", "valueSampledData")


def _first_loinc(bundle: Json, profile: str) -> Json:
    return next(
        coding
        for coding in numeric(bundle, profile)["code"]["coding"]
        if coding["system"] == "http://loinc.org"
    )


def _section(bundle: Json) -> Json:
    sections = of_type(bundle, "Composition")["section"]
    return next(one for one in sections if "entry" in one)


def _unprofiled(bundle: Json) -> Json:
    """A quantity outside every vital-signs profile."""
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if "valueQuantity" in entry["resource"]
        and "profile" not in entry["resource"].get("meta", {})
    )


def _missing_status(bundle: Json) -> None:
    del _spo2(bundle)["status"]


def _bad_required_code(bundle: Json) -> None:
    of_type(bundle, "Encounter")["status"] = "done"


def _date_format(bundle: Json) -> None:
    _spo2(bundle)["effectiveDateTime"] = "23/11/2026 10:14"


def _impossible_date(bundle: Json) -> None:
    _spo2(bundle)["effectiveDateTime"] = "2026-02-30T10:14:00Z"


def _unresolved(bundle: Json) -> None:
    _spo2(bundle)["subject"]["reference"] = NOWHERE


def _no_loinc(bundle: Json) -> None:
    code = _spo2(bundle)["code"]
    code["coding"] = [one for one in code["coding"] if one["system"] != "http://loinc.org"]


def _bpm(bundle: Json) -> None:
    numeric(bundle, "heartrate")["valueQuantity"]["code"] = "bpm"


def _mmol_litre(bundle: Json) -> None:
    _unprofiled(bundle)["valueQuantity"] = {
        "value": 5,
        "unit": "mmol/L",
        "system": "http://unitsofmeasure.org",
        "code": "mmol/litre",
    }


def _unknown_element(bundle: Json) -> None:
    _spo2(bundle)["valueNumber"] = 97


def _two_values(bundle: Json) -> None:
    _spo2(bundle)["valueString"] = "97"


def _no_diastolic(bundle: Json) -> None:
    resource = _pressure(bundle)
    resource["component"] = [
        one for one in resource["component"] if "8462-4" not in json.dumps(one, default=str)
    ]


def _no_value(bundle: Json) -> None:
    del _spo2(bundle)["valueQuantity"]


def _period_reversed(bundle: Json) -> None:
    period = _strip(bundle)["effectivePeriod"]
    period["start"], period["end"] = period["end"], period["start"]


def _no_zone(bundle: Json) -> None:
    resource = _spo2(bundle)
    resource["effectiveDateTime"] = resource["effectiveDateTime"].removesuffix("Z")


def _same_url(bundle: Json) -> None:
    bundle["entry"][1]["fullUrl"] = bundle["entry"][0]["fullUrl"]


def _no_request(bundle: Json) -> None:
    del bundle["entry"][0]["request"]


def _empty_section(bundle: Json) -> None:
    section = _section(bundle)
    del section["text"], section["entry"]


def _wrong_loinc(bundle: Json) -> None:
    _first_loinc(bundle, "heartrate")["code"] = "8867-5"


def _check_digit(bundle: Json) -> None:
    resource = of_type(bundle, "Observation", '"69469-5"')
    resource["code"]["coding"][0]["code"] = "69469-6"


def _wrong_type(bundle: Json) -> None:
    patient = next(
        one["fullUrl"] for one in bundle["entry"] if one["resource"]["resourceType"] == "Patient"
    )
    of_type(bundle, "Observation", "oxygensat")["encounter"]["reference"] = patient


def _number_as_text(bundle: Json) -> None:
    _spo2(bundle)["valueQuantity"]["value"] = "97"


def _garbage_samples(bundle: Json) -> None:
    _strip(bundle)["valueSampledData"]["data"] += " 12,5 x"


def _script(bundle: Json) -> None:
    text = _section(bundle)["text"]
    text["div"] = text["div"].replace("</div>", "<script>alert(1)</script></div>")


def _spaced_uri(bundle: Json) -> None:
    _spo2(bundle)["code"]["coding"][0]["system"] = "http://loinc .org"


def _malformed_uuid(bundle: Json) -> None:
    entry = next(one for one in bundle["entry"] if one["resource"]["resourceType"] == "Procedure")
    entry["fullUrl"] = "urn:uuid:not-a-uuid"


def _bare_concept(bundle: Json) -> None:
    of_type(bundle, "Condition")["code"] = "22298006"


MUTATIONS: dict[str, Callable[[Json], None]] = {
    "01 missing status": _missing_status,
    "02 bad required code": _bad_required_code,
    "03 date format": _date_format,
    "04 impossible date": _impossible_date,
    "05 unresolved urn:uuid": _unresolved,
    "06 SpO2 without LOINC": _no_loinc,
    "07 bpm in heart rate": _bpm,
    "08 mmol/litre, no profile": _mmol_litre,
    "09 unknown element": _unknown_element,
    "10 two values": _two_values,
    "11 pressure without diastolic": _no_diastolic,
    "12 no value, no reason": _no_value,
    "13 period reversed": _period_reversed,
    "14 time without zone": _no_zone,
    "15 duplicate fullUrl": _same_url,
    "16 entry without request": _no_request,
    "17 empty section": _empty_section,
    "18 LOINC 8867-5": _wrong_loinc,
    "19 LOINC check digit, no profile": _check_digit,
    "20 reference to wrong type": _wrong_type,
    "21 number as string": _number_as_text,
    "22 garbage in SampledData": _garbage_samples,
    "23 script in narrative": _script,
    "24 URI with spaces": _spaced_uri,
    "25 malformed urn:uuid": _malformed_uuid,
    "26 CodeableConcept required": _bare_concept,
}
