"""OperationOutcome."""

from __future__ import annotations

from cloud.fhir.outcome import operation_outcome


def test_an_outcome_names_the_issue_type_the_reason_and_the_request() -> None:
    outcome = operation_outcome("not-found", "encounter_not_found", "No such encounter.", "req_1")
    assert outcome == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "not-found",
                "details": {"text": "encounter_not_found"},
                "diagnostics": "No such encounter. (request req_1)",
            }
        ],
    }


def test_every_wrong_field_is_an_issue_with_its_expression() -> None:
    fields = [
        {"field": "query.page", "rule": "greater_than_equal"},
        {"field": "body.components.0.value", "rule": "missing"},
    ]
    outcome = operation_outcome(
        "invalid", "invalid_request", "Correct them.", "req_1", details={"fields": fields}
    )
    assert isinstance(issues := outcome["issue"], list)
    assert [one["expression"] for one in issues if isinstance(one, dict)] == [
        ["page"],
        ["components.0.value"],
    ]
    assert "page: greater_than_equal. Correct them. (request req_1)" in str(issues[0])


def test_what_helps_is_told_in_the_diagnostics() -> None:
    outcome = operation_outcome(
        "forbidden", "insufficient_scope", "Ask.", "", details={"required": ["a:b", "c:d"]}
    )
    assert "Ask. required: a:b, c:d." in str(outcome)
    assert "expression" not in str(outcome)
