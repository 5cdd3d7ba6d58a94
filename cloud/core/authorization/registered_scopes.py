"""Scopes a tenant may grant: those of the catalogue, and those its own services registered."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import select

from cloud.core.authorization.grant_tables import RegisteredScopeRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DuplicateError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scope_catalogue import BY_NAME, CATALOGUE, Scope
from cloud.core.kernel.scopes import (
    EVERYTHING,
    OPERATOR_ACCESS,
    covers,
    is_grantable,
    is_well_formed,
)
from cloud.core.kernel.work import UnitOfWork

OURS: Final = frozenset(re.split("[:/]", name)[0] for name in BY_NAME)
"""The resources of the catalogue: what is added to it later must not be granted already."""


def register_scope(
    work: UnitOfWork, principal: Principal, *, name: str, description: str, service: str
) -> RegisteredScopeRow:
    """Add a scope to the tenant's catalogue; InvalidError `wildcard_scope`, `invalid_scope_name`
    or `reserved_scope`, DuplicateError `scope_exists`.
    """
    if "*" in name:
        raise InvalidError("wildcard_scope", "Register whole names: a wildcard is for grants.")
    # Names of one part are the portal's way of writing them, and so the catalogue's too.
    if not is_well_formed(name) or "/" in name or ":" not in name:
        raise InvalidError("invalid_scope_name", "Write it as resource:action, in lower case.")
    if name in BY_NAME or name in _names(work, principal):
        raise DuplicateError("scope_exists", "There is a scope of that name already.")
    if name.partition(":")[0] in OURS:
        raise InvalidError("reserved_scope", "Choose a resource of the service's own.")
    row = RegisteredScopeRow(
        tenant_id=principal.tenant_id,
        name=name,
        description=description,
        service=service,
        created_at=work.now,
    )
    work.session.add(row)
    audit.record(work, principal, "scope.registered", "scope", name)
    return row


def catalogue(work: UnitOfWork, principal: Principal) -> list[Scope]:
    """Every scope there is for this tenant, by name."""
    known = [*CATALOGUE, *added_scopes(work, principal.tenant_id)]
    return sorted(known, key=lambda scope: scope.name)


def added_scopes(work: UnitOfWork, tenant_id: str) -> list[Scope]:
    """What a tenant's own services registered; the surface of each is its service."""
    statement = select(RegisteredScopeRow).where(RegisteredScopeRow.tenant_id == tenant_id)
    return [
        Scope(row.name, row.description, row.service) for row in work.session.scalars(statement)
    ]


def check_grantable(
    work: UnitOfWork,
    principal: Principal,
    scopes: Iterable[str],
    *,
    is_internal: bool = False,
    only_requestable: bool = False,
) -> None:
    """InvalidError `unknown_scope` unless each may be granted, `internal_only_scope` for `*`,
    `operator_only_scope` for what reaches over all tenants.

    `only_requestable`: what an application may ask for by itself, or a wildcard that covers
    nothing else.
    """
    wanted = tuple(scopes)
    known = _names(work, principal) if wanted else ()
    if EVERYTHING in wanted and not (is_internal or only_requestable):
        raise InvalidError(
            "internal_only_scope",
            "Only an internal client may hold everything.",
            details={"fields": ["scopes"], "scopes": [EVERYTHING]},
        )
    named = [scope for scope in wanted if scope != EVERYTHING]
    if not principal.is_operator and any(covers(scope, OPERATOR_ACCESS) for scope in named):
        raise InvalidError(
            "operator_only_scope",
            "Only the operator of the service gives this, on its machine.",
            details={"fields": ["scopes"], "scopes": [OPERATOR_ACCESS]},
        )
    # Whoever approves "what it requested" must not give unseen what nobody may ask for.
    kept_back = [scope.name for scope in CATALOGUE if not scope.is_requestable]
    unknown = [
        scope
        for scope in wanted
        if not is_grantable(scope, registered=known, is_internal=is_internal)
        or (only_requestable and any(covers(scope, name) for name in kept_back))
    ]
    if unknown:
        raise InvalidError(
            "unknown_scope",
            "Use scopes of GET /v1/platform/scopes.",
            details={"fields": ["scopes"], "scopes": [scope[:100] for scope in unknown[:20]]},
        )


def _names(work: UnitOfWork, principal: Principal) -> tuple[str, ...]:
    return tuple(scope.name for scope in added_scopes(work, principal.tenant_id))
