"""What a worker that runs alone shows its operator: whether each of its parts lives, and figures.

The same two addresses as the API's, in the same words, without the API: a worker starts in a
fraction of its time and memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import uvicorn
from prometheus_client import Gauge

from cloud.api.shared.metrics import StoreMetrics, exposition
from cloud.app.parts import Parts
from cloud.core.kernel.health import report
from cloud.core.kernel.work import StorageError

MOST_AT_ONCE: Final = 16
_JSON: Final = "application/json"
_TEXT: Final = "text/plain; version=0.0.4"
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
Said = tuple[int, str, bytes]


class WorkerPage:
    """An ASGI application over what a worker opened."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = StoreMetrics(parts.registry)
        self._is_ok = Gauge(
            "vitalwire_part_ok",
            "Whether a part of the worker lives",
            ["part"],
            registry=parts.registry,
        )
        self._pages: dict[str, Callable[[], Said]] = {
            "/health": self._health,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Message, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        page = self._pages.get(scope["path"])
        if page is None:
            said = (404, _JSON, b'{"error":"not_found"}')
        elif scope["method"] not in ("GET", "HEAD"):
            said = (405, _JSON, b'{"error":"method_not_allowed"}')
        else:
            # The store may be slow, and the program's own signals must still be heard.
            said = await asyncio.to_thread(page)
        status, kind, body = said
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _health(self) -> Said:
        parts = self._parts
        document = report(parts.database, parts.clock, parts.probes)
        return 200 if document["status"] == "ok" else 503, _JSON, json.dumps(document).encode()

    def _metrics(self) -> Said:
        parts = self._parts
        for name, probe in parts.probes.items():
            self._is_ok.labels(name).set(probe().ok)
        try:
            with parts.database.reading(now=parts.clock()) as work:
                self._store.look(work, parts.webhook_metrics, parts.fleet_metrics)
        except StorageError as exc:
            return 503, _TEXT, f"# the store cannot be read: {type(exc).__name__}\n".encode()
        return 200, _TEXT, exposition(parts.registry)


def page_config(parts: Parts) -> uvicorn.Config:
    """How the page is served."""
    return uvicorn.Config(
        WorkerPage(parts),
        http="h11",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=1,
    )
