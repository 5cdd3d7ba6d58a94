"""The description in OpenAPI 3.0's words."""

from __future__ import annotations

from cloud.api.shared.openapi_30 import downgrade


def test_newer_words_become_older_ones() -> None:
    document = {
        "openapi": "3.1.0",
        "a": {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "A"},
        "b": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
        "c": {"const": "x", "examples": ["x", "y"]},
        "d": {"exclusiveMinimum": 0, "type": "number"},
        "e": [{"const": 1}],
    }
    assert downgrade(document) == {
        "openapi": "3.0.3",
        "a": {"title": "A", "type": "string", "nullable": True},
        "b": {"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        "c": {"enum": ["x"], "example": "x"},
        "d": {"minimum": 0, "exclusiveMinimum": True, "type": "number"},
        "e": [{"enum": [1]}],
    }
    assert document["openapi"] == "3.1.0"
