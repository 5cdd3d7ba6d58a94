"""Which entries may be told of an encounter, held against the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from cloud.core.encounters.catalogue import (
    DOSE_UNITS,
    FIELDS,
    LISTS,
    ROUTES,
    VITAL_RULES,
    meant_unit,
)
from cloud.core.encounters.checking import Faults, check_field
from cloud.core.encounters.checking_entries import check_entry
from cloud.core.encounters.entries import entry_of_list
from cloud.core.encounters.operations import Operation
from cloud.core.encounters.record import (
    ARREST,
    TIMES,
    VITAL_TYPES,
    PertinentNegative,
    Vital,
)

Json = Any


def faults_of(path: str, value: Json) -> list[tuple[str, str]]:
    faults = Faults()
    if path in LISTS:
        check_entry(path, value, "value", faults, again=False)
    else:
        check_field(path, value, "value", faults)
    return [(one["field"], one["rule"]) for one in faults.found]


def flags_of(path: str, value: Json) -> list[str]:
    faults = Faults()
    check_entry(path, value, "value", faults, again=False)
    assert faults.found == []
    return faults.flags


def vital(value: Json) -> Vital:
    faults = Faults()
    kept = check_entry("vitals", value, "value", faults, again=False)
    assert faults.found == []
    found = entry_of_list("vitals", UUID(int=1), operation("vitals", kept), ())
    assert isinstance(found, Vital)
    return found


def operation(path: str, kept: Json) -> Operation:
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    return Operation(op_id=UUID(int=1), device_id="tab", path=path, value=kept, at=at)


def finding(kind: str, unit: str = "", **values: object) -> Json:
    return {"type": kind, "values": values, **({"unit": unit} if unit else {})}


def test_the_catalogue_has_a_rule_for_everything_the_record_names() -> None:
    assert set(VITAL_RULES) == set(VITAL_TYPES)
    for name, parts in VITAL_TYPES.items():
        assert set(parts) == set(VITAL_RULES[name].parts), name
    assert {f"times.{name}" for name in TIMES} | {f"arrest.{name}" for name in ARREST} < set(FIELDS)


@pytest.mark.parametrize(
    ("value", "values", "unit"),
    [
        (finding("spo2", "%", value=97), (("value", "97"),), "%"),
        (
            finding("temperature", "Cel", value=Decimal("36.60")),
            (("value", "36.60"),),
            "Cel",
        ),
        (
            finding("blood_pressure", "mm[Hg]", diastolic=80, systolic=120),
            (("systolic", "120"), ("diastolic", "80")),
            "mm[Hg]",
        ),
        (
            finding("gcs", eye=3, verbal=4, motor=6),
            (("eye", "3"), ("verbal", "4"), ("motor", "6"), ("total", "13")),
            "{score}",
        ),
        (finding("gcs", total=15), (("total", "15"),), "{score}"),
        (
            finding("gcs", eye=4, verbal="NT", motor=6),
            (("eye", "4"), ("verbal", "NT"), ("motor", "6")),
            "{score}",
        ),
        (finding("avpu", level="C"), (("level", "C"),), ""),
        (finding("pain", value=0), (("value", "0"),), "{score}"),
        (
            finding("fast", face="normal", arm="abnormal"),
            (("face", "normal"), ("arm", "abnormal"), ("result", "positive")),
            "",
        ),
        (
            finding("fast", face="normal", arm="normal", speech="normal"),
            (
                ("face", "normal"), ("arm", "normal"), ("speech", "normal"),
                ("result", "negative"),
            ),
            "",
        ),
        (
            finding("fast", face="normal", arm="not_assessed"),
            (("face", "normal"), ("arm", "not_assessed"), ("result", "inconclusive")),
            "",
        ),
        (finding("fast", result="positive"), (("result", "positive"),), ""),
        (finding("pupils", "mm", left=4, right="fixed"), (("left", "4"), ("right", "fixed")), "mm"),
        (finding("pupils", left="reactive"), (("left", "reactive"),), ""),
        (finding("rhythm", rhythm="asystole"), (("rhythm", "asystole"),), ""),
        (finding("news2", total=7), (("total", "7"),), "{score}"),
        (finding("news2", pulse=2), (("pulse", "2"),), "{score}"),
        (
            finding(
                "news2", respiration_rate=3, saturation=3, oxygen=2, systolic=0, pulse=0,
                consciousness=0, temperature=0,
            ),
            (
                ("respiration_rate", "3"), ("saturation", "3"), ("oxygen", "2"),
                ("systolic", "0"), ("pulse", "0"), ("consciousness", "0"), ("temperature", "0"),
                ("total", "8"), ("risk", "high"),
            ),
            "{score}",
        ),
    ],
)  # fmt: skip
def test_a_finding_is_kept_to_the_digit_and_its_score_worked_out(
    value: Json, values: tuple[tuple[str, str], ...], unit: str
) -> None:
    found = vital(value)
    assert tuple((name, str(one)) for name, one in found.values) == values
    assert found.unit == unit


@pytest.mark.parametrize(
    ("value", "field", "rule"),
    [
        (finding("iq", value=100), "value.type", "one of heart_rate"),
        ({"type": "spo2"}, "value.values", "object_needed"),
        (finding("spo2", "%"), "value.values", "missing"),
        (finding("spo2", "%", value="97"), "value.values.value", "number_needed"),
        (finding("spo2", "%", value=True), "value.values.value", "number_needed"),
        (finding("spo2", "%", worth=97), "value.values.worth", "unknown_member"),
        (finding("heart_rate", "bpm", value=90), "value.unit", "send /min"),
        (finding("blood_pressure", "mmHg", systolic=90), "value.unit", "send mm[Hg]"),
        (finding("temperature", "degC", value=37), "value.unit", "send Cel"),
        (finding("temperature", value=37), "value.unit", "UCUM, one of Cel"),
        (finding("avpu", "1", level="A"), "value.unit", "not without a number"),
        (finding("gcs", eye=3, verbal=4, motor=6, total=14), "value.values.total", "the sum"),
        (finding("gcs", eye=3, total=14), "value.values.total", "not with a part"),
        (finding("gcs", eye=0), "value.values.eye", "whole number from 1 to 4"),
        (finding("gcs", eye=Decimal("2.5")), "value.values.eye", "whole number"),
        (finding("pain", value=11), "value.values.value", "whole number from 0 to 10"),
        (finding("fast", face="normal", result="negative"), "value.values.result", "what its"),
        (finding("news2", pulse=2, total=7), "value.values.total", "not with a part missing"),
        (
            finding(
                "news2", respiration_rate=3, saturation=3, oxygen=2, systolic=0, pulse=0,
                consciousness=0, temperature=0, total=7,
            ),
            "value.values.total",
            "the sum",
        ),
        (
            finding(
                "news2", respiration_rate=0, saturation=0, oxygen=0, systolic=0, pulse=0,
                consciousness=0, temperature=0, risk="high",
            ),
            "value.values.risk",
            "what its parts say",
        ),
        ({"type": "spo2", "not_done": "refused", "unit": "%"}, "value.unit", "not beside"),
        ({"type": "spo2", "not_done": "too busy"}, "value.not_done", "one of"),
        (
            {"type": "spo2", "not_done": "refused", "not_value": "not_recorded"},
            "value.not_value",
            "not beside",
        ),
    ],
)  # fmt: skip
def test_a_finding_that_cannot_be_is_refused(value: Json, field: str, rule: str) -> None:
    ((place, found),) = faults_of("vitals", value)
    assert place == field
    assert found.startswith(rule)


@pytest.mark.parametrize(
    ("path", "value", "flags"),
    [
        ("vitals", finding("heart_rate", "/min", value=400), []),
        ("vitals", finding("heart_rate", "/min", value=900), ["implausible"]),
        ("vitals", finding("spo2", "%", value=130), ["implausible"]),
        ("vitals", finding("blood_pressure", "kPa", systolic=45), ["implausible"]),
        (
            "vitals",
            finding("blood_pressure", "mm[Hg]", systolic=60, diastolic=90),
            ["implausible"],
        ),
        ("medications", {"code": "Aspirin", "dose": 0, "unit": "mg"}, ["implausible"]),
        ("medications", {"code": "Aspirin", "dose": 300, "unit": "mg"}, []),
    ],
)
def test_a_number_that_hardly_can_be_is_kept_and_flagged(
    path: str, value: Json, flags: list[str]
) -> None:
    assert flags_of(path, value) == flags


@pytest.mark.parametrize("reason", list(PertinentNegative))
def test_what_was_not_done_says_why(reason: PertinentNegative) -> None:
    assert vital({"type": "glucose", "not_done": reason.value}).not_done is reason
    assert faults_of("medications", {"code": "Aspirin", "not_done": reason.value}) == []
    assert faults_of("procedures", {"code": "Intubation", "not_done": reason.value}) == []


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        ("medications", "Aspirin", ["value"]),
        ("medications", {}, ["value.code"]),
        ("medications", {"code": "A", "dose": 1}, ["value.unit"]),
        ("medications", {"code": "A", "dose": 1, "unit": "mcg"}, ["value.unit"]),
        ("medications", {"code": "A", "unit": "mg"}, ["value.unit"]),
        ("medications", {"code": "A", "route": "by hand"}, ["value.route"]),
        (
            "medications",
            {"code": "A", "dose": 1, "unit": "mg", "not_done": "refused"},
            ["value.dose"],
        ),
        ("medications", {"code": "A", "before_arrival": "yes"}, ["value.before_arrival"]),
        ("medications", {"code": "A", "at": "noon"}, ["value.at"]),
        ("medications", {"code": "A", "id": 7}, ["value.id"]),
        ("medications", {"code": "A", "taken_back": True}, ["value.taken_back"]),
        ("procedures", {"code": "A", "success": 1}, ["value.success"]),
        ("procedures", {"code": "A", "attempts": 0}, ["value.attempts"]),
        ("procedures", {"code": "A", "success": True, "not_done": "refused"}, ["value.not_done"]),
        ("impressions", {"code": "A", "is_primary": "yes"}, ["value.is_primary"]),
        ("allergies", {"status": "allergic"}, ["value.code"]),
        ("allergies", {"status": "no_known", "code": "Nuts"}, ["value.code"]),
        ("allergies", {}, ["value.status"]),
        ("history", {"kind": "pet", "code": "Dog"}, ["value.kind"]),
        ("notes", {"text": ""}, ["value.text"]),
        ("photographs", {"attachment_id": "x"}, ["value"]),
    ],
)
def test_an_entry_that_nobody_could_read_is_refused(
    path: str, value: Json, places: list[str]
) -> None:
    assert [place for place, _ in faults_of(path, value)] == places


def test_every_list_keeps_all_that_may_be_told() -> None:
    common = {
        "at": "2026-11-23T10:05:00+00:00", "by": "crew-1", "before_arrival": True, "note": "Seen",
    }  # fmt: skip
    told: dict[str, Json] = {
        "medications": {
            "code": {"display": "Aspirin"}, "dose": Decimal("2.50"), "unit": "mg", "route": "IV",
        },
        "procedures": {
            "code": {"display": "Cannula"}, "success": False, "attempts": 2,
            "complication": "Bled", "body_site": "Left arm",
        },
        "impressions": {"code": {"display": "Stroke"}, "is_primary": True},
        "allergies": {"status": "allergic", "code": {"display": "Nuts"}, "reaction": "Rash"},
        "history": {"kind": "device", "code": {"display": "Pacemaker"}},
        "notes": {"text": "Fell"},
    }  # fmt: skip
    for name, value in told.items():
        faults = Faults()
        kept = check_entry(name, {**value, **common}, "value", faults, again=False)
        assert faults.found == [], name
        found = entry_of_list(name, UUID(int=1), operation(name, kept), ("implausible",))
        assert found.at.minute == 5
        assert (found.by, found.before_arrival, found.note) == ("crew-1", True, "Seen")
        assert found.flags == ("implausible",)
    assert kept == {**told["notes"], **common}
    route = entry_of_list(
        "medications",
        UUID(int=1),
        operation("medications", {"code": {"display": "A"}, "route": {"display": "By hand"}}),
        (),
    )
    assert route.route.display == "By hand"  # type: ignore[attr-defined]  # it is a Medication


def test_an_entry_is_taken_back_with_a_word_why() -> None:
    faults = Faults()
    value = {"taken_back": True, "note": "Wrong patient", "by": "crew-1"}
    assert check_entry("notes", value, "value", faults, again=True) == value
    assert check_entry("photographs", value, "value", faults, again=True) == value
    assert faults.found == []
    check_entry("notes", {"taken_back": False, "text": "x"}, "value", faults, again=True)
    assert [one["field"] for one in faults.found] == ["value.text", "value.taken_back"]


def test_units_that_people_type_are_named_rightly() -> None:
    assert meant_unit("mcg", DOSE_UNITS) == "ug"
    assert meant_unit("ml", DOSE_UNITS) == "mL"
    assert meant_unit("mmHg", DOSE_UNITS) is None
    assert meant_unit("spoons", DOSE_UNITS) is None


def test_routes_carry_their_code() -> None:
    assert all(code.isdigit() and name for name, code in ROUTES.values())
