"""Before any route: the right host name, the page's own requests alone, an unlocked screen."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.crew.answers import problem
from edge.crew.assets import CONTENT_SECURITY_POLICY
from edge.crew.sessions import COOKIE, Session, Sessions

OWN_HEADER: Final = "x-vitalwire"
OWN_WORD: Final = "crew"
_HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=()"),
)
Handler = Callable[[Request], Awaitable[Response]]
PrivateHandler = Callable[[Request, Session], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class HostGuard:
    """Answers only to the vehicle's own names and to addresses.

    A foreign page may point its own name at this address (DNS rebinding) and would then be the
    same origin: it is known by its name in the Host header.
    """

    app: ASGIApp
    hosts: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0].decode("latin-1")):
            answer = problem(421, "wrong_host", "Open the page by the vehicle's address.")
            await answer(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *_HEADERS]
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await self.app(scope, receive, send_guarded)

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition(":")[0] if _has_port(host) else host
        name = name.strip("[]").rstrip(".").lower()
        if name == "localhost" or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _has_port(host: str) -> bool:
    return (
        host.rpartition(":")[2].isdecimal()
        and not host.endswith("]")
        and (host.count(":") == 1 or host.startswith("["))
    )


def is_own_request(request: Request) -> bool:
    """Whether a request that changes something comes from our page: a form elsewhere cannot.

    Another origin cannot set the header without asking first, and is never told yes.
    """
    headers = request.headers
    if headers.get(OWN_HEADER) != OWN_WORD:
        return False
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin == f"{request.url.scheme}://{headers.get('host', '')}"


def own(handler: Handler) -> Handler:
    """A route that changes something and needs no unlocked screen."""

    async def guarded(request: Request) -> Response:
        if not is_own_request(request):
            return problem(403, "foreign_request", "Only the crew page may ask this.")
        return await handler(request)

    return guarded


def private(sessions: Sessions, handler: PrivateHandler, *, touches: bool = True) -> Handler:
    """A route for unlocked screens alone; one that changes something must be the page's own."""

    async def guarded(request: Request) -> Response:
        session = sessions.find(request.cookies.get(COOKIE, ""))
        if session is None:
            return problem(401, "locked", "Enter the PIN.")
        if request.method not in ("GET", "HEAD") and not is_own_request(request):
            return problem(403, "foreign_request", "Only the crew page may ask this.")
        if touches:
            sessions.touch(session)
        return await handler(request, session)

    return guarded


def allowed_hosts(names: Iterable[str]) -> frozenset[str]:
    """The names of the settings, as they are compared."""
    return frozenset(name.lower().rstrip(".") for name in names)
