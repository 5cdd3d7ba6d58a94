"""Authorization by a person, for the profiles that have it: they sign in, read, and decide.

What an application asks is checked and taken on by `AuthorizationEndpoint`; here it gets a face.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cloud.api.authorization import limits
from cloud.api.authorization.cookies import Cookies
from cloud.api.authorization.documentation import authorization_parameters
from cloud.api.authorization.other_ways import OtherWay, other_ways
from cloud.api.authorization.page_route import PageRoute, own_form, parameters
from cloud.api.authorization.pages import page
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.authorization_requests import PageError
from cloud.core.authorization.authorization_steps import (
    ConsentAsked,
    SentBack,
    SignInAsked,
    Step,
)
from cloud.core.authorization.profiles import PROFILES, Profile

router = APIRouter(tags=["OAuth"], route_class=PageRoute)

Endpoint = Callable[[Request, Services], Awaitable[Response]]
WITH_PEOPLE: Final = tuple(profile for profile in PROFILES if profile.authorize_path)
_WRONG: Final = 403


def _authorize(profile: Profile) -> Endpoint:
    async def authorize(request: Request, services: AllServices) -> Response:
        """What an application asks of a person; GET and POST alike (OIDC Core, 3.1.2.1)."""
        limits.admit_address(request, services)
        cookies = Cookies.of(request)
        browser = cookies.browser()
        asked = await parameters(request)
        step = await run_in_threadpool(
            services.authorization.authorization_endpoint.begin, profile, asked, browser
        )
        return cookies.keep(await _shown(request, services, profile, step), browser)

    return authorize


def _sign_in(profile: Profile) -> Endpoint:
    async def sign_in(request: Request, services: AllServices) -> Response:
        """Address and password; the way on is a page, never a redirect out of this form."""
        cookies = Cookies.of(request)
        browser = cookies.browser()
        limits.admit_sign_in(request, services, browser)
        form = await own_form(request)
        step, arrival = await run_in_threadpool(
            services.authorization.authorization_endpoint.sign_in,
            profile,
            form.get("state", ""),
            form.get("email", ""),
            form.get("password", ""),
            browser,
        )
        if isinstance(step, SentBack):
            response: Response = page(
                request, "onward.html", address=step.address, client_name=step.client_name
            )
        else:
            response = await _shown(request, services, profile, step)
        if arrival is None:
            return response
        return cookies.signed_in(response, session=arrival.session, known=arrival.known)

    return sign_in


def _decide(profile: Profile) -> Endpoint:
    async def decide(request: Request, services: AllServices) -> Response:
        """Allow, deny, or be somebody else."""
        cookies = Cookies.of(request)
        form = await own_form(request)
        step = await run_in_threadpool(
            services.authorization.authorization_endpoint.decide,
            profile,
            form.get("state", ""),
            form.get("decision", ""),
            cookies.browser(),
        )
        return await _shown(request, services, profile, step)

    return decide


def reopened() -> Response:
    """A browser that comes back to where a form was sent has lost what was in it."""
    raise PageError("This page cannot be opened again. Begin again in the application.")


async def _shown(request: Request, services: Services, profile: Profile, step: Step) -> Response:
    """The page of a step, or the way back."""
    if isinstance(step, SentBack):
        return RedirectResponse(step.address, status_code=302)
    if isinstance(step, ConsentAsked):
        return page(
            request,
            "consent.html",
            goes_on_to=step.redirect_uri,
            action=f"{profile.base_path}/consent",
            asked=step,
        )
    ways = await run_in_threadpool(other_ways, services, step.tenant_id, step.again)
    return sign_in_page(request, f"{profile.base_path}/sign-in", step, ways=ways)


def sign_in_page(
    request: Request,
    action: str,
    asked: SignInAsked,
    *,
    organisation: str | None = None,
    ways: tuple[OtherWay, ...] = (),
) -> Response:
    """The form, with what was wrong the last time; it asks for the organisation unless None."""
    status = {"": 200, "wrong": _WRONG, "throttled": 429}[asked.problem]
    headers = {"Retry-After": str(asked.retry_after)} if asked.retry_after else {}
    minutes = -(-asked.retry_after // 60)
    return page(
        request,
        "sign_in.html",
        status=status,
        headers=headers,
        action=action,
        asked=asked,
        minutes=minutes,
        organisation=organisation,
        ways=ways,
    )


for _profile in WITH_PEOPLE:
    router.add_api_route(
        _profile.authorize_path,
        _authorize(_profile),
        methods=["GET"],
        response_class=HTMLResponse,
        openapi_extra=authorization_parameters(),
        summary=f"Ask a person to allow an application something ({_profile.name})",
        name=f"{_profile.name}_authorize",
    )
    router.add_api_route(
        _profile.authorize_path,
        _authorize(_profile),
        methods=["POST"],
        include_in_schema=False,
        name=f"{_profile.name}_authorize_by_form",
    )
    router.add_api_route(
        f"{_profile.base_path}/sign-in",
        _sign_in(_profile),
        methods=["POST"],
        include_in_schema=False,
        name=f"{_profile.name}_sign_in",
    )
    router.add_api_route(
        f"{_profile.base_path}/consent",
        _decide(_profile),
        methods=["POST"],
        include_in_schema=False,
        name=f"{_profile.name}_consent",
    )
    for _page in ("sign-in", "consent"):
        router.add_api_route(
            f"{_profile.base_path}/{_page}",
            reopened,
            methods=["GET"],
            include_in_schema=False,
            name=f"{_profile.name}_{_page}_reopened",
        )
