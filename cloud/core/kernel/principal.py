"""Who is calling: always a client of exactly one tenant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from cloud.core.kernel.scopes import covered

_SERVICE: Final = "service:"
_OPERATOR: Final = "operator"


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose hands a token is good in: the thumbprint of a certificate (RFC 8705), or of a key that
    signs each call (DPoP, RFC 9449). Empty for anybody's.
    """

    certificate: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A verified caller. `gateway_id` is set where the client is a gateway (then = client_id).

    `user_id` is the person the client acts for, empty when it acts for itself. `token_id` is the
    token's jti, for the audit; empty where no token was used (MQTT, jobs). `address` and `trace_id`
    say where the call came from and which trace it belongs to. `sandbox_of` is set for a caller in
    a sandbox: the tenant whose sandbox `tenant_id` is.
    """

    tenant_id: str
    client_id: str
    scopes: tuple[str, ...]
    gateway_id: str | None = None
    user_id: str = ""
    token_id: str = ""
    token_use: str = ""
    audience: str = ""
    grant_id: str = ""
    request_id: str = ""
    address: str = ""
    trace_id: str = ""
    sandbox_of: str = ""
    binding: Binding = field(default_factory=Binding)

    @property
    def is_sandbox(self) -> bool:
        """Whether the caller is in a sandbox, where nothing is real."""
        return bool(self.sandbox_of)

    @property
    def home(self) -> str:
        """The tenant whose application it is: in a sandbox, the real one."""
        return self.sandbox_of or self.tenant_id

    def is_of(self, tenant_id: str) -> bool:
        """Whether a caller may name this tenant as theirs; in a sandbox, the real one too."""
        return tenant_id == self.tenant_id or (self.is_sandbox and tenant_id == self.sandbox_of)

    def may(self, required: str) -> bool:
        """Whether the granted scopes cover the concrete scope `required`."""
        return covered(self.scopes, required)

    @property
    def is_operator(self) -> bool:
        """Whether it is the person at the machine; no client of a tenant has that name."""
        return self.client_id == f"{_SERVICE}{_OPERATOR}"


def gateway_principal(*, tenant_id: str, gateway_id: str) -> Principal:
    """The principal of a gateway known by its MQTT login."""
    return Principal(
        tenant_id=tenant_id,
        client_id=gateway_id,
        scopes=("gateway:uplink",),
        gateway_id=gateway_id,
    )


def service_principal(tenant_id: str, name: str) -> Principal:
    """One of our own jobs acting inside one tenant; it holds no scope."""
    return Principal(tenant_id=tenant_id, client_id=f"{_SERVICE}{name}", scopes=())
