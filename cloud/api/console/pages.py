"""The board's pages and their files, all served by us: no other host is ever asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from cloud.api.shared.assets import read_assets

STATIC: Final = "/board/static"
_POLICY: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
)

ASSETS: Final = read_assets("cloud.api.console")
"""By name; nothing outside this table is served."""

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud.api.console"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def policy(form_action: str = "'none'") -> str:
    """The Content-Security-Policy of a page; nearly none has a form that a browser sends."""
    return "; ".join((*_POLICY, f"form-action {form_action}"))


def page(
    template: str,
    context: Mapping[str, object],
    *,
    status: int = 200,
    form_action: str = "'none'",
) -> HTMLResponse:
    """A template of ours as a response. `form_action` is where a form of it may lead."""
    text = _TEMPLATES.get_template(template).render(static=STATIC, **context)
    return HTMLResponse(
        text, status_code=status, headers={"Content-Security-Policy": policy(form_action)}
    )
