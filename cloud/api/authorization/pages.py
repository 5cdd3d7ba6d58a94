"""The pages a person meets: templates without script, and a policy that lets nothing else in."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from cloud.api.shared.assets import read_assets
from cloud.api.shared.services import services_of
from cloud.core.authorization.redirects import source_of

STATIC: Final = "/account/static"
ASSETS: Final = read_assets("cloud.api.authorization")

_TEMPLATES: Final = Environment(
    loader=PackageLoader("cloud.api.authorization"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def policy(goes_on_to: str = "") -> str:
    """The Content-Security-Policy of a page.

    Browsers hold `form-action` against every redirect that follows a form, the application's own
    included. So a form whose answer leaves for an application may end there, and on any https
    address it goes on to; nothing is typed into such a form. Where a password is typed, the form
    ends here, and the way on is a page of its own.
    """
    if not goes_on_to:
        return f"{_POLICY}; form-action 'self'"
    sources = dict.fromkeys(("'self'", "https:", source_of(goes_on_to)))
    return f"{_POLICY}; form-action {' '.join(sources)}"


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    goes_on_to: str = "",
    headers: dict[str, str] | None = None,
    **context: object,
) -> HTMLResponse:
    """A template of ours as a response. `goes_on_to` is where its form may lead in the end."""
    issuer = services_of(request).authorization.issuer
    text = _TEMPLATES.get_template(template).render(
        static=STATIC, host=urlsplit(issuer).netloc, **context
    )
    return HTMLResponse(
        text,
        status_code=status,
        headers={"Content-Security-Policy": policy(goes_on_to), **(headers or {})},
    )
