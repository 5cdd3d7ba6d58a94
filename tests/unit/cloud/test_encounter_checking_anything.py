"""Whatever is told: it is refused with its faults, or it is an entry of the record."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.encounters.catalogue import FIELDS, LISTS, VITAL_RULES
from cloud.core.encounters.merging import merge
from cloud.core.encounters.operations import Operation
from cloud.core.encounters.record import VITAL_TYPES
from cloud.core.encounters.recorded import assembled
from cloud.core.encounters.taking import Change, Given, operations_of
from cloud.core.kernel.errors import InvalidError

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
MEMBERS = (
    "display", "code", "system", "type", "values", "unit", "dose", "route", "at", "by", "note",
    "not_done", "not_value", "before_arrival", "taken_back", "text", "status", "kind", "category",
    "success", "attempts", "is_primary", "value", "total", "eye", "verbal", "motor", "level",
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "x", "A", "refused", "not_recorded", "allergic", "condition", "mg", "/min", "IV",
     "2026-11-23T10:00:00Z", "START", *VITAL_TYPES]
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.decimals(-99, 99, places=2), WORDS
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    ),
    max_leaves=12,
)
GOOD: list[tuple[str, Any]] = [
    ("acuity", "critical"),
    ("chief_complaint", {"display": "Chest pain", "code": "1", "system": "x"}),
    ("triage", {"system": "START", "category": "immediate"}),
    ("alerts", ["stemi"]),
    ("times.call", "2026-11-23T10:00:00Z"),
    ("vitals", {"type": "spo2", "values": {"value": 97}, "unit": "%"}),
    ("vitals", {"type": "gcs", "values": {"eye": 4, "verbal": "NT", "motor": 6}}),
    ("vitals", {"type": "fast", "values": {"face": "normal"}, "by": "crew-1"}),
    ("vitals", {"type": "glucose", "not_done": "refused", "note": "Afraid"}),
    ("medications", {"code": "A", "dose": 1, "unit": "mg", "route": "IV", "at": "2026-11-23T10Z"}),
    ("procedures", {"code": {"display": "A"}, "success": True, "attempts": 2, "body_site": "Arm"}),
    ("impressions", {"code": "A", "is_primary": True}),
    ("allergies", {"status": "allergic", "code": "Nuts"}),
    ("history", {"kind": "condition", "code": "Asthma", "before_arrival": True}),
    ("notes", {"text": "Fell"}),
    (f"notes/{UUID(int=2)}", {"taken_back": True, "note": "Wrong"}),
]
PATHS = st.sampled_from([*FIELDS, *LISTS, *(f"{name}/{UUID(int=2)}" for name in LISTS), "x", ""])


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """What may be told, with a member or two left out or replaced, or under another path."""
    path, value = draw(st.sampled_from(GOOD))
    if isinstance(value, dict):
        value = dict(value)
        for name in draw(st.lists(st.sampled_from([*value, *MEMBERS]), max_size=2)):
            if draw(st.booleans()):
                value.pop(name, None)
            else:
                value[name] = draw(ANYTHING)
    return (draw(PATHS) if draw(st.integers(0, 5)) == 0 else path), value


def told(path: str, value: Any) -> list[Operation]:  # noqa: ANN401 - JSON
    one = Given(op_id=UUID(int=1), path=path, value=value, at=AT, vector={"tab": 1})
    return operations_of(Change(device_id="tab", given=[one], by="me"), AT)


@settings(max_examples=400, deadline=None)
@given(st.one_of(spoilt(), spoilt(), st.tuples(PATHS, ANYTHING)))
def test_anything_is_refused_with_its_faults_or_kept(told_of: tuple[str, Any]) -> None:
    path, value = told_of
    try:
        (operation,) = told(path, value)
    except InvalidError as exc:
        fields = exc.details["fields"]
        assert isinstance(fields, list)
        assert all(one["field"].startswith("ops[0]") and one["rule"] for one in fields)
        return
    # What is kept survives the database's JSON, and is read back as the same.
    again = replace(operation, value=json.loads(json.dumps(operation.value)))
    assert again.digest == operation.digest
    assert assembled(merge([again])) == assembled(merge([operation]))


@given(
    st.sampled_from(["heart_rate", "spo2", "temperature", "glucose", "etco2", "pef", "weight"]),
    st.decimals(-999, 999, places=3),
)
def test_a_number_of_any_size_is_kept_to_the_digit(name: str, number: Decimal) -> None:
    unit = next(iter(VITAL_RULES[name].limits))
    value = {"type": name, "values": {"value": number}, "unit": unit}
    (vital,) = assembled(merge(told("vitals", value))).vitals
    assert str(dict(vital.values)["value"]) == str(number)
