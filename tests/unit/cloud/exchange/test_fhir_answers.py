"""What a FHIR server's answer means, however it is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPMessage
from typing import Any

import pytest

from cloud.core.exchange.pacing import LONGEST, LONGEST_ASKED, pause
from cloud.core.exchange.verdicts import Outcome, Placement
from cloud.core.kernel.outbound import Answer
from cloud.exchange.fhir_answers import judge, placement

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def answer(status: int, body: object = None, **headers: str) -> Answer:
    told = HTTPMessage()
    for name, value in headers.items():
        told[name.replace("_", "-")] = value
    return Answer(status, told, b"" if body is None else json.dumps(body).encode())


def transaction(*responses: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"type": "transaction-response", "entry": [{"response": one} for one in responses]}


def test_each_entry_says_where_it_lies() -> None:
    body = transaction(
        {"status": "201 Created", "location": "Patient/1/_history/3", "etag": 'W/"3"'},
        {"status": "200", "location": "https://a.example/fhir/Device/a-b.c/_history/7"},
        {"status": "200 OK"},
    )
    verdict = judge(answer(200, body), 3, NOW)
    assert verdict.outcome is Outcome.TAKEN
    assert verdict.placements == (
        Placement(201, "Patient/1", 'W/"3"'),
        Placement(200, "Device/a-b.c", 'W/"7"'),
        Placement(200),
    )


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"type": "batch-response", "entry": []},
        {"type": "transaction-response", "entry": {}},
        transaction({"status": "201"}),
        transaction({"status": "201"}, {"status": "fine"}),
        transaction({"status": "201"}, None),
        {"type": "transaction-response", "entry": [1, 2]},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_read_is_no_success(body: object) -> None:
    verdict = judge(answer(200, body), 2, NOW)
    assert (verdict.outcome, verdict.reason) == (Outcome.FAULT, "unreadable_answer")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("422 Unprocessable", Outcome.REFUSED),
        ("404", Outcome.REFUSED),
        ("412", Outcome.CONFLICT),
        ("503", Outcome.FAULT),
        ("500", Outcome.FAULT),
    ],
)
def test_an_entry_that_failed_is_the_deliverys_affair(status: str, outcome: Outcome) -> None:
    issue = {
        "severity": "error",
        "code": "value",
        "diagnostics": "no such unit",
        "expression": ["x"],
    }
    failed = {
        "status": status,
        "outcome": {"resourceType": "OperationOutcome", "issue": [issue, "odd"]},
    }
    verdict = judge(answer(200, transaction({"status": "201"}, failed)), 2, NOW)
    assert (verdict.outcome, verdict.words) == (outcome, "error value no such unit x")


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        ("120", timedelta(seconds=120)),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), timedelta(seconds=90)),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("Thu, 26 Nov 2026 12:00:00", None),
    ],
)
def test_how_long_to_wait_comes_in_seconds_or_as_a_date(
    value: str, asked: timedelta | None
) -> None:
    verdict = judge(answer(503, None, Retry_After=value), 1, NOW)
    assert (verdict.outcome, verdict.retry_after) == (Outcome.BUSY, asked)


def test_a_single_resource_lies_where_the_headers_say() -> None:
    verdict = judge(answer(201, None, Location="Bundle/9/_history/1", ETag='W/"1"'), 0, NOW)
    assert verdict.placements == (Placement(201, "Bundle/9", 'W/"1"'),)
    assert placement(200, 5, "x" * 500) == Placement(200)
    assert placement(200, "javascript:alert(1)", None) == Placement(200)


def test_pauses_double_and_are_spread_and_end_somewhere() -> None:
    assert [pause(number, 1.0).total_seconds() for number in (1, 2, 3)] == [2, 4, 8]
    assert pause(1, 0.0) == timedelta(seconds=1)
    assert pause(500, 1.0) == LONGEST
    assert pause(1, 0.0, asked=timedelta(days=9)) == LONGEST_ASKED
