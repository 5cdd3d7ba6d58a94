"""Whatever is sent to the GraphQL door: bounded in time, in the answer and in the log."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncIterator

import pytest

from cloud.api.graphql.asking import Asking, Deadline
from cloud.api.graphql.calls import Call
from cloud.api.graphql.running import choose, may_send_any_document, run
from cloud.core.kernel.errors import UnavailableError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import StorageFaultError, within
from tests.fixtures.cloud import Installation
from tests.fixtures.graphql_apps import ACQI, APRIL, App, developer, registered

PERIOD = '(fromDate: "2026-04-01T00:00:00Z", toDate: "2026-04-02T00:00:00Z")'
TREND = f"acqiMetrics{PERIOD} {{ sparkline {{ date value }} }}"
LONGEST_ANSWER = 6_000
LONGEST_LOG = 1_000


@pytest.fixture
async def sandbox(embedded: Installation) -> AsyncIterator[App]:
    async with developer(embedded) as app:
        yield app


def nested(levels: int) -> str:
    return "{ a " * levels + "}" * levels


def by_fragments(levels: int) -> str:
    chain = " ".join(f"fragment F{n} on Query {{ a {{ ...F{n + 1} }} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ a }}"


def bomb(levels: int) -> str:
    """Each fragment spreads the next one twice."""
    steps = " ".join(
        f"fragment F{n} on AcqiMetric {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    )
    return (
        f"{{ acqiMetrics{PERIOD} {{ ...F0 }} }} {steps} fragment F{levels} on AcqiMetric {{ name }}"
    )


ATTACKS = {
    "deep": (nested(7), "too_deep"),
    "deep_by_fragments": (by_fragments(7), "too_deep"),
    "deep_by_inline_fragments": (
        "{ a { ... { b { ... { c { d { e { f { g } } } } } } } } }",
        "too_deep",
    ),
    "deeper_than_can_be_read": (nested(4000), "too_deep"),
    "aliases": (f"{{ {' '.join(f'a{n}: __typename' for n in range(11))} }}", "too_many_aliases"),
    "aliases_in_a_fragment": (
        f"{{ acqiMetrics{PERIOD} {{ ...F ...F }} }} "
        f"fragment F on AcqiMetric {{ {' '.join(f'a{n}: name' for n in range(6))} }}",
        "too_many_aliases",
    ),
    "wide": (f"{{ {' '.join(['acqiMetrics'] * 6)} }}", "too_many_fields"),
    "tokens": (f"{{ {'name ' * 1000} }}", "too_many_tokens"),
    "long": (f"{{ acqiMetrics }} #{'x' * 20_000}", "too_long"),
    "directives": (f"{{ acqiMetrics {'@skip(if: false) ' * 60} }}", "too_many_directives"),
    "costly_list": (
        f"{{ {' '.join(f'a{n}: {TREND}' for n in range(5))} }}",
        "too_costly",
    ),
    "multiplied": (bomb(20), "too_costly"),
    "circle": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "cycle"),
    "no_such_operation": ("fragment A on Query { __typename }", "unknown_operation"),
    "subscription": ("subscription { acqiMetrics }", "no_subscriptions"),
}


async def test_what_is_above_a_limit_is_refused_before_it_is_run(
    sandbox: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name, (text, reason) in ATTACKS.items():
        caplog.clear()
        answer = await sandbox.post({"query": text})
        assert answer.status_code == 200
        (error,) = answer.json()["errors"]
        assert answer.json()["data"] is None
        assert reason in error["extensions"]["reason"], name
        assert error["extensions"]["traceId"] == "request-1"
        assert len(answer.content) < 300
        assert len(caplog.text) < LONGEST_LOG


async def test_the_schema_is_not_told(sandbox: App) -> None:
    for text in (
        "{ __schema { types { name } } }",
        '{ __type(name: "Query") { name } }',
        "{ ...A } fragment A on Query { __schema { queryType { name } } }",
    ):
        document = await sandbox.ask(text)
        assert document["data"] is None
        codes = {one["extensions"]["code"] for one in document["errors"]}
        assert codes == {"GRAPHQL_VALIDATION_FAILED"}
        assert "AcqiMetric" not in str(document)


async def test_a_near_miss_is_told_nothing_of_what_there_is(sandbox: App) -> None:
    for text in ("{ acqiMetric { name } }", f"{{ acqiMetrics{PERIOD} {{ sparkle }} }}"):
        document = await sandbox.ask(text)
        assert "Did you mean" not in str(document)
        assert "acqiMetrics" not in document["errors"][0]["message"].replace("acqiMetric", "")


async def test_many_mistakes_make_a_short_answer_and_a_short_log(
    sandbox: App, caplog: pytest.LogCaptureFixture
) -> None:
    """Each mistake of a document once made the library log the whole document."""
    caplog.set_level(logging.DEBUG)
    directives = " ".join(f"@nothing{n}" for n in range(20))
    wrong = " ".join(f"no{'o' * 20}{n}" for n in range(300))
    document = await sandbox.ask(f"{{ acqiMetrics{PERIOD} {directives} {{ {wrong} }} }}")
    assert 1 < len(document["errors"]) <= 10
    assert len(str(document)) < LONGEST_ANSWER
    assert len(caplog.text) < LONGEST_LOG


async def test_values_that_were_sent_come_back_nowhere(
    sandbox: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = await sandbox.ask(ACQI, {"from": "hush-hush", "to": {"hush": ["hush"]}})
    assert wrong["data"] is None
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert wrong["errors"][0]["message"] == "Send $from as the operation declares it."
    literal = await sandbox.ask('{ acqiMetrics(fromDate: "hush", toDate: "hush") { name } }')
    assert literal["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "hush" not in str(wrong) + str(literal) + caplog.text


async def test_a_period_that_makes_no_sense_is_said_at_its_field(sandbox: App) -> None:
    document = await sandbox.ask(ACQI, {"from": APRIL["to"], "to": APRIL["from"]})
    (error,) = document["errors"]
    assert error["path"] == ["acqiMetrics"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["reason"] == "invalid_period"
    long = {"from": "2024-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert "366 days" in (await sandbox.ask(ACQI, long))["errors"][0]["message"]
    naive = {"from": "2026-04-01T00:00:00", "to": APRIL["to"]}
    assert "$from" in (await sandbox.ask(ACQI, naive))["errors"][0]["message"]


ODD_BODIES: tuple[tuple[object, str], ...] = (
    ([{"query": "{ __typename }"}], "batch_refused"),
    ([], "batch_refused"),
    ("text", "invalid_call"),
    ({}, "invalid_call"),
    ({"query": 1}, "invalid_call"),
    ({"query": None}, "invalid_call"),
    ({"query": "{ a }", "documentId": "sha256:" + "a" * 64}, "invalid_call"),
    ({"documentId": 5}, "invalid_call"),
    ({"query": "{ a }", "variables": []}, "invalid_call"),
    ({"query": "{ a }", "operationName": "a" * 201}, "invalid_call"),
    ({"extensions": []}, "invalid_call"),
    ({"extensions": {"persistedQuery": {"sha256Hash": 5}}}, "invalid_call"),
)


async def test_a_body_of_another_form_is_a_bad_request(sandbox: App) -> None:
    for body, reason in ODD_BODIES:
        answer = await sandbox.post(body)
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "BAD_REQUEST"
        assert error["extensions"]["reason"] == reason, body


async def test_nothing_but_a_post_of_json_is_taken(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await registered(embedded, http, "acqi")
        got = await http.get("/graphql", params={"query": ACQI}, headers=app.headers)
        assert got.status_code == 405
        assert got.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
        for kind in ("application/graphql", "text/plain", "application/x-www-form-urlencoded"):
            sent = await app.http.post(
                "/graphql", content=ACQI, headers={**app.headers, "content-type": kind}
            )
            assert sent.status_code == 415, kind
        json = {**app.headers, "content-type": "application/json"}
        for octets in (b"{", b'{"query": "{a}", "query": "{b}"}', b"[" * 100_000, b"\xff"):
            broken = await app.http.post("/graphql", content=octets, headers=json)
            assert broken.status_code == 400
            assert broken.json()["errors"][0]["extensions"]["reason"] == "malformed_json"
        for headers in ({}, {"authorization": "Bearer nonsense"}):
            nobody = await http.post("/graphql", json={"query": ACQI}, headers=headers)
            assert nobody.status_code == 401
            assert nobody.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert "www-authenticate" in nobody.headers
        in_query = await http.post("/graphql?query=x", json={"query": ACQI}, headers=app.headers)
        assert in_query.status_code == 200


async def test_a_hash_beside_a_text_has_to_be_of_it(embedded: Installation) -> None:
    def hashed(text: str) -> dict[str, object]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"persistedQuery": {"version": 1, "sha256Hash": digest}}

    async with embedded.client() as http:
        app = await registered(embedded, http, "acqi")
        spread = ACQI.replace(" ", "\n ")
        for text in (ACQI, spread):
            sent = {"query": text, "variables": APRIL, "extensions": hashed(text)}
            assert "errors" not in (await app.post(sent)).json()
        for extensions in (hashed("another"), {"persistedQuery": {"sha256Hash": "none"}}):
            sent = {"query": ACQI, "variables": APRIL, "extensions": extensions}
            (error,) = (await app.post(sent)).json()["errors"]
            assert error["extensions"]["reason"] == "hash_mismatch"
            assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_any_text_is_for_sandbox_tokens_alone(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await registered(embedded, http, "acqi")
        for text, _ in ATTACKS.values():
            answer = await app.post({"query": text})
            code = answer.json()["errors"][0]["extensions"]["code"]
            assert code in {"OPERATION_NOT_APPROVED", "BAD_USER_INPUT"}, text
        for named in ("sha256:none", "none", "sha256:" + "0" * 64):
            answer = await app.post({"documentId": named})
            code = answer.json()["errors"][0]["extensions"]["code"]
            assert code == "OPERATION_NOT_APPROVED"
    for use in ("access", "service", "delegated", ""):
        assert not may_send_any_document(
            Principal(tenant_id="t", client_id="c", scopes=("*",), token_use=use)
        )


async def test_an_operation_out_of_time_is_ended_and_says_so(embedded: Installation) -> None:
    async with embedded.client() as http:
        app = await registered(embedded, http, "acqi")
    caller = Principal(
        tenant_id=app.tenant.tenant_id, client_id=app.client_id, scopes=("argus:acqi:read",)
    )
    services = embedded.app.state.services
    asking = Asking(caller, services, Deadline(5.0, clock=lambda: 5.0))
    call = Call(ACQI, "", APRIL)
    outcome = run(asking, call, choose(asking, call))
    (error,) = outcome.errors
    assert isinstance(error.original_error, UnavailableError)
    assert error.original_error.reason == "timed_out"


def test_a_fault_is_said_to_be_one_of_time_when_the_time_is_over(embedded: Installation) -> None:
    services, caller = embedded.app.state.services, embedded.mine.caller
    for ends, said in ((100.0, StorageFaultError), (5.0, UnavailableError)):
        times = iter((0.0, 10.0))
        asking = Asking(caller, services, Deadline(ends, clock=lambda: next(times)))  # noqa: B023 - used in the round it is of
        with pytest.raises(said), asking.work():
            raise StorageFaultError("the store gave up")


def test_a_statement_is_given_up_when_its_time_is_over(cloud: Installation) -> None:
    """In both databases, and the next unit of the same connection has all its time again."""
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with (
        pytest.raises(StorageFaultError, match=r"57014|INTERRUPT"),
        cloud.database.begin(now=cloud.clock()) as work,
        within(work, 0.05),
    ):
        work.session.connection().exec_driver_sql(endless)
    counted = endless.replace("FROM n)", "FROM n WHERE i < 200000)")
    with cloud.database.begin(now=cloud.clock()) as work:
        assert work.session.connection().exec_driver_sql(counted).scalar_one() == 200_000
