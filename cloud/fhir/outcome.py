"""What went wrong, in FHIR's words: OperationOutcome."""

from __future__ import annotations

from cloud.fhir.json import Element


def operation_outcome(
    issue_type: str, reason: str, message: str, request_id: str, *, severity: str = "error"
) -> Element:
    """One issue: `issue_type` a code of FHIR's issue types, `reason` our snake_case word.

    `message` is the sentence for a person. The request's id stands in the diagnostics, so a
    support call can name it; no text here may hold patient data.
    """
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": severity,
                "code": issue_type,
                "details": {"text": reason},
                "diagnostics": f"{message} (request {request_id})" if request_id else message,
            }
        ],
    }
