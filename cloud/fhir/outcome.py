"""What went wrong, in FHIR's words: OperationOutcome."""

from __future__ import annotations

from collections.abc import Mapping

from cloud.fhir.json import Element, JsonValue


def operation_outcome(
    issue_type: str,
    reason: str,
    message: str,
    request_id: str,
    *,
    severity: str = "error",
    details: Mapping[str, object] | None = None,
) -> Element:
    """`issue_type` a code of FHIR's issue types, `reason` our snake_case word.

    `message` is the sentence for a person. The request's id stands in the diagnostics, so a
    support call can name it; no text here may hold patient data. `details` is what helps to mend
    the request: of its `fields` each (`field`, `rule`) is an issue with its `expression`, any
    other member is told in the diagnostics.
    """
    rest = dict(details or {})
    fields = rest.pop("fields", None)
    sentence = " ".join([message, *(f"{name}: {_told(value)}." for name, value in rest.items())])
    found = fields if isinstance(fields, list) else []
    issues: list[JsonValue] = [
        _issue(
            severity,
            issue_type,
            reason,
            _traced(f"{field['field']}: {field['rule']}. {sentence}", request_id),
            expression=str(field["field"]),
        )
        for field in found
    ]
    if not issues:
        issues = [_issue(severity, issue_type, reason, _traced(sentence, request_id))]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(
    severity: str, issue_type: str, reason: str, diagnostics: str, *, expression: str = ""
) -> Element:
    issue: Element = {
        "severity": severity,
        "code": issue_type,
        "details": {"text": reason},
        "diagnostics": diagnostics,
    }
    if expression:
        # The container (query, path, body) is no part of a FHIRPath.
        issue["expression"] = [expression.partition(".")[2] or expression]
    return issue


def _traced(text: str, request_id: str) -> str:
    return f"{text} (request {request_id})" if request_id else text


def _told(value: object) -> str:
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
