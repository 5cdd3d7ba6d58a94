"""Who is calling: always a client of exactly one tenant."""

from __future__ import annotations

from dataclasses import dataclass

from cloud.core.kernel.scopes import covered


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A verified caller. `gateway_id` is set where the client is a gateway (then = client_id).

    `token_id` is the token's jti, for the audit; empty where no token was used (MQTT, jobs).
    `bound_to` is the thumbprint of the one certificate the token is good with, empty for any.
    """

    tenant_id: str
    client_id: str
    scopes: tuple[str, ...]
    gateway_id: str | None = None
    token_id: str = ""
    request_id: str = ""
    bound_to: str = ""

    def may(self, required: str) -> bool:
        """Whether the granted scopes cover the concrete scope `required`."""
        return covered(self.scopes, required)


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
    return Principal(tenant_id=tenant_id, client_id=f"service:{name}", scopes=())
