"""A search as it is read: escapes, prefixes, modifiers, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.core.kernel.errors import QueryRefusedError
from cloud.core.searching.clauses import LAST, Span
from cloud.fhir.rest.dates import parse_date
from cloud.fhir.rest.parameters import (
    Target,
    Token,
    date,
    read,
    reference,
    string,
    token,
)
from cloud.fhir.rest.query import Query, parse

BASE = "https://cloud.test/fhir/R4"
CODE = token("code", "a code", "not")
NAME = string("name", "a name")
PATIENT = reference("patient", "whom", ["Patient"], "subject")
WHEN = date("date", "when")
PARAMETERS = {one.name: one for one in (CODE, NAME, PATIENT, WHEN)}


def asked(*pairs: tuple[str, str], is_strict: bool = True) -> Query:
    return parse(list(pairs), PARAMETERS, sorts=("date",), base=BASE, is_strict=is_strict)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [Token(None, "a")]),
        ("s|a", [Token("s", "a")]),
        ("|a", [Token("", "a")]),
        ("s|", [Token("s", "")]),
        ("a,b", [Token(None, "a"), Token(None, "b")]),
        (r"a\,b", [Token(None, "a,b")]),
        (r"a\|b", [Token(None, "a|b")]),
        (r"a\\,b", [Token(None, "a\\"), Token(None, "b")]),
        (r"a\$b", [Token(None, "a$b")]),
    ],
)
def test_separators_separate_unless_they_are_escaped(text: str, expected: list[Token]) -> None:
    assert list(read(CODE, "", text, base=BASE).values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", Target("", "1")),
        ("Patient/1", Target("Patient", "1")),
        (f"{BASE}/Patient/1", Target("Patient", "1")),
        ("http://169.254.169.254/Patient/1", Target("elsewhere", "")),
        ("urn:uuid:0f3c", Target("elsewhere", "")),
    ],
)
def test_a_reference_is_ours_or_leads_nowhere(text: str, expected: Target) -> None:
    assert list(read(PATIENT, "", text, base=BASE).values) == [expected]


@pytest.mark.parametrize(
    ("text", "start", "seconds"),
    [
        ("2026", "2026-01-01T00:00:00+00:00", 365 * 86_400),
        ("2026-02", "2026-02-01T00:00:00+00:00", 28 * 86_400),
        ("2026-12", "2026-12-01T00:00:00+00:00", 31 * 86_400),
        ("2026-11-23", "2026-11-23T00:00:00+00:00", 86_400),
        ("2026-11-23T10:14", "2026-11-23T10:14:00+00:00", 60),
        ("2026-11-23T10:14:05", "2026-11-23T10:14:05+00:00", 1),
        ("2026-11-23T10:14:05.25Z", "2026-11-23T10:14:05.250000+00:00", 0.01),
        ("2026-11-23T10:14:05+14:00", "2026-11-22T20:14:05+00:00", 1),
        ("2026-11-23T10:14:05 01:00", "2026-11-23T09:14:05+00:00", 1),
        ("2026-11-23T10:14:05-01:30", "2026-11-23T11:44:05+00:00", 1),
    ],
)
def test_a_time_covers_what_its_precision_says(text: str, start: str, seconds: float) -> None:
    moment = parse_date("date", f"ge{text}")
    assert moment.prefix == "ge"
    assert moment.span.start == datetime.fromisoformat(start)
    assert moment.span.end - moment.span.start == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "20261123",
        "xx2026",
        "2026-13",
        "2026-02-30",
        "2026-11-23T10",
        "2026-11-23T24:00:00",
        "2026-11-23T23:59:60Z",
        "2026-11-23T10:14:05+14:30",
        "2026-11-23T10:14:05+01:60",
        "0000",
        "0001-01-01T00:00:00+14:00",
        "٢٠٢٦",
    ],
)
def test_any_other_time_is_refused(text: str) -> None:
    with pytest.raises(QueryRefusedError):
        parse_date("date", text)


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("9999", "9999-01-01T00:00:00+00:00"),
        ("9999-12", "9999-12-01T00:00:00+00:00"),
        ("9999-12-31", "9999-12-31T00:00:00+00:00"),
        ("9999-12-31T23:59", "9999-12-31T23:59:00+00:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_the_last_times_end_with_time(text: str, start: str) -> None:
    span = parse_date("date", f"gt{text}").span
    assert (span.start, span.end) == (datetime.fromisoformat(start), LAST)
    day = timedelta(days=1)
    assert span.widened(day) == Span(span.start - day, LAST)


def test_the_first_time_is_not_widened_beyond_itself() -> None:
    span = parse_date("date", "0001-01-01").span
    assert span.widened(timedelta(days=1)).start == span.start
    assert parse_date("date", "9998").span.end == datetime(9999, 1, 1, tzinfo=UTC)


@given(st.integers(0, 2**42))
def test_a_time_is_inside_what_it_covers(milliseconds: int) -> None:
    at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    span = parse_date("date", at.isoformat()).span
    assert span.start <= at < span.end


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("code:above", "a"),
        ("code:", "a|b|c"),
        ("name:exact", "a"),
        ("patient:Device", "1"),
        ("patient:Patient", "Device/1"),
        ("patient", "a b"),
        ("patient.name", "a"),
        ("patient:Device.identifier", "a"),
        ("code.identifier", "a"),
        ("patient.organization.partof.name", "a"),
        ("_has:Observation:patient:code", "a"),
        ("_include:iterate", "Observation:patient"),
        ("_include", "*"),
        ("_include", "Observation"),
        ("_revinclude", "*"),
        ("_count", "-1"),
        ("_count", "1e6"),
        ("_count", "9" * 30),
        ("_sort", "name"),
        ("_sort", "date,code"),
        ("_summary", "maybe"),
        ("_total", "roughly"),
        ("code", ""),
        ("code", ","),
        ("code", "a\x00"),
        ("code", "a\nb"),
        ("code", ",".join("a" * 101)),
        ("code", "a" * 9000),
        ("who\u202eknows", "a"),
    ],
)
@pytest.mark.parametrize("is_strict", [True, False])
def test_what_is_not_understood_is_refused_in_either_handling(
    name: str, text: str, is_strict: bool
) -> None:
    with pytest.raises(QueryRefusedError):
        asked((name, text), is_strict=is_strict)


def test_too_many_parameters_and_repeated_ones_are_refused() -> None:
    with pytest.raises(QueryRefusedError):
        asked(*[("code", "a")] * 61)
    with pytest.raises(QueryRefusedError):
        asked(("_count", "1"), ("_count", "2"))


def test_an_unknown_parameter_is_told_or_refused() -> None:
    assert asked(("colour", "red"), ("code", "a"), is_strict=False).ignored == ("colour",)
    with pytest.raises(QueryRefusedError) as refused:
        asked(("colour", "red"))
    assert refused.value.details["fields"] == [
        {"field": "query.colour", "rule": "unknown_parameter"}
    ]


def test_the_shape_of_an_answer_is_read() -> None:
    query = asked(
        ("_count", "1000000"),
        ("_sort", "-date"),
        ("_elements", "id,,code"),
        ("_summary", "count"),
        ("_include", "Observation:patient:Patient"),
    )
    assert (query.count, query.sort, query.is_descending) == (200, "date", True)
    assert query.elements == ("id", "code")
    assert query.wants_count_only
    assert query.includes[0].target == "Patient"
    assert asked(("_count", "0")).wants_count_only
    assert asked(("patient:identifier", "a|b")).of("patient")[0].tokens == [Token("a", "b")]
    assert asked(("patient.identifier", "a|b")).of("patient")[0].tokens == [Token("a", "b")]
