"""JSON answers with exact numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from cloud.core.kernel.exact_json import dumps

JSON_MEDIA_TYPE: Final = "application/json"
FHIR_MEDIA_TYPE: Final = "application/fhir+json"


def exact_json(
    document: object,
    *,
    status: int = 200,
    media_type: str = JSON_MEDIA_TYPE,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A response whose `Decimal`s are JSON numbers with exactly their digits."""
    return Response(
        dumps(document), status_code=status, media_type=media_type, headers=dict(headers or {})
    )
