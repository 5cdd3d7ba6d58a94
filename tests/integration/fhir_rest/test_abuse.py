"""What hostile or careless callers send to /fhir/R4, and what they get."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.errors import TooCostlyError
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.query import Query, parse
from cloud.fhir.rest.registry import BY_NAME
from cloud.fhir.rest.searching import find
from tests.integration.fhir_rest.conftest import BASE, Hospital, fill

FORM = "application/x-www-form-urlencoded"


def outcome(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The one issue of an OperationOutcome."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    document = answer.json()
    assert document["resourceType"] == "OperationOutcome"
    issue: dict[str, Any] = document["issue"][0]
    assert issue["code"] == code
    assert "request" in issue["diagnostics"]
    assert "Traceback" not in answer.text
    return issue


async def test_a_tampered_cursor_is_no_cursor(small: Hospital) -> None:
    bundle = await small.read(f"Observation?encounter={small.encounter}&_count=2")
    (url,) = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
    cursor = url.rpartition("=")[2]
    for wrong in ("", "A", "!", cursor[:-2], cursor[:20] + "AAAA" + cursor[24:], cursor * 30):
        answer = await small.get(f"Observation?_cursor={wrong}")
        assert answer.status_code == 400
    # Of another list, and with another search beside it.
    for path in (f"Encounter?_cursor={cursor}", f"{url}&code=8867-4", f"{url}&_cursor={cursor}"):
        outcome(await small.get(path), 400, "structure")


async def test_counts_are_capped_and_nonsense_is_refused(small: Hospital) -> None:
    for count in ("1000000000", "200"):
        assert len(await small.search(f"Observation?_count={count}")) == 9
    for count in ("-1", "1e6", "ten", "9" * 40, "0x10"):
        outcome(await small.get(f"Observation?_count={count}"), 400, "value")


async def test_includes_do_not_loop_and_chains_do_not_grow(small: Hospital) -> None:
    for query in (
        "_include:iterate=Encounter:patient",
        "_revinclude:iterate=Observation:encounter",
        "_include=Encounter:patient.organization",
        "_include=Patient:link",
        "_include=Observation:patient:Group",
        "_revinclude=Claim:encounter",
        "_has:Observation:encounter:code=1",
        "patient.organization.partof.name=x",
        ".".join(["patient"] * 10) + "=x",
        "patient:Patient.general-practitioner.name=x",
        "subject:Device.identifier=x",
    ):
        assert (await small.get(f"Encounter?{query}")).status_code == 400, query
    for query in ("_include=*", "_revinclude=*"):
        outcome(await small.get(f"Encounter?{query}"), 400, "value")


async def test_words_are_words_and_never_patterns_or_statements(small: Hospital) -> None:
    with small.cloud.database.begin(now=small.cloud.clock()) as work:
        row = work.session.query(DeviceRow).first()
        assert row is not None
        row.model = r"100%_\ [a-z]* ${7*7}"
    for found, name in (
        (1, r"100%25_\\"),
        (1, "100%25"),
        (0, "1%25%25"),
        (0, "___%25"),
        (0, "' OR '1'='1"),
        (0, "'; DROP TABLE devices; --"),
        (0, "(a+)+$"),
        (0, "{{7*7}}"),
        (0, "*)(uid=*"),
        (0, '{"$ne": null}'),
    ):
        assert len(await small.search(f"Device?device-name={name}")) == found, name
    assert len(await small.search("Device?device-name:contains=%25_")) == 1
    for path in (
        "Encounter?identifier=' OR 1=1 --",
        "Observation?code=8867-4' OR '1'='1",
        "Patient?_id=1 OR 1=1",
        "Condition?code=' UNION SELECT 1 --",
    ):
        assert await small.search(path) == []


async def test_addresses_elsewhere_are_never_called_and_point_to_nothing(small: Hospital) -> None:
    for target in (
        "http://169.254.169.254/Patient/1",
        "https://example.org/fhir/Patient/1",
        "file:///etc/passwd",
        "urn:uuid:0f3c0000-0000-4000-8000-000000000000",
    ):
        assert await small.search(f"Observation?subject={target}") == []
    outcome(await small.get("Observation?subject=../../etc/passwd"), 400, "value")


async def test_ids_that_can_be_none_are_absent(small: Hospital) -> None:
    for identity in (
        "x" * 65,
        "%00",
        "a%20b",
        "é",
        "..%2e",
        "s-AAAA",
        "c-" + "A" * 54,
        "f-0.x",
        "1;2",
    ):
        for kind in ("Observation", "Encounter", "Location", "Procedure", "Subscription"):
            answer = await small.get(f"{kind}/{identity}")
            assert answer.status_code in (400, 403, 404), (kind, identity)
            assert answer.json()["resourceType"] == "OperationOutcome"
    for path in (
        "//Patient",
        "Patient//",
        "%2e%2e/R4/Patient",
        "Patient/./1",
        "Patient/$everything",
    ):
        answer = await small.get(path)
        assert answer.status_code in (400, 404), path


async def test_a_token_comes_in_the_header_alone_and_no_page_elsewhere_may_read(
    small: Hospital,
) -> None:
    token = small.headers["Authorization"].partition(" ")[2]
    answer = await small.http.get(f"{BASE}/Patient?access_token={token}")
    outcome(answer, 400, "structure")
    outcome(await small.http.get(f"{BASE}/Patient"), 401, "login")
    for origin in ("null", "https://cloud.test.evil.example", "https://evil.example"):
        answer = await small.get("Patient", {"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    forged = await small.get("Patient", {"X-HTTP-Method-Override": "DELETE"})
    assert forged.status_code == 200


async def test_forms_are_read_strictly(small: Hospital) -> None:
    url = f"{BASE}/Observation/_search"
    for content, kind, status in (
        (b"code=8867-4", FORM, 200),
        (b"", FORM, 200),
        (b"code=8867-4", "application/json", 415),
        (b"code=8867-4", "", 415),
        (b"code=%ff", FORM, 400),
        (b"\xff=1", FORM, 400),
        (b"code=a%00b", FORM, 400),
        (b"code=a%0d%0aSet-Cookie:x", FORM, 400),
        (b"code=" + b"a" * 30_000, FORM, 400),
        (b"&".join([b"code=a"] * 500), FORM, 400),
    ):
        headers = {**small.headers, "Content-Type": kind}
        answer = await small.http.post(url, content=content, headers=headers)
        assert answer.status_code == status, content[:20]
        assert answer.headers["content-type"] == "application/fhir+json"
    zipped = {**small.headers, "Content-Type": FORM, "Content-Encoding": "gzip"}
    assert (await small.http.post(url, content=b"\x1f\x8b", headers=zipped)).status_code == 400


async def test_many_words_cost_little(small: Hospital) -> None:
    started = time.process_time()
    for query in (
        "code=" + ",".join(["8867-4"] * 100),
        "code=" + "\\" * 4000,
        "date=" + "1" * 4000,
    ):
        assert (await small.get(f"Observation?{query}")).status_code in (200, 400)
    assert time.process_time() - started < 10


async def test_nothing_is_given_that_the_audit_could_not_write(small: Hospital) -> None:
    with small.cloud.database.engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries "
                "BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        )
    for path in (f"Encounter/{small.encounter}", f"Observation?encounter={small.encounter}"):
        answer = await small.get(path)
        outcome(answer, 503, "transient")
        assert "retry-after" in answer.headers


async def test_a_store_that_is_away_is_told_as_such(small: Hospital) -> None:
    with small.cloud.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE encounters RENAME TO gone"))
    outcome(await small.get(f"Encounter/{small.encounter}"), 503, "transient")


async def test_a_search_of_everything_is_bounded(small: Hospital) -> None:
    fill(small.cloud, small.cloud.mine, incident="INC-2", seconds=1)
    with small.cloud.database.begin(now=small.cloud.clock()) as work:
        desk = Desk(
            work=work,
            vault=small.cloud.parts.vault,
            principal=small.cloud.mine.caller,
            base=f"http://cloud.test{BASE}",
            may_read=lambda _kind: True,
            most_encounters=1,
        )
        kind = BY_NAME["Observation"]
        code = ("code", "8867-4")
        found = find(desk, kind, asked(code, ("encounter", small.encounter)), None, 50)
        assert len(found.hits) == 1
        assert find(desk, kind, asked(code, ("date", "2020-01-01")), None, 50).hits == ()
        with pytest.raises(TooCostlyError):
            find(desk, kind, asked(code), None, 50)


def asked(*pairs: tuple[str, str]) -> Query:
    parameters = BY_NAME["Observation"].by_name
    return parse(list(pairs), parameters, sorts=(), base=f"http://cloud.test{BASE}", is_strict=True)
