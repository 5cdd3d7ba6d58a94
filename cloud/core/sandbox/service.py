"""What developers do with a sandbox."""

from __future__ import annotations

from collections.abc import Iterable

from cloud.core.authorization.service_tokens import NewServiceToken, make_sandbox_token
from cloud.core.authorization.tokens import TokenService
from cloud.core.identity.sandboxes import open_sandbox
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ForbiddenError
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.sandbox.emptying import empty
from cloud.core.sandbox.scenarios import chosen, play


def make_token(
    work: UnitOfWork,
    principal: Principal,
    vault: Vault,
    tokens: TokenService,
    client_id: str,
    *,
    seconds: int,
    scenarios: Iterable[str],
) -> NewServiceToken:
    """A token for the sandbox of the caller's tenant, with these scenarios played in it.

    InvalidError `unknown_scenario`, and as `make_sandbox_token`.
    """
    wanted = chosen(scenarios)
    sandbox_id = open_sandbox(work, vault, principal.tenant_id)
    made = make_sandbox_token(
        work,
        principal,
        tokens,
        client_id,
        seconds=seconds,
        scenarios=[one.name for one in wanted],
        sandbox_id=sandbox_id,
    )
    play(work, vault, sandbox_id=sandbox_id, tenant_id=principal.tenant_id, scenarios=wanted)
    return made


def reset(work: UnitOfWork, principal: Principal, vault: Vault, scenarios: Iterable[str]) -> None:
    """Empty the caller's sandbox and play these scenarios in it; whoever uses it too starts anew.

    ForbiddenError `sandbox_only` for a caller who is not in a sandbox: nothing real is emptied.
    InvalidError `unknown_scenario`.
    """
    if not principal.is_sandbox:
        raise ForbiddenError("sandbox_only", "Use a sandbox token: only a sandbox can be reset.")
    wanted = chosen(scenarios)
    empty(work, principal.tenant_id)
    play(
        work,
        vault,
        sandbox_id=principal.tenant_id,
        tenant_id=principal.sandbox_of,
        scenarios=wanted,
    )
    audit.record(work, principal, "sandbox.reset", "sandbox", principal.tenant_id)
    owner = service_principal(principal.sandbox_of, "sandbox")
    audit.record(work, owner, "sandbox.reset", "application", principal.client_id)
