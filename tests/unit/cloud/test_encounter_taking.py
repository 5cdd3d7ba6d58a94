"""Operations as a device sends them: what their vectors have to be, and how faults are told."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from cloud.core.encounters.taking import MOST_COUNT, Change, Given, operations_of
from cloud.core.kernel.errors import InvalidError

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


def given(vector: dict[str, int], path: str = "acuity", value: object = "critical") -> Given:
    return Given(op_id=UUID(int=1), path=path, value=value, at=AT, vector=vector)


@pytest.mark.parametrize(
    ("vector", "rule"),
    [
        ({f"tab-{number}": 1 for number in range(65)}, "at most 64 devices"),
        ({"tab": 1, "a b": 1}, "device ids"),
        ({"tab": -1}, "whole numbers"),
        ({"tab": MOST_COUNT + 1}, "whole numbers"),
        ({"other": 1}, "counts its own device from 1"),
    ],
)
def test_a_vector_nobody_could_compare_is_refused(vector: dict[str, int], rule: str) -> None:
    with pytest.raises(InvalidError) as refused:
        operations_of(Change(device_id="tab", given=[given(vector)], by="me"), AT)
    fields = refused.value.details["fields"]
    assert isinstance(fields, list)
    assert fields[0]["field"] == "ops[0].vector"
    assert fields[0]["rule"].startswith(rule)


def test_every_fault_of_every_operation_is_told_but_not_without_end() -> None:
    bad = [given({"tab": 1}, path="nowhere") for _ in range(60)]
    with pytest.raises(InvalidError) as refused:
        operations_of(Change(device_id="tab", given=bad, by="me"), AT)
    fields = refused.value.details["fields"]
    assert isinstance(fields, list)
    assert len(fields) == 50
    assert fields[49] == {"field": "ops[49].path", "rule": "unknown_path"}
