"""The page and its files, all from here: no other host is ever asked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import Final

from edge.crew.policy import CrewPolicy, Drug
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
    """The page: its tiles and buttons, and no data.

    Filled in by the standard library: a template engine would stay in memory for one page.
    """
    drugs = policy.drug_list
    usual = drugs[0] if drugs else Drug(name="Drug", dose="", route="")
    values = {
        "vehicle": escape(vehicle_id),
        "static": STATIC,
        "lock_seconds": policy.lock_seconds,
        "usual_drug": escape(usual.name),
        "usual_dose": escape(f"{usual.dose} {usual.route}".strip()),
        "styles": _each("style", ({"static": STATIC, "name": name} for name in STYLES)),
        "members": _each("member", ({"name": name} for name in policy.members)),
        "keys": _each("key", ({"name": key} for key in "123456789")),
        "tiles": _each("tile", map(asdict, TILES)),
        "drugs": _each("drug", map(asdict, drugs)),
    }
    return _template("crew").substitute(values)


def _each(name: str, rows: Iterable[Mapping[str, object]]) -> str:
    """A part of the page once for every row, its values escaped."""
    part = _template(name)
    filled = ({key: escape(str(value)) for key, value in row.items()} for row in rows)
    return "".join(part.substitute(row) for row in filled).rstrip("\n")


def _template(name: str) -> Template:
    file = files("edge.crew").joinpath("templates", f"{name}.html")
    return Template(file.read_text(encoding="utf-8"))
