"""How urgent an arriving patient is said to be, and why."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.api.console.urgency import RANK, Urgency, acuity_word, alert_words, urgency_of
from cloud.core.encounters.record import EncounterRecord, Field
from tests.fixtures.handovers import START

CALM: dict[str, object] = {"severity": "none", "title": ""}
NO_SCORE: dict[str, Any] = {"total": None, "least": 0, "risk": None}


def record(**fields: Any) -> EncounterRecord:  # noqa: ANN401 - values of any path
    return EncounterRecord(
        fields={path: Field(path=path, value=value, at=START) for path, value in fields.items()}
    )


def test_of_nothing_known_nothing_is_said() -> None:
    assert urgency_of(record(), CALM, NO_SCORE) == (Urgency.UNKNOWN, "")


@pytest.mark.parametrize(
    ("told", "banner", "news2", "expected"),
    [
        ({}, {"severity": "critical", "title": "Asystole"}, NO_SCORE, ("critical", "Asystole")),
        ({}, {"severity": "good", "title": "ROSC"}, NO_SCORE, ("critical", "ROSC")),
        ({"alerts": ("stroke",)}, CALM, NO_SCORE, ("urgent", "Stroke")),
        ({"alerts": ("arrest",)}, CALM, NO_SCORE, ("critical", "Cardiac arrest")),
        ({"alerts": ("other",)}, CALM, NO_SCORE, ("urgent", "other")),
        ({"acuity": "emergent"}, CALM, NO_SCORE, ("urgent", "acuity emergent")),
        ({"acuity": "lower_acuity"}, CALM, NO_SCORE, ("standard", "acuity lower acuity")),
        ({"acuity": "no word of ours"}, CALM, NO_SCORE, ("unknown", "")),
        ({}, CALM, {"total": 1, "least": 1, "risk": "low"}, ("standard", "NEWS2 1")),
        ({}, CALM, {"total": None, "least": 8, "risk": "high"}, ("critical", "NEWS2 at least 8")),
        (
            {"acuity": "lower_acuity"},
            CALM,
            {"total": 5, "least": 5, "risk": "medium"},
            ("urgent", "NEWS2 5"),
        ),
    ],
)
def test_the_gravest_of_what_is_known_counts_with_its_reason(
    told: dict[str, Any],
    banner: dict[str, object],
    news2: dict[str, Any],
    expected: tuple[str, str],
) -> None:
    assert urgency_of(record(**told), banner, news2) == expected


def test_words_are_those_of_people() -> None:
    told = record(acuity={"code": "critical", "display": "Critical"}, alerts=("stemi", "sepsis"))
    assert acuity_word(told) == "Critical"
    assert alert_words(told) == ["STEMI", "Sepsis"]
    assert sorted(RANK, key=RANK.__getitem__)[0] == "critical"
