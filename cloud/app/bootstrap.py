"""The first tenant of an installation, with everything it needs to begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cloud.app.composition import Parts
from cloud.app.opening import StartError
from cloud.core.authorization.applications import register
from cloud.core.devices.gateways import create_gateway
from cloud.core.identity.service import create_tenant
from cloud.core.kernel.errors import DuplicateError
from cloud.core.kernel.scopes import (
    DEVICES_READ,
    DEVICES_WRITE,
    EPCR_READ,
    EPCR_WRITE,
    PLATFORM_ADMIN,
)
from cloud.core.kernel.work import StorageError

CLIENT_SCOPES: Final = (DEVICES_READ, DEVICES_WRITE, EPCR_READ, EPCR_WRITE)
ADMIN_SCOPES: Final = (PLATFORM_ADMIN, "platform:apps:*")


Made = dict[str, object]
Show = Callable[[Made], None]


def bootstrap(parts: Parts, name: str, show: Show | None = None) -> Made:
    """Create tenant, client, administrator and gateway; the only sight of their secrets.

    `show` gets the secrets before they are final: what could not be shown is not kept. StartError
    when that fails, when there is a tenant of that name already, or when the store refuses:
    nothing was created then.
    """
    try:
        with parts.database.begin(now=parts.clock()) as work:
            tenant = create_tenant(work, parts.vault, name)
            client = register(
                work, tenant_id=tenant.tenant_id, name=f"{name} client", scopes=CLIENT_SCOPES
            )
            admin = register(
                work, tenant_id=tenant.tenant_id, name=f"{name} administrator", scopes=ADMIN_SCOPES
            )
            gateway = create_gateway(work, tenant_id=tenant.tenant_id, name=f"{name} gateway")
            made: Made = {
                "tenant_id": tenant.tenant_id,
                "client_id": client.client_id,
                "client_secret": client.client_secret,
                "scopes": list(client.scopes),
                "admin_client_id": admin.client_id,
                "admin_client_secret": admin.client_secret,
                "gateway_id": gateway.client_id,
                "gateway_secret": gateway.client_secret,
            }
            if show is not None:
                show(made)
    except DuplicateError as exc:
        raise StartError(
            f'there is a tenant named "{name}" already. Choose another with --name'
        ) from exc
    except OSError as exc:
        raise StartError(
            f"the secrets could not be printed ({exc.strerror}), so nothing was created. "
            "Run it again and keep its whole output"
        ) from exc
    except StorageError as exc:
        raise StartError(
            f"{exc}, so nothing was created and what was printed is void. Run it again"
        ) from exc
    return made
