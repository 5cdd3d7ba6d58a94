"""The bundles before our own gate, and the gate before spoiled bundles."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PatientIdentity
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps
from cloud.fhir.selection import Detail
from tests.fixtures.fhir_checks import loinc_check_digit_fits, problems
from tests.fixtures.handovers import START, arrest_handover, handover
from tests.fixtures.records import full_handover, known_identity

Json = Any
ENDED_AT = START + timedelta(minutes=40)
HANDOVERS = {
    "everything told": full_handover(),
    "everything told and handed over": full_handover(is_over=True),
    "everything told and amended": full_handover(is_over=True, amendments=["a", "b"]),
    "everything told, identified": full_handover(identity=known_identity(), is_over=True),
    "nobody knows who": full_handover(identity=PatientIdentity(), is_over=True),
    "nothing": handover(),
    "arrest": arrest_handover(60),
    "handed over": replace(arrest_handover(60), status="handed_over", handover_at=ENDED_AT),
}


def parsed(handed: Handover, detail: Detail, page: int = 1) -> Json:
    octets = dumps(HandoverPages(handed, detail=detail).bundle(page))
    return json.loads(octets, parse_float=Decimal)


@pytest.mark.parametrize("detail", list(Detail))
@pytest.mark.parametrize("name", HANDOVERS)
def test_the_gate_finds_nothing_in_what_we_make(name: str, detail: Detail) -> None:
    assert problems(parsed(HANDOVERS[name], detail)) == []


def test_every_page_stands_alone() -> None:
    pages = HandoverPages(arrest_handover(60), detail=Detail.FULL, page_size=40)
    assert pages.count > 3
    for page in range(1, pages.count + 1):
        assert problems(json.loads(dumps(pages.bundle(page)), parse_float=Decimal)) == []


def first(bundle: Json, kind: str, holding: str = "") -> Json:
    return next(
        entry
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == kind and holding in json.dumps(entry, default=str)
    )


def spo2(bundle: Json) -> Json:
    return next(
        entry["resource"]
        for entry in bundle["entry"]
        if "oxygensat" in json.dumps(entry["resource"].get("meta", {}))
        and "valueQuantity" in entry["resource"]
    )


def strip(bundle: Json) -> Json:
    return first(bundle, "Observation", "valueSampledData")["resource"]


def pressure(bundle: Json) -> Json:
    return first(bundle, "Observation", "85354-9")["resource"]


def section_with_entries(bundle: Json) -> Json:
    report = first(bundle, "Composition")["resource"]
    return next(section for section in report["section"] if "entry" in section)


def _unresolved(bundle: Json) -> None:
    spo2(bundle)["subject"]["reference"] = "urn:uuid:00000000-0000-4000-8000-000000000000"


def _wrong_kind(bundle: Json) -> None:
    spo2(bundle)["device"]["reference"] = first(bundle, "Patient")["fullUrl"]


def _same_url(bundle: Json) -> None:
    bundle["entry"][1]["fullUrl"] = bundle["entry"][0]["fullUrl"]


def _upper_case_url(bundle: Json) -> None:
    bundle["entry"][0]["fullUrl"] = bundle["entry"][0]["fullUrl"].upper()


def _no_request(bundle: Json) -> None:
    del bundle["entry"][0]["request"]


def _updated_reading(bundle: Json) -> None:
    request = first(bundle, "Observation", "oxygensat")["request"]
    request["method"] = "PUT"
    request["url"] = f"Observation?{request.pop('ifNoneExist')}"


def _unconditional_update(bundle: Json) -> None:
    first(bundle, "Composition")["request"] = {"method": "PUT", "url": "Composition"}


def _issued_too_early(bundle: Json) -> None:
    strip(bundle)["issued"] = strip(bundle)["effectivePeriod"]["start"]


def _plus_in_condition(bundle: Json) -> None:
    bundle["entry"][-2]["request"]["ifNoneExist"] += "+00:00"


def _condition_of_another(bundle: Json) -> None:
    first(bundle, "Procedure")["resource"]["identifier"][0]["value"] = "other"


def _bad_loinc(bundle: Json) -> None:
    spo2(bundle)["code"]["coding"][0]["code"] = "2708-7"


def _wrong_unit(bundle: Json) -> None:
    spo2(bundle)["valueQuantity"]["code"] = "bpm"


def _no_value(bundle: Json) -> None:
    del spo2(bundle)["valueQuantity"]


def _two_values(bundle: Json) -> None:
    spo2(bundle)["valueString"] = "97"


def _no_loinc(bundle: Json) -> None:
    resource = spo2(bundle)
    resource["code"]["coding"] = resource["code"]["coding"][-1:]


def _wrong_mdc(bundle: Json) -> None:
    (own,) = [one for one in spo2(bundle)["code"]["coding"] if one["system"].startswith("urn:iso")]
    own["code"] = "150324"


def _no_zone(bundle: Json) -> None:
    resource = spo2(bundle)
    resource["effectiveDateTime"] = resource["effectiveDateTime"].removesuffix("Z")


def _impossible_date(bundle: Json) -> None:
    spo2(bundle)["effectiveDateTime"] = "2026-02-30T10:00:00Z"


def _no_diastolic(bundle: Json) -> None:
    del pressure(bundle)["component"][1]


def _garbage_samples(bundle: Json) -> None:
    strip(bundle)["valueSampledData"]["data"] += " 12,5"


def _lost_samples(bundle: Json) -> None:
    data = strip(bundle)["valueSampledData"]
    data["data"] = data["data"].rsplit(" ", 30)[0]


def _backwards(bundle: Json) -> None:
    period = strip(bundle)["effectivePeriod"]
    period["start"], period["end"] = period["end"], period["start"]


def _script(bundle: Json) -> None:
    section = first(bundle, "Composition")["resource"]["section"][0]
    section["text"]["div"] += "<script>1</script>"


def _empty_section(bundle: Json) -> None:
    del section_with_entries(bundle)["entry"]


def _named_patient(bundle: Json) -> None:
    first(bundle, "Patient")["resource"]["name"] = [{"family": "Smith"}]


SPOILERS: list[Callable[[Json], None]] = [
    _unresolved,
    _wrong_kind,
    _same_url,
    _upper_case_url,
    _no_request,
    _updated_reading,
    _unconditional_update,
    _issued_too_early,
    _plus_in_condition,
    _condition_of_another,
    _bad_loinc,
    _wrong_unit,
    _no_value,
    _two_values,
    _no_loinc,
    _wrong_mdc,
    _no_zone,
    _impossible_date,
    _no_diastolic,
    _garbage_samples,
    _lost_samples,
    _backwards,
    _script,
    _empty_section,
    _named_patient,
]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__.strip("_"))
def test_the_gate_sees_what_is_spoiled(spoil: Callable[[Json], None]) -> None:
    bundle = parsed(HANDOVERS["arrest"], Detail.TREND)
    spoil(bundle)
    assert problems(bundle)


@pytest.mark.parametrize("code", ["8867-4", "2708-6", "59408-5", "67796-3", "85354-9", "8716-3"])
def test_known_loinc_codes_have_the_right_check_digit(code: str) -> None:
    assert loinc_check_digit_fits(code)


@pytest.mark.parametrize("code", ["8867-5", "8876-4", "8867", "-4", "8867-44", "abc-1"])
def test_misspelled_loinc_codes_are_seen(code: str) -> None:
    assert not loinc_check_digit_fits(code)
