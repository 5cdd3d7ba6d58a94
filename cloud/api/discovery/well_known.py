"""Where programs look first: the description of the API, and the catalog of what is here."""

from __future__ import annotations

from typing import Any, Final, cast

import yaml
from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.discovery.apis import (
    API_CATALOG,
    DOCUMENTS,
    JSON_MEDIA,
    OPENAPI_JSON,
    OPENAPI_YAML,
    YAML_MEDIA,
    linkset,
)
from cloud.api.shared.documentation import described
from cloud.api.shared.entity_tags import tagged_octets
from cloud.api.shared.services import AllServices, Services
from cloud.core.kernel.exact_json import dumps

router = APIRouter(tags=["Discovery"])

LINKSET_MEDIA: Final = "application/linkset+json"
LINKSET: Final = f'{LINKSET_MEDIA}; profile="https://www.rfc-editor.org/info/rfc9727"'
_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_STATE: Final = "openapi_octets"


def _shown(media_type: str, says: str) -> dict[int | str, dict[str, Any]]:
    return {
        200: {
            "description": says,
            "content": {media_type: {"schema": {"type": "object"}}},
        },
        304: {"description": "As the caller has it already"},
    }


def _octets(request: Request, services: Services) -> tuple[bytes, bytes]:
    """The description as JSON and as YAML, written once a process."""
    kept = getattr(request.app.state, _STATE, None)
    if kept is None:
        document = described(request, services)
        text = yaml.dump(
            document, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=100
        )
        kept = (dumps(document), text.encode())
        setattr(request.app.state, _STATE, kept)
    return cast("tuple[bytes, bytes]", kept)


@router.get(
    OPENAPI_JSON,
    summary="The description of the API (OpenAPI 3.1)",
    responses=_shown(JSON_MEDIA, "The description, with a strong ETag"),
)
def openapi_json(request: Request, services: AllServices) -> Response:
    """Written from the routes that run; the same octets until another version runs."""
    body, _ = _octets(request, services)
    return tagged_octets(request, body, JSON_MEDIA, _CACHED)


@router.get(
    OPENAPI_YAML,
    summary="The same as YAML",
    responses=_shown(YAML_MEDIA, "The description, with a strong ETag"),
)
def openapi_yaml(request: Request, services: AllServices) -> Response:
    """As YAML (RFC 9512)."""
    _, body = _octets(request, services)
    return tagged_octets(request, body, YAML_MEDIA, _CACHED)


@router.get(
    API_CATALOG,
    summary="The APIs there are (RFC 9727)",
    responses=_shown(LINKSET_MEDIA, "A set of links: each API and what describes it"),
)
def api_catalog(request: Request, services: AllServices) -> Response:
    """Each API with its OpenAPI description, its pages, its health and whose tokens it takes."""
    issuer = services.authorization.issuer
    links = (
        f'<{issuer}{API_CATALOG}>; rel="api-catalog"',
        f'<{issuer}{OPENAPI_JSON}>; rel="service-desc"; type="{JSON_MEDIA}"',
        f'<{issuer}{DOCUMENTS}>; rel="service-doc"',
    )
    return tagged_octets(
        request, dumps(linkset(issuer)), LINKSET, {**_CACHED, "Link": ", ".join(links)}
    )


# RFC 9727, 2: HEAD gives the links without the document.
for _path, _endpoint in (
    (OPENAPI_JSON, openapi_json),
    (OPENAPI_YAML, openapi_yaml),
    (API_CATALOG, api_catalog),
):
    router.add_api_route(_path, _endpoint, methods=["HEAD"], include_in_schema=False)
