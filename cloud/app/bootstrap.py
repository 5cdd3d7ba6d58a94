"""The first tenant of an installation, with everything it needs to begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cloud.app.opening import StartError
from cloud.app.parts import Parts
from cloud.core.authorization import profiles
from cloud.core.authorization.applications import register
from cloud.core.authorization.secrets import new_opaque
from cloud.core.authorization.sessions import hash_password
from cloud.core.devices.gateways import create_gateway
from cloud.core.identity.people import NewPerson, create_person
from cloud.core.identity.service import create_product, create_tenant
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DomainError, DuplicateError
from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.scopes import (
    CLIENTS_ADMIN,
    DEVICES_READ,
    DEVICES_WRITE,
    EPCR_READ,
    EPCR_WRITE,
    PLATFORM_ADMIN,
)
from cloud.core.kernel.work import StorageError, UnitOfWork

CLIENT_SCOPES: Final = (DEVICES_READ, DEVICES_WRITE, EPCR_READ, EPCR_WRITE)
ADMIN_SCOPES: Final = (PLATFORM_ADMIN, "platform:apps:*", CLIENTS_ADMIN)
ADMIN_PROFILES: Final = (profiles.PLATFORM.name, profiles.CLINICAL.name)
ADMIN_EMAIL: Final = "admin@vitalwire.invalid"

Made = dict[str, object]
Show = Callable[[Made], None]


def bootstrap(
    parts: Parts, name: str, show: Show | None = None, *, email: str = ADMIN_EMAIL
) -> Made:
    """Create tenant, product, client, administrators and gateway; the only sight of their secrets.

    `email` is what the first person signs in by. `show` gets the secrets before they are final:
    what could not be shown is not kept. StartError when that fails, when there is a tenant of that
    name already, or when the store refuses: nothing was created then.
    """
    try:
        with parts.database.begin(now=parts.clock()) as work:
            made = _make(parts, work, name, email)
            if show is not None:
                show(made)
    except DuplicateError as exc:
        raise StartError(
            f'there is a tenant named "{name}" already. Choose another with --name'
        ) from exc
    except DomainError as exc:
        option = "--name" if exc.reason == "invalid_name" else "--admin-email"
        raise StartError(f"{exc.message.rstrip('.')}, as {option}") from exc
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


def _make(parts: Parts, work: UnitOfWork, name: str, email: str) -> Made:
    owner = create_tenant(work, parts.vault, name)
    tenant_id, name = owner.tenant_id, owner.name
    product = create_product(work, tenant_id=tenant_id, name=name)
    client = register(work, tenant_id=tenant_id, name=_of(name, "client"), scopes=CLIENT_SCOPES)
    admin = register(
        work,
        tenant_id=tenant_id,
        name=_of(name, "administrator"),
        scopes=ADMIN_SCOPES,
        ways=ADMIN_PROFILES,
    )
    gateway = create_gateway(work, tenant_id=tenant_id, name=_of(name, "gateway"))
    password = new_opaque("vwp")
    person = create_person(
        work,
        parts.vault,
        tenant_id=tenant_id,
        person=NewPerson(
            email=email, given_name="First", family_name="Administrator", roles=("admin",)
        ),
        password_hash=hash_password(password),
    )
    operator = service_principal(tenant_id, "operator")
    audit.record(work, operator, "tenant.created", "tenant", tenant_id)
    for client_id in (client.client_id, admin.client_id):
        audit.record(work, operator, "app.created", "application", client_id)
    audit.record(work, operator, "user.created", "user", person.user_id)
    return {
        "tenant_id": tenant_id,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scopes": list(client.scopes),
        "admin_client_id": admin.client_id,
        "admin_client_secret": admin.client_secret,
        "gateway_id": gateway.client_id,
        "gateway_secret": gateway.client_secret,
        "product_id": product.product_id,
        "admin_user_id": person.user_id,
        "admin_user_email": person.email,
        "admin_user_password": password,
    }


def _of(tenant_name: str, what: str) -> str:
    """What belongs to a tenant, by its name as far as there is room for it."""
    return f"{tenant_name[: LONGEST_NAME - len(what) - 1]} {what}"
