"""Around every request: an id, a log line, counters and the headers that keep browsers strict."""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.api.shared.contract import CONTRACT_VERSION, VERSION_HEADER, ending_of, is_argus
from cloud.api.shared.errors import render
from cloud.api.shared.metrics import HttpMetrics
from cloud.api.shared.rate_limits import STATE, Standing
from cloud.api.shared.sandbox_host import HEADER as SANDBOX_HEADER
from cloud.api.shared.sandbox_host import STATE as SANDBOX
from cloud.api.shared.sandbox_host import check_address, check_named
from cloud.api.shared.services import Services
from cloud.api.shared.tracing import SPAN_HEADER, TRACE_HEADER, trace_from
from cloud.api.shared.tracing import STATE as TRACE
from cloud.api.shared.trusted_proxies import TrustedProxies
from cloud.core.kernel.errors import ForbiddenError, MalformedError, TooLargeError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.traces import ERROR, OK, Span, Trace, in_trace
from cloud.core.tracing.lookup import REQUEST

LOG: Final = logging.getLogger("vitalwire.http")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


class RequestFrame:
    """Pure ASGI: answers stream through untouched but for their headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Frame one HTTP request; anything else passes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        trace = trace_from(scope, headers, services.tracing)
        scope.setdefault("state", {}).update(
            {
                "request_id": request_id,
                TRACE: trace,
                SANDBOX: services.sandbox.is_asked(headers.get("host", "")),
            }
        )
        answer = _Answer(scope, receive, send, request_id)
        started, started_at = time.perf_counter(), services.clock()
        with in_trace(trace):
            try:
                await self._settled(scope, receive, answer)
            finally:
                seconds = time.perf_counter() - started
                self._note(scope, answer.status, seconds, request_id)
                _keep(scope, trace, answer.status, started_at, seconds)

    async def _settled(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Let the application see the client as a trusted proxy saw it."""
        proxies: TrustedProxies = scope["app"].state.proxies
        try:
            check_named(Headers(scope=scope))
            proxies.settle(scope)
            check_address(scope)
        except (MalformedError, ForbiddenError) as exc:
            await render(Request(scope), exc)(scope, receive, answer.send)
            return
        await self._app(scope, receive, answer.send)

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        # The route's template, never the path: a path may hold an identifier of a patient.
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        metrics: HttpMetrics = scope["app"].state.http_metrics
        metrics.requests.labels(method, route, str(status)).inc()
        metrics.seconds.labels(route).observe(seconds)
        LOG.info(
            "event=request method=%s route=%s status=%d ms=%.1f request_id=%s",
            method,
            route,
            status,
            seconds * 1000,
            request_id,
        )


class _Answer:
    """What goes out: every head gets its headers, the body limit's bare 413 gets our words."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._is_replaced = False
        self.status = 500

    async def send(self, message: Message) -> None:
        """Pass one message of the application on."""
        if self._is_replaced:
            return
        if message["type"] != "http.response.start":
            await self._send(message)
            return
        self.status = message["status"]
        headers = MutableHeaders(scope=message)
        if self.status == 413 and headers.get("content-type", "").startswith("text/plain"):
            self._is_replaced = True
            error = TooLargeError("body_too_large", "Send a smaller body.")
            response = render(Request(self._scope), error)
            # The rest of the body is not read, so the connection cannot be used again.
            response.headers["connection"] = "close"
            await response(self._scope, self._receive, self._with_headers)
            return
        await self._with_headers(message)

    async def _with_headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._request_id
            # Gateways mend wrong clocks by this, so it is the clock that our rows are stamped by.
            now = self._scope["app"].state.services.clock()
            standing = self._scope["state"].get(STATE)
            if isinstance(standing, Standing):
                headers.update(standing.headers())
            headers["date"] = format_datetime(now, usegmt=True)
            if self._scope["state"][SANDBOX]:
                headers[SANDBOX_HEADER] = "true"
            if is_argus(self._scope["path"]):
                context = self._scope["state"][TRACE].context
                headers[VERSION_HEADER] = CONTRACT_VERSION
                headers[TRACE_HEADER] = context.trace_id
                headers[SPAN_HEADER] = context.span_id
            ending = ending_of(route_of(self._scope))
            if ending is not None:
                headers.update(ending.headers())
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _keep(scope: Scope, trace: Trace, status: int, started_at: datetime, seconds: float) -> None:
    """Keep what was noted of a request; without a known caller there is no tenant to keep it in."""
    caller = scope["state"].get("caller")
    if not isinstance(caller, Principal):
        return
    context, method = trace.context, scope["method"]
    span = Span(
        trace_id=context.trace_id,
        span_id=context.span_id,
        parent_id=context.parent_id,
        kind=REQUEST,
        name=f"{method if method in _METHODS else 'OTHER'} {route_of(scope)}",
        started_at=started_at,
        microseconds=int(seconds * 1_000_000),
        status=ERROR if status >= 500 else OK,
        facts={
            "status": status,
            "client_id": caller.client_id,
            "request_id": caller.request_id,
        },
    )
    services: Services = scope["app"].state.services
    services.spans.take(caller.tenant_id, trace, span)


def route_of(scope: Scope) -> str:
    """The template of the address that was asked, `-` for none of ours."""
    return str(getattr(scope.get("route"), "path", "-"))


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid4().hex
