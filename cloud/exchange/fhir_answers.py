"""What a FHIR server's answer means: status, OperationOutcome, and one response an entry."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from cloud.core.exchange.verdicts import Outcome, Placement, Verdict
from cloud.core.kernel.outbound import Answer

_BY_STATUS: Final[Mapping[int, tuple[Outcome, str]]] = {
    401: (Outcome.LOCKED, "not_let_in"),
    403: (Outcome.LOCKED, "not_let_in"),
    404: (Outcome.LOCKED, "no_such_address"),
    405: (Outcome.LOCKED, "no_such_address"),
    408: (Outcome.BUSY, "timeout"),
    409: (Outcome.CONFLICT, "conflict"),
    410: (Outcome.LOCKED, "no_such_address"),
    412: (Outcome.CONFLICT, "version_differs"),
    413: (Outcome.REFUSED, "too_large"),
    425: (Outcome.BUSY, "overloaded"),
    428: (Outcome.CONFLICT, "version_needed"),
    429: (Outcome.BUSY, "overloaded"),
    502: (Outcome.BUSY, "unavailable"),
    503: (Outcome.BUSY, "unavailable"),
    504: (Outcome.BUSY, "timeout"),
}
_LOCATION: Final = re.compile(
    r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/([A-Za-z0-9.-]{1,64}))?/?$"
)
_STATUS: Final = re.compile(r"([1-5][0-9]{2})(?![0-9])")
_LONGEST_TAG: Final = 200
_MOST_ISSUES: Final = 20
_LONGEST_TEXT: Final = 400
_SUCCESS: Final = range(200, 300)


def judge(answer: Answer, entries: int, now: datetime) -> Verdict:
    """The verdict on a transaction of so many entries; 0 for a single resource."""
    document = read_object(answer.body)
    retry_after = answer.retry_after(now)
    if answer.status in _SUCCESS:
        if not entries:
            placed = placement(answer.status, answer.headers.get("Location"), _tag(answer))
            return Verdict(outcome=Outcome.TAKEN, status=answer.status, placements=(placed,))
        return _judge_entries(answer.status, document, entries)
    outcome, reason = _of_status(answer.status)
    return Verdict(
        outcome=outcome,
        reason=reason,
        status=answer.status,
        words="\n".join(_issues(document)),
        retry_after=retry_after,
    )


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, empty where there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def placement(status: int, location: object, etag: object) -> Placement:
    """Where something lies, whatever the server's way to write it."""
    found = _LOCATION.search(location) if isinstance(location, str) else None
    tag = etag if isinstance(etag, str) and len(etag) <= _LONGEST_TAG else ""
    if found is None:
        return Placement(status, "", tag)
    if not tag and found[2]:
        tag = f'W/"{found[2]}"'
    return Placement(status, found[1], tag)


def _judge_entries(status: int, document: dict[str, Any], entries: int) -> Verdict:
    given = document.get("entry")
    if document.get("type") != "transaction-response" or not isinstance(given, list):
        return Verdict(outcome=Outcome.FAULT, reason="unreadable_answer", status=status)
    responses = [one.get("response") if isinstance(one, dict) else None for one in given]
    read = [_entry(one) for one in responses]
    if len(read) != entries or any(one.status == 0 for one in read):
        return Verdict(outcome=Outcome.FAULT, reason="unreadable_answer", status=status)
    worst = max(read, key=lambda one: one.status)
    if worst.status not in _SUCCESS:
        outcome, reason = _of_status(worst.status)
        words = [line for one in responses for line in _issues(_outcome_of(one))]
        # An entry's trouble is this delivery's, never the whole connection's.
        if outcome in (Outcome.LOCKED, Outcome.BUSY):
            outcome = Outcome.REFUSED if outcome is Outcome.LOCKED else Outcome.FAULT
        return Verdict(outcome=outcome, reason=reason, status=worst.status, words="\n".join(words))
    return Verdict(outcome=Outcome.TAKEN, status=status, placements=tuple(read))


def _entry(response: object) -> Placement:
    if not isinstance(response, dict):
        return Placement(0)
    status = _STATUS.match(str(response.get("status") or ""))
    if status is None:
        return Placement(0)
    return placement(int(status[1]), response.get("location"), response.get("etag"))


def _outcome_of(response: object) -> dict[str, Any]:
    outcome = response.get("outcome") if isinstance(response, dict) else None
    return outcome if isinstance(outcome, dict) else {}


def _of_status(status: int) -> tuple[Outcome, str]:
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if status in range(300, 400):
        return Outcome.LOCKED, "redirected"
    if status in range(400, 500):
        return Outcome.REFUSED, "refused"
    return Outcome.FAULT, "server_fault"


def _issues(document: dict[str, Any]) -> Iterable[str]:
    """One line for each issue of an OperationOutcome."""
    issues = document.get("issue")
    if document.get("resourceType") != "OperationOutcome" or not isinstance(issues, list):
        return
    for issue in issues[:_MOST_ISSUES]:
        if not isinstance(issue, dict):
            continue
        details = issue.get("details")
        text = details.get("text") if isinstance(details, dict) else None
        where = issue.get("expression") or issue.get("location")
        parts = [issue.get("severity"), issue.get("code"), text, issue.get("diagnostics")]
        parts += where if isinstance(where, list) else []
        yield " ".join(str(part)[:_LONGEST_TEXT] for part in parts if part)


def _tag(answer: Answer) -> str | None:
    return answer.headers.get("ETag")
