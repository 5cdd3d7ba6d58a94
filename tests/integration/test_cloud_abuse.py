"""Input nobody should send: refused with the right status, and the service stays up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import httpx
import pytest
from starlette.types import Message, Scope

from cloud.api.shared.errors import CLIENT_GONE
from protocols.uplink.channels import HTTP_BATCHES_PATH, MEDIA_TYPE_COMPACT
from tests.fixtures.cloud import START, Installation

PATH = "/api/v1/devices/enrol"
GOOD = '{"serial_number": "S-1", "device_class": "ecg", "manufacturer": "Acme"}'


@pytest.fixture
async def http(embedded: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with embedded.client() as client:
        client.headers.update(await embedded.headers(client))
        client.headers["Content-Type"] = "application/json"
        yield client


BODIES: dict[str, tuple[bytes, int]] = {
    "good": (GOOD.encode(), 201),
    "byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), 201),
    "not JSON": (b"{", 400),
    "empty": (b"", 422),
    "no object": (b"[]", 422),
    "a number": (b"1", 422),
    "duplicate key": (GOOD.replace("{", '{"serial_number": "S-0", ').encode(), 400),
    "NaN": (b'{"serial_number": NaN}', 400),
    "Infinity": (b'{"serial_number": -Infinity}', 400),
    "1e400": (b'{"serial_number": 1e400}', 400),
    "minus zero": (b'{"serial_number": -0}', 400),
    "minus zero point zero": (b'{"serial_number": -0.0}', 400),
    "forty digits": (b'{"serial_number": 0.1234567890123456789012345678901234567890}', 400),
    "five thousand digits": (b'{"serial_number": ' + b"9" * 5000 + b"}", 400),
    "deep": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, 400),
    "lone surrogate": (GOOD.replace("S-1", "\\ud800").encode(), 400),
    "NUL": (GOOD.replace("S-1", "\\u0000").encode(), 400),
    "bidi override": (GOOD.replace("S-1", "a\\u202eb").encode(), 400),
    "not UTF-8": (GOOD.encode().replace(b"S-1", b"\xff\xfe"), 400),
    "unknown member": (GOOD.replace("{", '{"tenant_id": "x", ').encode(), 422),
    "too long a text": (GOOD.replace("S-1", "S" * 121).encode(), 422),
}


@pytest.mark.parametrize("name", BODIES)
async def test_bodies_are_read_strictly(http: httpx.AsyncClient, name: str) -> None:
    body, status = BODIES[name]
    response = await http.post(PATH, content=body)
    assert response.status_code == status, response.text
    if status >= 400:
        assert set(response.json()) >= {"error", "issue_type", "message", "request_id"}


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/xml",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
async def test_only_json_is_taken(http: httpx.AsyncClient, media_type: str) -> None:
    response = await http.post(PATH, content=GOOD, headers={"Content-Type": media_type})
    assert (response.status_code, response.json()["error"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("accept", ["application/xml", "text/html;q=0.9", "application/json;q=0"])
async def test_who_takes_no_json_is_told_so(http: httpx.AsyncClient, accept: str) -> None:
    for path in ("/api/v1/devices", "/api/v1/epcr/encounters/enc_1", "/v1/platform/scopes"):
        response = await http.get(path, headers={"Accept": accept})
        assert (response.status_code, response.json()["error"]) == (406, "not_acceptable"), path


@pytest.mark.parametrize(
    ("accept", "is_fhir"),
    [
        ("Application/FHIR+JSON", True),
        ("application/fhir+json, */*;q=0.1", True),
        ("application/json, application/fhir+json;q=0.5", False),
        ("*/*", False),
    ],
)
async def test_who_prefers_fhir_gets_fhir(
    http: httpx.AsyncClient, accept: str, is_fhir: bool
) -> None:
    response = await http.get("/api/v1/epcr/encounters/enc_1", headers={"Accept": accept})
    assert response.status_code == 404
    assert ("resourceType" in response.json()) is is_fhir


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/api/v1/devices?unheard=5", 422, "query.unheard"),
        ("/api/v1/devices?limit=-1", 422, "query.limit"),
        ("/api/v1/devices?limit=1000000000", 422, "query.limit"),
        ("/api/v1/devices?limit=1&limit=2", 422, "query.limit"),
        ("/api/v1/devices?cursor=", 400, None),
        ("/api/v1/devices?cursor=%C3%A9", 400, None),
        (f"/api/v1/devices?cursor={'A' * 600}", 422, "query.cursor"),
        ("/api/v1/devices/dev_1?format=fhir2", 422, "query.format"),
        ("/api/v1/epcr/encounters?since=0001-01-01T00:00:00%2B14:00", 422, None),
        ("/api/v1/epcr/encounters?sort=x", 422, "query.sort"),
    ],
)
async def test_a_stray_query_is_refused(
    http: httpx.AsyncClient, path: str, status: int, field: str | None
) -> None:
    response = await http.get(path)
    assert response.status_code == status, response.text
    if field is not None:
        assert response.json()["details"]["fields"][0]["field"] == field


async def test_a_wrong_parameter_of_a_bundle_is_an_issue_of_its_own(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get("/api/v1/epcr/encounters/e/fhir-bundle?page=0&detail=much")
    assert response.status_code == 422
    found = [one["expression"] for one in response.json()["issue"]]
    assert sorted(found) == [["detail"], ["page"]]


async def test_compressed_bodies_are_refused(http: httpx.AsyncClient) -> None:
    response = await http.post(PATH, content=GOOD, headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.json()["error"]) == (415, "unsupported_encoding")


async def test_a_body_one_octet_over_the_limit_is_too_large(
    http: httpx.AsyncClient, embedded: Installation
) -> None:
    limit = embedded.parts.settings.max_body_octets
    fits = GOOD.encode() + b" " * (limit - len(GOOD))
    assert (await http.post(PATH, content=fits)).status_code == 201

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(limit // 65_536 + 2):
            yield b" " * 65_536

    for body in (fits + b" ", chunks()):
        response = await http.post(PATH, content=body)
        assert (response.status_code, response.json()["error"]) == (413, "body_too_large")


@pytest.mark.parametrize("path", ["/api/v1/devices/%00", "/api/v1/devices?vehicle_id=%00"])
async def test_nul_in_an_address_is_refused(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 400


BAD_HOSTS = (
    "[cloud.test]",
    "[",
    "cloud.test:8000:1",
    "somebody@cloud.test",
    "cloud.test/evil",
    "cloud test",
    "cloud.test#",
    "cl\u00f6ud.test",
)


@pytest.mark.parametrize("host", BAD_HOSTS)
async def test_a_host_that_is_none_is_a_bad_request(http: httpx.AsyncClient, host: str) -> None:
    for path in ("/api/v1/devices", "/graphql", "/health"):
        refused = await http.get(path, headers={b"Host": host.encode("latin-1")})
        assert refused.status_code == 400, path
        assert "malformed_host" in refused.text
        assert refused.headers["x-request-id"]


async def test_a_host_comes_once_or_not_at_all(http: httpx.AsyncClient) -> None:
    twice = await http.get("/health", headers=[("Host", "cloud.test"), ("Host", "evil.example")])
    assert twice.status_code == 400
    assert (await http.get("/health", headers={"Host": ""})).status_code == 200
    assert (await http.get("/health", headers={"Host": "[::1]:8000"})).status_code == 200


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH"])
async def test_other_methods_are_not_allowed(http: httpx.AsyncClient, method: str) -> None:
    response = await http.request(method, "/api/v1/devices")
    assert (response.status_code, response.json()["error"]) == (405, "method_not_allowed")
    assert "GET" in response.headers["allow"]


async def test_sql_is_only_text(http: httpx.AsyncClient) -> None:
    for text in ("' OR 1=1 --", "%", "_", '"; DROP TABLE devices; --'):
        response = await http.get("/api/v1/devices", params={"vehicle_id": text})
        assert response.json() == []
    assert (await http.post(PATH, content=GOOD)).status_code == 201


async def test_cross_origin_calls_get_no_permission(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/devices", headers={"Origin": "https://evil.test"})
    assert "access-control-allow-origin" not in response.headers


async def test_every_answer_keeps_browsers_strict_and_bears_its_id(
    http: httpx.AsyncClient,
) -> None:
    for path in ("/api/v1/devices", "/nowhere", "/health"):
        response = await http.get(path, headers={"X-Request-ID": "abc-1"})
        assert response.headers["x-request-id"] == "abc-1"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        # By the clock that rows are stamped with: gateways mend theirs by it.
        assert parsedate_to_datetime(response.headers["date"]) == START
    forged = await http.get("/health", headers={"X-Request-ID": "a\tb" + "x" * 90})
    assert len(forged.headers["x-request-id"]) == 32


async def test_the_description_and_its_page_come_from_here(http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    read = document["paths"]["/api/v1/devices"]["get"]
    assert read["security"] == [
        {"oauth2": ["argus:devices:read"]},
        {"oauth2": ["argus:devices:write"]},
    ]
    assert read["responses"]["401"]["content"]["application/json"]["schema"]
    page = await http.get("/docs")
    assert "://" not in page.text
    assert "'unsafe-eval'" not in page.headers["content-security-policy"]
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js", "openapi.json"):
        assert (await http.get(f"/docs/assets/{asset}")).status_code == 200
    older = (await http.get("/docs/assets/openapi.json")).json()
    assert older["openapi"] == "3.0.3"
    assert '"type":"null"' not in (await http.get("/docs/assets/openapi.json")).text
    assert (await http.get("/docs/assets/..%2f__init__.py")).status_code == 404


async def test_metrics_and_health_are_plain(http: httpx.AsyncClient) -> None:
    await http.post(PATH, content=GOOD)
    text = (await http.get("/metrics")).text
    assert 'vitalwire_http_requests_total{method="POST",route="/api/v1/devices/enrol"' in text
    assert "vitalwire_outbox_depth 1.0" in text
    health = await http.get("/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")


async def test_a_client_that_hangs_up_while_it_sends_is_no_fault_of_ours(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    mine = embedded.mine
    async with embedded.client() as client:
        sender = await embedded.token(client, mine.gateway_id, mine.gateway_secret)
    wanted = {**sender, "Content-Type": MEDIA_TYPE_COMPACT, "Content-Length": "4096"}
    headers = [(name.lower().encode(), value.encode()) for name, value in wanted.items()]
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": HTTP_BATCHES_PATH,
        "raw_path": HTTP_BATCHES_PATH.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.7", 4000),
        "server": ("cloud", 443),
    }
    events: list[Message] = [
        {"type": "http.request", "body": b"\x02\x01", "more_body": True},
        {"type": "http.disconnect"},
    ]
    told: list[Message] = []

    async def receive() -> Message:
        return events.pop(0)

    async def send(message: Message) -> None:
        told.append(message)

    with caplog.at_level("INFO", "vitalwire"):
        await embedded.app(scope, receive, send)
    assert told[0]["status"] == CLIENT_GONE
    assert "event=client_gone" in caplog.text
    assert "event=fault" not in caplog.text
    assert "Traceback" not in caplog.text
