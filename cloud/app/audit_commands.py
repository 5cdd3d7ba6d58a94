"""`vitalwire-cloud audit`: proving that nothing of it was changed or removed."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

from cloud.app.parts import Parts
from cloud.app.seen_heads import Head, SeenHeads, head_in
from cloud.core.identity.service import tenants
from cloud.core.kernel import audit
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import UnitOfWork

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

BROKEN: Final = 1


def add_audit_commands(acts: Acts) -> None:
    """`audit` and its acts."""
    one = acts.add_parser(
        "verify", help="work every chain out again; exit code 1 and the position if one is broken"
    )
    one.add_argument("--tenant", metavar="ID", help="this tenant's chain alone")
    one.add_argument(
        "--expect",
        action="append",
        default=[],
        type=head_in,
        metavar="ID=POSITION:HASH",
        help="what an earlier check said a chain ended in, several times if need be",
    )
    one = acts.add_parser(
        "seal", help="seal a chain as it ends now, after you looked into why it was broken"
    )
    one.add_argument("--tenant", required=True, metavar="ID", help="whose chain")


def run_audit_command(parts: Parts, given: argparse.Namespace) -> tuple[list[str], int]:
    """Carry one out: what to print, and the exit code. DomainError says what is wrong."""
    if given.act == "verify":
        return _verify(parts, given)
    with parts.database.begin(now=parts.clock()) as work:
        _check_owner(given.tenant, _owners(work))
        audit.seal_again(work, service_principal(given.tenant, "operator"))
    return [f"{given.tenant}: sealed; the chain says so"], 0


def _verify(parts: Parts, given: argparse.Namespace) -> tuple[list[str], int]:
    file = SeenHeads(parts.settings.data)
    seen = _by_owner([*file.read(), *given.expect])
    with parts.database.reading(now=parts.clock()) as work:
        audit.hold_still(work)
        owners = sorted(_owners(work) | set(seen))
        if given.tenant:
            _check_owner(given.tenant, owners)
            owners = [given.tenant]
        reports = {owner: audit.verify(work, owner, seen=seen.get(owner)) for owner in owners}
    whole = {owner: report for owner, report in reports.items() if report.broken_at is None}
    file.write({owner: (report.entries, report.ends_in) for owner, report in whole.items()})
    lines = [_line(owner, report) for owner, report in reports.items()]
    return lines, 0 if len(whole) == len(reports) else BROKEN


def _by_owner(heads: Sequence[Head]) -> dict[str, dict[int, str]]:
    seen: dict[str, dict[int, str]] = {}
    for owner, position, digest in heads:
        hashes = seen.setdefault(owner, {})
        # Two that differ cannot both be right: nothing fits then.
        hashes[position] = digest if hashes.get(position, digest) == digest else ""
    return seen


def _owners(work: UnitOfWork) -> set[str]:
    """Whose chains there must be."""
    everybody = {row.tenant_id for row in tenants(work)}
    return {audit.INSTALLATION, *everybody, *audit.chains(work)}


def _check_owner(tenant_id: str, owners: Collection[str]) -> None:
    if tenant_id not in owners:
        raise NotFoundError("tenant_not_found", "Use a tenant that exists.")


def _line(owner: str, report: audit.ChainReport) -> str:
    if report.broken_at is None:
        return f"{owner}: {report.entries} entries, whole, ending in {report.ends_in}"
    return (
        f"{owner}: broken at position {report.broken_at}; "
        f"the {report.entries} entries before it are whole"
    )
