"""An OpenAPI 3.1 description in the words of 3.0, for pages that know no newer one."""

from __future__ import annotations

from typing import Any, Final

_VERSION: Final = "3.0.3"


def downgrade(document: dict[str, Any]) -> dict[str, Any]:
    """A copy as OpenAPI 3.0.3: nullable, example and enum stand for null, examples and const."""
    converted: dict[str, Any] = _convert(document)
    converted["openapi"] = _VERSION
    # 3.0 has no word for what we send.
    converted.pop("webhooks", None)
    return converted


def _convert(node: Any) -> Any:  # noqa: ANN401 - a JSON document has any shape
    if isinstance(node, list):
        return [_convert(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _convert(value) for key, value in node.items()}
    choices = result.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        others = [choice for choice in choices if choice != {"type": "null"}]
        del result["anyOf"]
        result |= others[0] if len(others) == 1 else {"anyOf": others}
        result["nullable"] = True
    if isinstance(result.get("examples"), list):
        result["example"] = result.pop("examples")[0]
    if "const" in result:
        result["enum"] = [result.pop("const")]
    for bound in ("Minimum", "Maximum"):
        limit = result.get(f"exclusive{bound}")
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            result[bound.lower()] = limit
            result[f"exclusive{bound}"] = True
    return result
