"""Signing out at an application's wish (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cloud.api.authorization.cookies import Cookies
from cloud.api.authorization.page_route import PageRoute, own_form, parameters
from cloud.api.authorization.pages import page
from cloud.api.shared.services import AllServices
from cloud.core.authorization.logout import SignedOut, SignOutAsked
from cloud.core.authorization.profiles import PORTAL

router = APIRouter(tags=["OAuth"], route_class=PageRoute)

PATH: Final = f"{PORTAL.base_path}/logout"


@router.api_route(PATH, methods=["GET", "POST"], include_in_schema=False)
async def logout(request: Request, services: AllServices) -> Response:
    """At once with a good hint, after a question without one."""
    cookies = Cookies.of(request)
    browser = cookies.browser()
    asked = await parameters(request)
    found = await run_in_threadpool(services.authorization.logout.begin, asked, browser)
    if isinstance(found, SignedOut):
        return cookies.keep(_signed_out(request, cookies, found), browser)
    return cookies.keep(_question(request, found), browser)


@router.post(f"{PATH}/confirm", include_in_schema=False)
async def confirm(request: Request, services: AllServices) -> Response:
    """The person said yes."""
    cookies = Cookies.of(request)
    form = await own_form(request)
    found = await run_in_threadpool(
        services.authorization.logout.confirm, form.get("state", ""), cookies.browser()
    )
    return _signed_out(request, cookies, found)


@router.get(f"{PATH}/confirm", include_in_schema=False)
def reopened() -> Response:
    """A browser that comes back to where the form was sent is asked again."""
    return RedirectResponse(PATH, status_code=303)


def _question(request: Request, asked: SignOutAsked) -> Response:
    return page(
        request,
        "sign_out.html",
        goes_on_to=asked.address,
        action=f"{PATH}/confirm",
        asked=asked,
    )


def _signed_out(request: Request, cookies: Cookies, found: SignedOut) -> Response:
    if found.address:
        response: Response = RedirectResponse(found.address, status_code=302)
    else:
        response = page(request, "signed_out.html")
    return cookies.signed_out(response) if found.has_ended else response
