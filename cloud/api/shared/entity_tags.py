"""ETag, If-Match and If-None-Match (RFC 9110): a change is made to what its caller last saw, or not
at all, and what the caller has is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from fastapi import Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.shared.answers import exact_json

_MOST_DIGITS = 18


def tagged(document: BaseModel, *, status: int = 200) -> Response:
    """An answer with the tag of what it shows."""
    return exact_json(
        document.model_dump(exclude_none=True), status=status, headers={"ETag": tag_of(document)}
    )


def tagged_octets(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str]
) -> Response:
    """Octets under a strong tag of theirs; 304 for a caller who has them already."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    named = {"ETag": tag, **headers}
    if is_held(request, tag):
        return Response(status_code=304, headers=named)
    return Response(body, media_type=media_type, headers=named)


def tag_of(document: BaseModel) -> str:
    """The tag of a representation."""
    return f'"{hashlib.sha256(document.model_dump_json().encode()).hexdigest()[:32]}"'


def check_match(request: Request, current: BaseModel) -> None:
    """412 when the caller names another state than the present one; naming none is allowed."""
    wanted = _tags(request, "if-match")
    if wanted and "*" not in wanted and tag_of(current) not in wanted:
        raise HTTPException(412)


def version_tag(version: int) -> str:
    """The tag of a resource that counts its versions."""
    return f'W/"{version}"'


def named_version(request: Request) -> int | None:
    """The version a change is to be made to, None where its caller names none; 412 for a tag that
    is no version's.
    """
    wanted = _tags(request, "if-match")
    if not wanted or "*" in wanted:
        return None
    versions = [tag.removeprefix("W/").strip('"') for tag in wanted]
    if len(versions) > 1 or not (versions[0].isascii() and versions[0].isdigit()):
        raise HTTPException(412)
    return int(versions[0][:_MOST_DIGITS])


def is_held(request: Request, tag: str) -> bool:
    """Whether the caller has the representation of this tag already."""
    held = [one.removeprefix("W/") for one in _tags(request, "if-none-match")]
    return "*" in held or tag in held


def _tags(request: Request, header: str) -> list[str]:
    listed = ",".join(request.headers.getlist(header)).split(",")
    return [tag.strip() for tag in listed if tag.strip()]
