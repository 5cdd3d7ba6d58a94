"""The page and its files, all from here: no other host is ever asked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape

from edge.crew.policy import CrewPolicy
from edge.crew.readings import TILES

STATIC: Final = "/static"
STYLES: Final = (
    "tokens",
    "base",
    "bar",
    "lock",
    "live",
    "tiles",
    "deeds",
    "sheets",
    "forms",
    "layout",
)
"""The page's style sheets in the order of the cascade."""
_MEDIA_TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/manifest+json",
}
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
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


def read_assets() -> dict[str, Asset]:
    """By name; nothing outside this table is served."""
    found = {}
    for file in files("edge.crew").joinpath("static").iterdir():
        media_type = _MEDIA_TYPES.get(file.name.rpartition(".")[2])
        if media_type is not None:
            content = file.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[file.name] = Asset(content, media_type, etag)
    return found


def crew_page(policy: CrewPolicy, vehicle_id: str) -> str:
    """The page: its tiles and buttons, and no data."""
    templates = Environment(
        loader=PackageLoader("edge.crew"), autoescape=select_autoescape(default=True)
    )
    return templates.get_template("crew.html").render(
        static=STATIC,
        styles=STYLES,
        tiles=TILES,
        drugs=policy.drug_list,
        members=policy.members,
        vehicle=vehicle_id,
        lock_seconds=policy.lock_seconds,
    )
