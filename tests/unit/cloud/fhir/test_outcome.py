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
