"""Tenants: creating them and standing in for their patients by pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from sqlalchemy import or_, select

from cloud.core.identity.tables import ProductRow, SiteRow, TenantRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

SITE_KINDS: Final = ("station", "clinic", "hospital", "institution")


def create_tenant(work: UnitOfWork, vault: Vault, name: str) -> TenantRow:
    """A new tenant and its audit; DuplicateError `tenant_exists` when the name is taken,
    InvalidError `invalid_name`.
    """
    name = checked_name(name)
    taken = select(TenantRow.tenant_id).where(TenantRow.name == name)
    if work.session.scalar(taken) is not None:
        raise DuplicateError(
            "tenant_exists", f'There is a tenant named "{name}" already. Choose another name.'
        )
    tenant_id = new_id("ten")
    row = TenantRow(
        tenant_id=tenant_id,
        name=name,
        pseudonym_key=vault.seal(secrets.token_bytes(32), purpose=_purpose(tenant_id)),
        created_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    audit.begin(work, tenant_id)
    return row


def create_product(work: UnitOfWork, *, tenant_id: str, name: str) -> ProductRow:
    """A new product of a tenant; DuplicateError `product_exists` when it has one of that name,
    InvalidError `invalid_name`.
    """
    name = checked_name(name)
    taken = select(ProductRow.product_id).where(
        ProductRow.tenant_id == tenant_id, ProductRow.name == name
    )
    if work.session.scalar(taken) is not None:
        raise DuplicateError("product_exists", "Choose a name the tenant does not use yet.")
    row = ProductRow(product_id=new_id("prd"), tenant_id=tenant_id, name=name, created_at=work.now)
    work.session.add(row)
    work.session.flush()
    return row


def products(work: UnitOfWork, principal: Principal) -> list[ProductRow]:
    """The products of the caller's tenant by name."""
    return list(work.session.scalars(scoped(principal, ProductRow).order_by(ProductRow.name)))


def create_site(work: UnitOfWork, *, tenant_id: str, name: str, kind: str) -> SiteRow:
    """A new place of a tenant, of one of `SITE_KINDS`; DuplicateError `site_exists`, InvalidError
    `invalid_name`.
    """
    name = checked_name(name)
    taken = select(SiteRow.site_id).where(SiteRow.tenant_id == tenant_id, SiteRow.name == name)
    if work.session.scalar(taken) is not None:
        raise DuplicateError("site_exists", "Choose a name the tenant does not use yet.")
    row = SiteRow(
        site_id=new_id("site"), tenant_id=tenant_id, name=name, kind=kind, created_at=work.now
    )
    work.session.add(row)
    work.session.flush()
    return row


def sites(work: UnitOfWork, principal: Principal) -> list[SiteRow]:
    """The places of the caller's tenant by name."""
    return list(work.session.scalars(scoped(principal, SiteRow).order_by(SiteRow.name)))


def site_name(work: UnitOfWork, principal: Principal, site_id: str) -> str | None:
    """What a place of the caller's tenant is called, None for one that is not among them."""
    return work.session.scalar(
        scoped(principal, SiteRow).where(SiteRow.site_id == site_id).with_only_columns(SiteRow.name)
    )


def check_product(work: UnitOfWork, principal: Principal, product_id: str) -> str | None:
    """The id of a product of the caller's tenant, None for an empty one; InvalidError
    `unknown_product` for another tenant's and for one there is not.
    """
    if not product_id:
        return None
    statement = scoped(principal, ProductRow).where(ProductRow.product_id == product_id)
    row = None if "\x00" in product_id else work.session.scalars(statement).one_or_none()
    if row is None:
        raise InvalidError(
            "unknown_product",
            "Use a product of this tenant.",
            details={"fields": ["product_id"]},
        )
    return row.product_id


def tenant(work: UnitOfWork, tenant_id: str) -> TenantRow:
    """The tenant; NotFoundError when there is none of that id."""
    row = work.session.get(TenantRow, tenant_id)
    if row is None:
        raise NotFoundError("tenant_not_found", "Use a tenant that exists.")
    return row


def tenants(work: UnitOfWork) -> list[TenantRow]:
    """Every tenant by age, for the operator of the service."""
    # every tenant: that is what is asked.
    return list(
        work.session.scalars(select(TenantRow).order_by(TenantRow.created_at, TenantRow.tenant_id))
    )


def tenant_called(work: UnitOfWork, words: str) -> TenantRow | None:
    """The tenant whose id or name these words are; None when there is none."""
    statement = select(TenantRow).where(or_(TenantRow.tenant_id == words, TenantRow.name == words))
    return work.session.scalars(statement.order_by(TenantRow.tenant_id).limit(1)).first()


def pseudonym(vault: Vault, owner: TenantRow, subject: str) -> str:
    """The tenant-keyed HMAC-SHA256 of a person or encounter, 64 hexadecimal digits.

    VaultError when the tenant was created under another master key.
    """
    key = vault.open(owner.pseudonym_key, purpose=_purpose(owner.tenant_id))
    return hmac.new(key, subject.encode(), hashlib.sha256).hexdigest()


def _purpose(tenant_id: str) -> str:
    return f"pseudonym:{tenant_id}"
