"""Which host a request came to, and which tokens it takes: live ones or those of the sandbox.

The host decides which kind of token is taken, never whose data is seen: that the token says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import Scope

from cloud.core.kernel.addresses import read_address
from cloud.core.kernel.errors import ForbiddenError, MalformedError
from cloud.core.kernel.principal import Principal

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
STATE: Final = "is_sandbox_host"
HEADER: Final = "x-argus-sandbox"
REASON_HEADER: Final = "X-Argus-Sandbox-Reason"
LIVE_ONLY: Final = (
    "/account",
    "/board",
    "/oauth/",
    "/v1/auth/",
    "/v1/gateways/",
    "/v1/oauth/",
    "/v1/saml/",
    "/v1/uplink/",
    "/v1/user-management/",
    "/v2/partners/",
)
"""Where people sign in, tokens are had and vehicles report: there is no sandbox of that."""


@dataclass(frozen=True, slots=True)
class SandboxHost:
    """The host, with its port where the issuer has one."""

    netloc: str

    @classmethod
    def of(cls, issuer: str, setting: str) -> SandboxHost:
        """The host of the setting, or `sandbox.` before the issuer's own name."""
        address = urlsplit(issuer)
        name = address.hostname or "localhost"
        own = "localhost" if read_address(name) is not None else name
        port = "" if address.port is None else f":{address.port}"
        return cls(setting or f"sandbox.{own}{port}")

    def is_asked(self, host: str) -> bool:
        """Whether a Host header names it; ports do not matter."""
        return _name(host) == _name(self.netloc)


def check_named(headers: Headers) -> None:
    """MalformedError for a Host header that names no host, or comes twice (RFC 9112, 3.2).

    Before HTTP/1.1 there was none, and probes still send none.
    """
    named = headers.getlist("host")
    if len(named) > 1 or not all(not one or _HOST.fullmatch(one) for one in named):
        raise MalformedError("malformed_host", "Send one Host header with the host's name.")


def is_sandbox_request(request: Request) -> bool:
    """Whether a request came to the sandbox's host."""
    return bool(getattr(request.state, STATE, False))


def check_address(scope: Scope) -> None:
    """ForbiddenError for an address that there is no sandbox of, on the sandbox's host."""
    if scope["state"][STATE] and scope["path"].startswith(LIVE_ONLY):
        raise ForbiddenError("live_address_on_sandbox_host", "Send this to the host of real data.")


def check_host(request: Request, principal: Principal) -> None:
    """ForbiddenError for a live caller on the sandbox's host, and for a sandbox token elsewhere."""
    if principal.is_sandbox == is_sandbox_request(request):
        return
    if principal.is_sandbox:
        raise ForbiddenError(
            "sandbox_token_on_live_host", "Send a sandbox token to the sandbox's host."
        )
    raise ForbiddenError("live_token_on_sandbox_host", "Send a sandbox token to this host.")


def reason_header(error: ForbiddenError) -> dict[str, str]:
    """The header that says which rule of the hosts was broken; none for any other reason."""
    return {REASON_HEADER: error.reason.replace("_", "-")} if error.reason in _REASONS else {}


_REASONS: Final = frozenset(
    ("live_token_on_sandbox_host", "sandbox_token_on_live_host", "live_address_on_sandbox_host")
)


def _name(netloc: str) -> str:
    """The name of a host in small letters; empty for what names none."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""
