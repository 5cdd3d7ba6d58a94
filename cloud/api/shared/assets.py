"""Static files of a surface's pages: read once, served by us, no other host is ever asked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import Request
from starlette.responses import Response

from cloud.api.shared.entity_tags import is_held
from cloud.core.kernel.errors import NotFoundError

_MEDIA_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file with its validator."""

    content: bytes
    media_type: str
    etag: str


def read_assets(package: str) -> dict[str, Asset]:
    """The files of a package's `static` folder by name; nothing outside this table is served."""
    found = {}
    for file in files(package).joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            content = file.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[file.name] = Asset(content, media_type, etag)
    return found


def serve_asset(request: Request, assets: Mapping[str, Asset], name: str) -> Response:
    """One of them, unchanged ones not sent again; NotFoundError."""
    asset = assets.get(name)
    if asset is None:
        raise NotFoundError("not_found", "There is no such file.")
    headers = {"ETag": asset.etag, "Cache-Control": "no-cache"}
    if is_held(request, asset.etag):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
