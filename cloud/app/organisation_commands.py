"""`vitalwire-cloud tenants | products | sites`: what an installation consists of."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from cloud.app.parts import Parts
from cloud.core.identity.service import (
    SITE_KINDS,
    create_product,
    create_site,
    products,
    sites,
    tenants,
)
from cloud.core.kernel import audit
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts


def add_tenant_commands(acts: Acts) -> None:
    """`tenants` and its acts."""
    acts.add_parser("list", help="print the tenants, one JSON object a line; bootstrap makes one")


def add_product_commands(acts: Acts) -> None:
    """`products` and its acts."""
    acts.add_parser("list", help="print the products, one JSON object a line")
    acts.add_parser("add", help="make a product, to which clients may belong")
    _add_common(acts, "whose products")


def add_site_commands(acts: Acts) -> None:
    """`sites` and its acts."""
    acts.add_parser("list", help="print the sites, one JSON object a line")
    one = acts.add_parser("add", help="make a place of the tenant known")
    one.add_argument("--kind", required=True, choices=SITE_KINDS, help="what it is")
    _add_common(acts, "whose sites")


def list_tenants(parts: Parts) -> list[str]:
    """Every tenant, by age."""
    with parts.database.reading(now=parts.clock()) as work:
        return [
            _line(tenant_id=row.tenant_id, name=row.name, created_at=row.created_at.isoformat())
            for row in tenants(work)
        ]


def run_product_command(
    _parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    if given.act == "add":
        made = create_product(work, tenant_id=caller.tenant_id, name=given.name)
        audit.record(work, caller, "product.created", "product", made.product_id)
        return [f"{made.product_id}  {made.name}"]
    return [
        _line(product_id=row.product_id, name=row.name, created_at=row.created_at.isoformat())
        for row in products(work, caller)
    ]


def run_site_command(
    _parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    if given.act == "add":
        made = create_site(work, tenant_id=caller.tenant_id, name=given.name, kind=given.kind)
        audit.record(work, caller, "site.created", "site", made.site_id)
        return [f"{made.site_id}  {made.name}"]
    return [
        _line(
            site_id=row.site_id,
            name=row.name,
            kind=row.kind,
            created_at=row.created_at.isoformat(),
        )
        for row in sites(work, caller)
    ]


def _add_common(acts: Acts, whose: str) -> None:
    acts.choices["add"].add_argument("--name", required=True, help="what to call it")
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help=whose)


def _line(**members: str) -> str:
    return json.dumps(members)
