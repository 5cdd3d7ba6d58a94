"""A person's own page: applications they are connected with, and signing in and out."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from cloud.api.authorization import limits
from cloud.api.authorization.authorize import sign_in_page
from cloud.api.authorization.cookies import Cookies
from cloud.api.authorization.page_route import PageRoute, own_form
from cloud.api.authorization.pages import ASSETS, STATIC, page
from cloud.api.shared.assets import serve_asset
from cloud.api.shared.services import AllServices
from cloud.core.authorization.authorization_steps import SignInAsked
from cloud.core.kernel.errors import ThrottledError
from cloud.core.kernel.names import LONGEST_NAME

router = APIRouter(tags=["OAuth"], route_class=PageRoute)

HOME: Final = "/account"


@router.get(HOME, include_in_schema=False)
async def account(
    request: Request, services: AllServices, organisation: str = "", done: str = ""
) -> Response:
    """What is connected; the sign-in page for whom nobody is signed in."""
    cookies = Cookies.of(request)
    browser = cookies.browser()
    own = services.authorization.account
    shown = await run_in_threadpool(own.show, browser)
    if shown is not None:
        response: Response = page(request, "account.html", shown=shown, done=done == "ended")
    else:
        asked = _asked(own.sign_in_state(browser))
        response = _sign_in_page(request, asked, organisation)
    return cookies.keep(response, browser)


@router.post(f"{HOME}/sign-in", include_in_schema=False)
async def sign_in(request: Request, services: AllServices) -> Response:
    """Organisation, address and password."""
    cookies = Cookies.of(request)
    browser = cookies.browser()
    limits.admit_sign_in(request, services, browser)
    form = await own_form(request)
    own = services.authorization.account
    email, organisation = form.get("email", ""), form.get("organisation", "").strip()
    try:
        arrival = await run_in_threadpool(
            own.sign_in,
            form.get("state", ""),
            organisation=organisation[:LONGEST_NAME],
            email=email,
            password=form.get("password", ""),
            browser=browser,
        )
    except ThrottledError as exc:
        asked = _asked(
            own.sign_in_state(browser),
            hint=email,
            problem="throttled",
            retry_after=exc.retry_after,
        )
        return _sign_in_page(request, asked, organisation)
    if arrival is None:
        asked = _asked(own.sign_in_state(browser), hint=email, problem="wrong")
        return _sign_in_page(request, asked, organisation)
    response = RedirectResponse(HOME, status_code=303)
    return cookies.signed_in(response, session=arrival.session, known=arrival.known)


@router.post(f"{HOME}/take-back", include_in_schema=False)
async def take_back(request: Request, services: AllServices) -> Response:
    """End what one application was allowed, and every token with it."""
    form = await own_form(request)
    await run_in_threadpool(
        services.authorization.account.take_back,
        form.get("state", ""),
        form.get("consent", ""),
        Cookies.of(request).browser(),
    )
    return RedirectResponse(f"{HOME}?done=ended", status_code=303)


@router.post(f"{HOME}/sign-out", include_in_schema=False)
async def sign_out(request: Request, services: AllServices) -> Response:
    """End the session of this browser."""
    cookies = Cookies.of(request)
    form = await own_form(request)
    await run_in_threadpool(
        services.authorization.account.sign_out, form.get("state", ""), cookies.browser()
    )
    return cookies.signed_out(page(request, "signed_out.html"))


def reopened() -> Response:
    """A browser that comes back to where a form was sent is shown the page itself."""
    return RedirectResponse(HOME, status_code=303)


for _page in ("sign-in", "take-back", "sign-out"):
    router.add_api_route(
        f"{HOME}/{_page}",
        reopened,
        methods=["GET"],
        include_in_schema=False,
        name=f"account_{_page}_reopened",
    )


@router.get(f"{STATIC}/{{name}}", include_in_schema=False)
def static(request: Request, name: str) -> Response:
    """One of the pages' files."""
    return serve_asset(request, ASSETS, name)


def _asked(state: str, *, hint: str = "", problem: str = "", retry_after: int = 0) -> SignInAsked:
    return SignInAsked(
        state=state,
        client_name="",
        tenant_name="",
        hint=hint,
        problem=problem,
        retry_after=retry_after,
    )


def _sign_in_page(request: Request, asked: SignInAsked, organisation: str) -> Response:
    return sign_in_page(request, f"{HOME}/sign-in", asked, organisation=organisation[:LONGEST_NAME])
