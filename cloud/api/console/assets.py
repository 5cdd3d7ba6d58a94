"""The board's page and its files, all served by us: no other host is ever asked."""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, select_autoescape

from cloud.api.console.limits import DISPLAY_LIMITS
from cloud.api.console.tiles import TILES
from cloud.api.shared.assets import read_assets

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


ASSETS: Final = read_assets("cloud.api.console")
"""By name; nothing outside this table is served."""

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud.api.console"), autoescape=select_autoescape(default=True)
)


def board_page() -> str:
    """The page: its tiles, and no data."""
    return _TEMPLATES.get_template("board.html").render(
        static=STATIC, styles=STYLES, tiles=TILES, limits=DISPLAY_LIMITS
    )
