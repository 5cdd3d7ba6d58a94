"""Codes of the Glucose Service and the terms they stand for."""

from __future__ import annotations

import pytest

from protocols.gatt import glucose_terms as terms
from protocols.model.codes import MdcCode


def test_sample_types_alternate_whole_blood_and_plasma() -> None:
    assert terms.SAMPLE_TYPES[1] == MdcCode(2, 29112)
    assert terms.SAMPLE_TYPES[8] == MdcCode(2, 29296)
    assert terms.SAMPLE_TYPES[9] == terms.GLUCOSE_INTERSTITIAL
    assert terms.SAMPLE_TYPES[terms.CONTROL_SOLUTION] == terms.GLUCOSE_CONTROL
    assert 0 not in terms.SAMPLE_TYPES


@pytest.mark.parametrize(
    ("table", "size"),
    [
        (terms.SAMPLE_LOCATIONS, 4),
        (terms.CARBOHYDRATES, 7),
        (terms.MEALS, 5),
        (terms.TESTERS, 3),
        (terms.HEALTHS, 5),
        (terms.MEDICATIONS, 5),
    ],
)
def test_context_codes_count_from_one_and_lie_in_partition_128(
    table: dict[int, MdcCode], size: int
) -> None:
    assert list(table) == list(range(1, size + 1))
    assert {code.partition for code in table.values()} == {128}
    assert len(set(table.values())) == size
