"""The score against the published chart: every edge of every band, and what is missing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from protocols.model.early_warning import (
    NAMES,
    PARTS,
    Consciousness,
    Fitness,
    Parameters,
    Risk,
    SaturationScale,
    score,
)

WELL = Parameters(
    respiration_rate=Decimal(16),
    saturation=Decimal(97),
    on_oxygen=False,
    systolic=Decimal(128),
    pulse=Decimal(72),
    consciousness=Consciousness.ALERT,
    temperature=Decimal("36.8"),
)
ONE, TWO = SaturationScale


def points(known: Parameters, name: str) -> int | None:
    return next(part.points for part in score(known).parts if part.name == name)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        (
            "respiration_rate",
            {"8": 3, "9": 1, "11": 1, "12": 0, "20": 0, "21": 2, "24": 2, "25": 3, "60": 3},
        ),
        ("saturation", {"91": 3, "92": 2, "93": 2, "94": 1, "95": 1, "96": 0, "100": 0, "70": 3}),
        (
            "systolic",
            {"90": 3, "91": 2, "100": 2, "101": 1, "110": 1, "111": 0, "219": 0, "220": 3},
        ),
        (
            "pulse",
            {
                "40": 3, "41": 1, "50": 1, "51": 0, "90": 0, "91": 1, "110": 1, "111": 2,
                "130": 2, "131": 3,
            },
        ),
        (
            "temperature",
            {
                "35.0": 3, "35.1": 1, "36.0": 1, "36.1": 0, "38.0": 0, "38.1": 1, "39.0": 1,
                "39.1": 2, "41": 2, "30": 3,
            },
        ),
    ],
)  # fmt: skip
def test_every_edge_of_the_chart(name: str, edges: dict[str, int]) -> None:
    for value, expected in edges.items():
        known = replace(WELL, **{name: Decimal(value)})  # type: ignore[arg-type]  # fields by name
        assert points(known, name) == expected, value


@pytest.mark.parametrize(
    ("value", "on_air", "on_oxygen"),
    [
        ("83", 3, 3), ("84", 2, 2), ("85", 2, 2), ("86", 1, 1), ("87", 1, 1), ("88", 0, 0),
        ("92", 0, 0), ("93", 0, 1), ("94", 0, 1), ("95", 0, 2), ("96", 0, 2), ("97", 0, 3),
    ],
)  # fmt: skip
def test_the_second_saturation_scale_asks_for_oxygen(
    value: str, on_air: int, on_oxygen: int
) -> None:
    known = replace(WELL, saturation=Decimal(value), scale=TWO)
    assert points(replace(known, on_oxygen=False), "saturation") == on_air
    assert points(replace(known, on_oxygen=True), "saturation") == on_oxygen
    untold = on_air if on_air == on_oxygen else None
    assert points(replace(known, on_oxygen=None), "saturation") == untold


def test_oxygen_scores_two_and_anything_but_alert_three() -> None:
    assert points(replace(WELL, on_oxygen=True), "oxygen") == 2
    assert points(WELL, "oxygen") == 0
    for level in Consciousness:
        expected = 0 if level is Consciousness.ALERT else 3
        assert points(replace(WELL, consciousness=level), "consciousness") == expected


def test_numbers_are_rounded_to_the_charts_digits() -> None:
    assert points(replace(WELL, respiration_rate=Decimal("11.5")), "respiration_rate") == 0
    assert points(replace(WELL, temperature=Decimal("36.04")), "temperature") == 1
    assert points(replace(WELL, temperature=Decimal("36.05")), "temperature") == 0


@pytest.mark.parametrize(
    ("changes", "total", "risk"),
    [
        ({}, 0, Risk.LOW),
        ({"pulse": Decimal(95), "respiration_rate": Decimal(22)}, 3, Risk.LOW),
        ({"consciousness": Consciousness.VOICE}, 3, Risk.LOW_MEDIUM),
        ({"systolic": Decimal(88), "pulse": Decimal(115)}, 5, Risk.MEDIUM),
        ({"systolic": Decimal(88), "pulse": Decimal(135), "on_oxygen": True}, 8, Risk.HIGH),
    ],
)
def test_the_total_names_the_risk(changes: dict[str, object], total: int, risk: Risk) -> None:
    found = score(replace(WELL, **changes))  # type: ignore[arg-type]  # fields by name
    assert (found.total, found.risk, found.missing) == (total, risk, ())


def test_what_is_missing_is_named_and_never_invented() -> None:
    nothing = score(Parameters())
    assert (nothing.total, nothing.least, nothing.risk) == (None, 0, None)
    assert len(nothing.missing) == 7
    part = score(replace(WELL, temperature=None, pulse=Decimal(135)))
    assert (part.total, part.least, part.missing) == (None, 3, ("temperature",))
    assert part.has_red
    assert part.risk is None


def test_what_is_missing_cannot_lower_a_high_score() -> None:
    known = replace(
        WELL, temperature=None, pulse=Decimal(135), systolic=Decimal(80), saturation=Decimal(95)
    )
    found = score(known)
    assert (found.least, found.total, found.risk) == (7, None, Risk.HIGH)


def test_the_first_scale_is_the_usual_one() -> None:
    assert Parameters().scale is ONE


def test_the_chart_is_not_made_for_children_and_not_for_pregnancy() -> None:
    assert Fitness(15, None).unfit == "under 16"
    assert Fitness(16, is_pregnant=True).unfit == "pregnancy"
    assert (Fitness(16, is_pregnant=False).unfit, Fitness(None, None).unfit) == ("", "")


def test_every_parameter_has_a_name_and_a_text_in_the_charts_order() -> None:
    assert [part.name for part in score(WELL).parts] == list(PARTS) == list(NAMES)
    assert WELL.texts == ("16", "97", "air", "128", "72", "alert", "36.8")
    told = replace(WELL, on_oxygen=True, systolic=Decimal("128.4"), pulse=Decimal("70.0"))
    assert told.texts[2:5] == ("oxygen", "128", "70")
    assert Parameters().texts == ("",) * len(PARTS)
