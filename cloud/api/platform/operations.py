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
from cloud.api.shared.services import AllServices
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.health import report

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
    document = report(services.database, services.clock, services.probes)
    is_ok = document["status"] == "ok"
    headers = {} if is_ok else {"Retry-After": "5"}
    return exact_json(document, status=200 if is_ok else 503, headers=headers)


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, services: AllServices) -> Response:
    """Counters and histograms of this process in Prometheus' text form."""
    with services.database.reading(now=services.clock()) as work:
        services.store_metrics.look(work, services.webhook_metrics, services.fleet_metrics)
    return Response(exposition(request.app.state.registry), media_type="text/plain; version=0.0.4")


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
