"""What comes of an operation when things break that nobody thought of: little is said, anywhere."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from fastapi import Request
from graphql import GraphQLError

from cloud.api.graphql.answers import answer_to
from cloud.api.graphql.running import MOST_ERRORS, Outcome
from cloud.core.kernel.errors import ConflictError, DomainError, ThrottledError
from cloud.core.kernel.work import StorageConflictError, StorageFaultError

GRAPHQL = b"application/graphql-response+json"


def answered(
    *errors: GraphQLError,
    data: dict[str, Any] | None = None,
    accept: bytes = b"",
    is_run: bool = True,
) -> tuple[int, dict[str, Any], str]:
    """Status, document and counted code of an outcome."""
    scope = {"type": "http", "headers": [(b"accept", accept)] if accept else []}
    answer = answer_to(Request(scope), Outcome(data, errors, is_run), "trace-1")
    return answer.response.status_code, json.loads(bytes(answer.response.body)), answer.code


def failed(cause: Exception | None, *path: str | int) -> GraphQLError:
    return GraphQLError("hush", path=list(path) or None, original_error=cause)


def broken() -> Exception:
    """A fault as a resolver would have it, with a value in its words."""
    try:
        int("hush-hush")
    except ValueError as exc:
        return exc
    raise AssertionError


def test_all_went_well() -> None:
    assert answered(data={"a": 1}) == (200, {"data": {"a": 1}}, "OK")


@pytest.mark.parametrize(
    ("cause", "code", "reason"),
    [
        (ConflictError("taken", "It is taken."), "CONFLICT", "taken"),
        (ThrottledError("slow", "Wait.", retry_after=1), "TOO_MANY_REQUESTS", "slow"),
        (DomainError("odd", "Odd."), "INTERNAL_SERVER_ERROR", "odd"),
        (StorageFaultError("gone"), "UNAVAILABLE", "storage_unavailable"),
        (StorageConflictError("first"), "UNAVAILABLE", "write_conflict"),
    ],
)
def test_what_the_core_says_no_with_has_a_code(cause: Exception, code: str, reason: str) -> None:
    status, document, counted = answered(failed(cause, "a", 0, "b"), data={"a": None})
    (error,) = document["errors"]
    assert (status, counted) == (200, code)
    assert document["data"] == {"a": None}
    assert error["path"] == ["a", 0, "b"]
    assert error["extensions"] == {"code": code, "reason": reason, "traceId": "trace-1"}


@pytest.mark.parametrize("cause", [broken(), None])
def test_a_fault_is_masked_and_logged_by_its_kind_and_place(
    cause: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    _, document, code = answered(failed(cause, "a"))
    assert code == "INTERNAL_SERVER_ERROR"
    assert "hush" not in str(document) + caplog.text
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    kind = type(cause).__name__ if cause else "GraphQLError"
    assert f"kind={kind}" in record.getMessage()
    if cause is not None:
        assert "place=broken:" in record.getMessage()


def test_a_hundred_errors_are_ten() -> None:
    many = [failed(broken(), "a", n) for n in range(100)]
    _, document, _ = answered(*many)
    assert len(document["errors"]) == MOST_ERRORS


def test_a_message_is_cut_where_it_is_long() -> None:
    _, document, _ = answered(failed(ConflictError("long", "x" * 5_000), "a"))
    assert len(document["errors"][0]["message"]) == 300


def test_what_was_not_run_has_no_data_for_who_reads_the_status() -> None:
    wrong = GraphQLError("Variable '$from' got invalid value 'hush'; it is none.")
    status, document, _ = answered(wrong, accept=GRAPHQL, is_run=False)
    assert status == 400
    assert list(document) == ["errors"]
    assert answered(wrong, is_run=False)[1]["data"] is None
    both = GRAPHQL + b", application/json;q=0.9"
    assert answered(data={"a": 1}, accept=both)[0] == 200
    rather_json = b"application/json, " + GRAPHQL + b";q=0.5"
    assert answered(wrong, accept=rather_json, is_run=False)[0] == 200
