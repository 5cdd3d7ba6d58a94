"""What bundles speak of is what /fhir/R4 serves: the two lists are kept in step."""

from __future__ import annotations

from typing import Any

from cloud.core.kernel.scope_catalogue import BY_NAME as SCOPES
from cloud.fhir.names import KINDS
from cloud.fhir.rest.capability import capability_statement
from cloud.fhir.rest.includes import pointers
from cloud.fhir.rest.registry import BY_NAME
from cloud.fhir.rest.registry import KINDS as SERVED

IN_ONE_PIECE = {"Binary"}
"""An ECG in one piece stands in documents; its samples are served as strips."""


def test_every_type_of_a_bundle_is_served() -> None:
    assert set(KINDS.values()) - IN_ONE_PIECE == set(BY_NAME)


def test_every_type_has_its_scope_and_stands_in_the_statement_once() -> None:
    assert len(BY_NAME) == len(SERVED)
    assert all(f"system/{kind.name}.rs" in SCOPES for kind in SERVED)
    statement: Any = capability_statement(
        base="https://cloud.test", token_url="https://cloud.test/token", version="1", kinds=BY_NAME
    )
    (rest,) = statement["rest"]
    assert [one["type"] for one in rest["resource"]] == list(BY_NAME)


def test_references_lead_to_types_that_are_served() -> None:
    for kind in SERVED:
        assert "_id" in kind.by_name
        assert kind.says.endswith(".")
        for parameter in pointers(kind):
            assert set(parameter.targets) <= set(BY_NAME), (kind.name, parameter.name)
