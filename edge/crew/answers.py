"""JSON answers, and problems in a sentence for the crew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

_ENCODER: Final = msgspec.json.Encoder()


def document(value: object, *, status: int = 200) -> Response:
    """Any plain value as JSON."""
    return Response(_ENCODER.encode(value), status_code=status, media_type="application/json")


def problem(
    status: int, reason: str, words: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """A reason for the page and a sentence for the person."""
    return Response(
        _ENCODER.encode({"reason": reason, "words": words}),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )
