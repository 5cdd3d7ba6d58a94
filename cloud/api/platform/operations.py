"""For operators and developers: health, metrics, the API's description and its page."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from swagger_ui_bundle import swagger_ui_path

from cloud.api.shared.answers import exact_json
from cloud.api.shared.documentation import described
from cloud.api.shared.metrics import exposition
from cloud.api.shared.openapi_30 import downgrade
from cloud.api.shared.services import AllServices, Services
from cloud.core.devices.certificates import first_expiry
from cloud.core.devices.commands import open_by_kind
from cloud.core.devices.fleet import totals
from cloud.core.exchange.deliveries import STATES, backlog
from cloud.core.jobs.claiming import backlog as job_backlog
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.outbox import depth
from cloud.core.kernel.work import StorageError, UnitOfWork
from cloud.core.observations.receipts import gaps
from cloud.core.webhooks.standing import standing

router = APIRouter(tags=["Operations"])

_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Vitalwire API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script></body></html>
"""
_START: Final = """window.ui = SwaggerUIBundle({
  url: "/docs/assets/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout"
});
"""
# Swagger UI sets style attributes and draws icons from data: URLs; nothing comes from elsewhere.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ASSET: Final = re.compile(r"swagger-ui(-bundle)?\.(css|js)")
_MEDIA: Final = {"css": "text/css", "js": "text/javascript"}
_DAY: Final = "public, max-age=86400"


class HealthModel(BaseModel):
    """How the service is, part by part: `ok`, and words or ages for an operator."""

    status: Literal["ok", "failing"]
    parts: dict[str, dict[str, Any]]


_FAILING: Final[dict[str, Any]] = {
    "model": HealthModel,
    "description": "A part is broken; Retry-After says when to look again",
}


@router.get("/health", response_model=HealthModel, responses={503: _FAILING})
def health(services: AllServices) -> Response:
    """200 while every part works, 503 with the broken part named otherwise."""
    parts: dict[str, dict[str, object]] = {"database": _database(services)}
    for name, probe in services.probes.items():
        found = probe()
        parts[name] = {"ok": found.ok, **found.details}
    ok = all(part["ok"] for part in parts.values())
    headers = {} if ok else {"Retry-After": "5"}
    return exact_json(
        {"status": "ok" if ok else "failing", "parts": parts},
        status=200 if ok else 503,
        headers=headers,
    )


def _database(services: Services) -> dict[str, object]:
    try:
        with services.database.reading(now=services.clock()) as work:
            return {"ok": True, "outbox_depth": depth(work)}
    except StorageError as exc:
        return {"ok": False, "cause": type(exc).__name__}


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, services: AllServices) -> Response:
    """Counters and histograms of this process in Prometheus' text form."""
    with services.database.reading(now=services.clock()) as work:
        services.store_metrics.outbox_depth.set(depth(work))
        open_gaps, missing = gaps(work)
        services.store_metrics.uplink_gaps.set(open_gaps)
        services.store_metrics.uplink_missing.set(missing)
        _look_at_exchange(services, work)
        _look_at_jobs(services, work)
        services.webhook_metrics.look(standing(work))
        services.fleet_metrics.look(
            open_commands=open_by_kind(work), totals=totals(work), expiry=first_expiry(work)
        )
    return Response(exposition(request.app.state.registry), media_type="text/plain; version=0.0.4")


def _look_at_exchange(services: Services, work: UnitOfWork) -> None:
    found, gauges = backlog(work), services.store_metrics
    for state in STATES:
        gauges.deliveries.labels(state).set(found.by_state.get(state, 0))
    oldest = found.oldest_waiting
    gauges.delivery_wait.set(0 if oldest is None else (work.now - oldest).total_seconds())
    gauges.closed_connections.set(found.closed_connections)


def _look_at_jobs(services: Services, work: UnitOfWork) -> None:
    counts, oldest = job_backlog(work)
    for status, count in counts.items():
        services.store_metrics.jobs.labels(status).set(count)
    waited = 0 if oldest is None else (work.now - oldest).total_seconds()
    services.store_metrics.job_wait.set(waited)


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, services: AllServices) -> Response:
    """The API's description, at the address it had first."""
    return exact_json(
        described(request, services), headers={"Cache-Control": "public, max-age=300"}
    )


@router.get("/docs", include_in_schema=False)
def docs() -> Response:
    """The API's page; every asset comes from here."""
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


@router.get("/docs/assets/openapi.json", include_in_schema=False)
def openapi_for_the_page(request: Request, services: AllServices) -> Response:
    """The description in the words of OpenAPI 3.0, which is what the page can show."""
    return exact_json(downgrade(described(request, services)))


@router.get("/docs/assets/start.js", include_in_schema=False)
def start() -> Response:
    """What starts the page: inline scripts are not allowed."""
    return Response(_START, media_type="text/javascript", headers={"Cache-Control": _DAY})


@router.get("/docs/assets/{name}", include_in_schema=False)
def asset(name: str) -> Response:
    """A file of the installed Swagger UI package."""
    match = _ASSET.fullmatch(name)
    if match is None:
        raise NotFoundError("not_found", "There is nothing at this address.")
    file = swagger_ui_path / name
    return Response(file.read_bytes(), media_type=_MEDIA[match[2]], headers={"Cache-Control": _DAY})
