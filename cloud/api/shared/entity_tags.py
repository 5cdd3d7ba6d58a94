"""ETag and If-Match: a change is made to what its caller last saw, or not at all (RFC 9110)."""

from __future__ import annotations

import hashlib

from fastapi import Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.shared.answers import exact_json


def tagged(document: BaseModel, *, status: int = 200) -> Response:
    """An answer with the tag of what it shows."""
    return exact_json(
        document.model_dump(exclude_none=True), status=status, headers={"ETag": tag_of(document)}
    )


def tag_of(document: BaseModel) -> str:
    """The tag of a representation."""
    return f'"{hashlib.sha256(document.model_dump_json().encode()).hexdigest()[:32]}"'


def check_match(request: Request, current: BaseModel) -> None:
    """412 when the caller names another state than the present one; naming none is allowed."""
    header = ",".join(request.headers.getlist("if-match"))
    wanted = [tag.strip() for tag in header.split(",") if tag.strip()]
    if wanted and "*" not in wanted and tag_of(current) not in wanted:
        raise HTTPException(412)
