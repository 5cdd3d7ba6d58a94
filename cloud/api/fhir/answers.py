"""FHIR over HTTP: formats, tags and dates of answers (FHIR R4, RESTful API)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.shared.accept import admits
from cloud.api.shared.answers import FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE
from cloud.api.shared.entity_tags import is_held
from cloud.api.shared.errors import accepted
from cloud.fhir.json import Element, dumps
from cloud.fhir.rest.query import FORMAT

FORMATS: Final = ("json", JSON_MEDIA_TYPE, FHIR_MEDIA_TYPE, "text/json")
BASE_PATH: Final = "/fhir/R4"


def check_format(request: Request) -> None:
    """406 for a caller who takes no JSON; `_format` is the last word on it."""
    asked = request.query_params.get(FORMAT)
    if asked is not None:
        # In a query an unescaped + arrives as a blank.
        wanted = asked.partition(";")[0].strip().replace(" ", "+").lower()
        if wanted not in FORMATS:
            raise HTTPException(406)
    elif not admits(accepted(request), (FHIR_MEDIA_TYPE, JSON_MEDIA_TYPE)):
        raise HTTPException(406)


def is_strict(request: Request) -> bool:
    """Whether the caller wants what is not known refused (Prefer: handling=strict)."""
    preferences = ",".join(request.headers.getlist("prefer")).lower().replace(" ", "")
    return "handling=strict" in preferences.replace(";", ",").split(",")


def fhir(document: Element, *, headers: Mapping[str, str] | None = None) -> Response:
    """A resource as the body."""
    return Response(dumps(document), media_type=FHIR_MEDIA_TYPE, headers=dict(headers or {}))


def versioned(request: Request, resource: Element) -> Response:
    """A resource with its version as tag; 304 for who has it."""
    meta = resource["meta"]
    told = meta if isinstance(meta, Mapping) else {}
    version, changed = str(told["versionId"]), str(told["lastUpdated"])
    at = datetime.fromisoformat(changed)
    headers = {
        "ETag": f'W/"{version}"',
        "Last-Modified": format_datetime(at.astimezone(UTC), usegmt=True),
    }
    if "if-none-match" in request.headers:
        is_known = is_held(request, f'"{version}"')
    else:
        is_known = _is_unchanged(request, at)
    if is_known:
        return Response(status_code=304, headers=headers)
    return fhir(resource, headers=headers)


def _is_unchanged(request: Request, at: datetime) -> bool:
    try:
        seen = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    if seen.tzinfo is None:
        seen = seen.replace(tzinfo=UTC)
    return at.replace(microsecond=0) <= seen
