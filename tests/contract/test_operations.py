"""Curated operations are the agreed ones, and the schema still answers every one ever granted.

When a change is meant and breaks nobody: `python -m tests.contract.test_operations`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graphql import (
    BreakingChange,
    GraphQLInputObjectType,
    build_schema,
    find_breaking_changes,
    get_operation_ast,
    is_introspection_type,
    validate,
)

from cloud.api.graphql.limits import check_cost, check_shape
from cloud.api.graphql.schema import SCHEMA
from cloud.core.curation.bundles import Bundle, bundles

AGREED_SCHEMA = Path(__file__).parent / "agreed_schema.graphql"
AGREED_OPERATIONS = Path(__file__).parent / "agreed_operations.json"


def operations() -> dict[str, dict[str, object]]:
    """Every document of every bundle by its name, with what a caller relies on."""
    return {
        f"{one.name}.{one.version}.{document.id}": {
            "documentId": document.read.document_id,
            "required_scopes": list(document.required_scopes),
        }
        for one in bundles()
        for document in one.documents
    }


def breaking(agreed: str) -> list[BreakingChange]:
    """What the schema of today takes from callers of the agreed one."""
    return find_breaking_changes(build_schema(agreed), SCHEMA.graphql_schema)


def test_nothing_that_was_agreed_is_broken() -> None:
    assert breaking(AGREED_SCHEMA.read_text(encoding="utf-8")) == []


def test_a_breaking_change_would_be_seen() -> None:
    agreed = SCHEMA.as_str().replace("type AcqiPoint {", "type AcqiPoint {\n  median: Float")
    (change,) = breaking(agreed)
    assert "AcqiPoint.median" in change.description


def test_the_schema_and_the_operations_are_the_agreed_ones() -> None:
    assert SCHEMA.as_str() + "\n" == AGREED_SCHEMA.read_text(encoding="utf-8")
    assert operations() == json.loads(AGREED_OPERATIONS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("bundle", bundles(), ids=lambda one: f"{one.name}.{one.version}")
def test_every_document_fits_the_schema_and_the_limits(bundle: Bundle) -> None:
    for document in bundle.documents:
        tree = document.read.tree
        assert validate(SCHEMA.graphql_schema, tree) == []
        check_shape(tree)
        operation = get_operation_ast(tree)
        assert operation is not None
        assert check_cost(SCHEMA.graphql_schema, tree, operation, {}) > 0


def test_no_answer_of_the_schema_has_a_place_for_a_secret() -> None:
    for name, kind in SCHEMA.graphql_schema.type_map.items():
        if is_introspection_type(kind) or isinstance(kind, GraphQLInputObjectType):
            continue
        for member in getattr(kind, "fields", {}):
            for word in ("credential", "secret", "password", "token", "sealed"):
                assert word not in member.lower(), f"{name}.{member}"


if __name__ == "__main__":
    AGREED_SCHEMA.write_text(SCHEMA.as_str() + "\n", encoding="utf-8")
    text = json.dumps(operations(), indent=1, sort_keys=True) + "\n"
    AGREED_OPERATIONS.write_text(text, encoding="utf-8")
