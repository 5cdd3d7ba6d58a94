"""The board's page and its files, all served by us: no other host is ever asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape

from cloud.api.console.limits import DISPLAY_LIMITS
from cloud.api.console.tiles import TILES

STATIC: Final = "/board/static"
STYLES: Final = (
    "tokens",
    "base",
    "bar",
    "sign-in",
    "rail",
    "patient",
    "ecg",
    "tiles",
    "events",
    "layout",
)
"""The page's style sheets in the order of the cascade."""
_MEDIA_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)


@dataclass(frozen=True, slots=True)
class Asset:
    """One static file with its validator."""

    content: bytes
    media_type: str
    etag: str


def _read_assets() -> dict[str, Asset]:
    found = {}
    for file in files("cloud.api.console").joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            content = file.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[file.name] = Asset(content, media_type, etag)
    return found


ASSETS: Final = _read_assets()
"""By name; nothing outside this table is served."""

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud.api.console"), autoescape=select_autoescape(default=True)
)


def board_page() -> str:
    """The page: its tiles, and no data."""
    return _TEMPLATES.get_template("board.html").render(
        static=STATIC, styles=STYLES, tiles=TILES, limits=DISPLAY_LIMITS
    )
