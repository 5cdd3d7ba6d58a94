"""Routes that answer people: whatever goes wrong, they get a page in plain words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from cloud.api.authorization.forms import FORM, MOST_FIELDS
from cloud.api.authorization.pages import page
from cloud.api.shared.errors import STATUS
from cloud.api.shared.services import Services
from cloud.core.authorization.authorization_requests import ForeignFormError, PageError
from cloud.core.kernel.errors import DomainError, ThrottledError
from cloud.core.kernel.work import StorageError

LOG: Final = logging.getLogger("vitalwire.authorization")


class PageRoute(APIRoute):
    """A route whose refusals are pages; none of them redirects."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Catch what the API would answer in JSON."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except ForeignFormError as exc:
                LOG.warning("event=form_refused request_id=%s", request.state.request_id)
                return problem(request, 403, str(exc))
            except PageError as exc:
                return problem(request, 400, str(exc))
            except ThrottledError as exc:
                return problem(request, 429, exc.message, retry_after=exc.retry_after)
            except DomainError as exc:
                return problem(request, STATUS[exc.code], exc.message)
            except StorageError as exc:
                LOG.error(  # noqa: TRY400 - the cause may hold what people typed
                    "event=storage_fault request_id=%s cause=%s",
                    request.state.request_id,
                    type(exc).__name__,
                )
                return problem(
                    request, 503, "Nothing was kept. Try again in some seconds.", retry_after=5
                )

        return answer


def problem(request: Request, status: int, message: str, *, retry_after: int = 0) -> Response:
    """A page that says what went wrong and what to do."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return page(
        request,
        "problem.html",
        status=status,
        headers=headers,
        message=message,
        request_id=str(request.state.request_id),
    )


async def parameters(request: Request) -> list[tuple[str, str]]:
    """What an application sent along with a browser: the query of a GET, the form of a POST."""
    if request.method != "POST":
        return request.query_params.multi_items()
    if request.url.query:
        raise PageError("The application sent parameters twice, in the address and in a form.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise PageError(f"The application did not send {FORM}.")
    try:
        pairs = (await request.form(max_fields=MOST_FIELDS, max_files=0)).multi_items()
    except HTTPException as exc:
        raise PageError("The application sent what cannot be read.") from exc
    return [(name, value) for name, value in pairs if isinstance(value, str)]


async def own_form(request: Request) -> dict[str, str]:
    """A form of ours as it was filled in; ForeignFormError when another site sent it.

    The sealed state alone decides; browsers that tell where a post comes from are believed first.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none") or not _is_of_ours(request):
        raise ForeignFormError("Another site sent this form. Begin again.")
    pairs = await parameters(request)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise PageError("A field came twice. Begin again.")
    return form


def _is_of_ours(request: Request) -> bool:
    """Whether the Origin of a post, where it has one, is where our pages are."""
    # Our pages tell no referrer, and so their browser calls them `null` (Fetch, 3.2).
    told = set(request.headers.getlist("origin")) - {"null"}
    services: Services = request.app.state.services
    ours = {urlsplit(services.authorization.issuer).netloc, request.headers.get("host")}
    return {origin.partition("://")[2] for origin in told} <= ours
