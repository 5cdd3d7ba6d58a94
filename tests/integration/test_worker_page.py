"""What a worker shows its operator, whatever became of its parts and its store."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from prometheus_client import CollectorRegistry

from cloud.app.parts import Parts
from cloud.app.worker_page import WorkerPage
from cloud.core.kernel.health import Health
from tests.fixtures.cloud import Installation


async def asked(parts: Parts, path: str, method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(WorkerPage(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://worker.test") as client:
        return await client.request(method, path)


@pytest.fixture
def parts(embedded: Installation) -> Parts:
    """Of a worker without an API beside it; its relay lives."""
    made = replace(embedded.parts, registry=CollectorRegistry(), probes={})
    made.probes["relay"] = lambda: Health(ok=True, details={"relay_seconds_ago": 0.1})
    return made


async def test_a_part_that_lives_is_shown_so(parts: Parts) -> None:
    answer = await asked(parts, "/health")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "status": "ok",
        "parts": {
            "database": {"ok": True, "outbox_depth": 0},
            "relay": {"ok": True, "relay_seconds_ago": 0.1},
        },
    }


async def test_a_part_that_is_dead_is_named(parts: Parts) -> None:
    parts.probes["jobs"] = lambda: Health(ok=False, details={})
    answer = await asked(parts, "/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "failing")


async def test_figures_say_which_part_lives_and_what_waits(parts: Parts) -> None:
    parts.probes["jobs"] = lambda: Health(ok=False, details={})
    answer = await asked(parts, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"
    lines = answer.text.splitlines()
    assert 'vitalwire_part_ok{part="relay"} 1.0' in lines
    assert 'vitalwire_part_ok{part="jobs"} 0.0' in lines
    assert "vitalwire_outbox_depth 0.0" in lines


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/v1/jobs", 404), ("POST", "/metrics", 405)],
)
async def test_nothing_else_is_there(parts: Parts, method: str, path: str, status: int) -> None:
    assert (await asked(parts, path, method)).status_code == status


async def test_a_store_that_is_gone_is_said_and_not_counted_as_nothing(parts: Parts) -> None:
    with parts.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE outbox RENAME TO elsewhere")
    health = await asked(parts, "/health")
    metrics = await asked(replace(parts, registry=CollectorRegistry()), "/metrics")
    assert (health.status_code, health.json()["parts"]["database"]["ok"]) == (503, False)
    assert (metrics.status_code, "vitalwire_outbox_depth" in metrics.text) == (503, False)
