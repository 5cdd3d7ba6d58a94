"""`vitalwire-cloud access`: which organisations are let into what is reviewed."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Final

from cloud.app.parts import Parts
from cloud.core.entitlements import access
from cloud.core.entitlements.access import STATUSES
from cloud.core.entitlements.tables import AccessRequestRow
from cloud.core.federation.closing import revoke_access
from cloud.core.kernel.principal import service_principal

if TYPE_CHECKING:
    from cloud.app.arguments import Acts

MOST_LISTED: Final = 1000


def add_access_commands(acts: Acts) -> None:
    """`access` and its acts."""
    one = acts.add_parser("list", help="print the requests, one JSON object a line")
    one.add_argument("--status", choices=STATUSES, help="only these")
    for act, words in (
        ("approve", "let an organisation in"),
        ("refuse", "leave it out"),
        ("revoke", "no longer let it in, from its next call on"),
    ):
        one = acts.add_parser(act, help=words)
        one.add_argument("request", metavar="ID", help="the request, as `access list` has it")
        one.add_argument(
            "--reason", required=act != "approve", default="", help="what the organisation reads"
        )


def run_access_command(parts: Parts, given: argparse.Namespace) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    # The decision is written into the chain of the tenant whose request it is.
    caller = service_principal("", "operator")
    with parts.database.begin(now=parts.clock()) as work:
        if given.act == "list":
            rows = access.reviews(work, caller, limit=MOST_LISTED, status=given.status)
            return [_line(row) for row in rows]
        decide = {"approve": access.approve, "refuse": access.refuse, "revoke": revoke_access}
        row = decide[given.act](work, caller, given.request, reason=given.reason[:200])
        return [f"{row.request_id} is {row.status}"]


def _line(row: AccessRequestRow) -> str:
    return json.dumps(
        {
            "request_id": row.request_id,
            "tenant_id": row.tenant_id,
            "capability": row.capability,
            "status": row.status,
            "requested_at": row.requested_at.isoformat(),
            "requested_by": row.requested_by,
            "justification": row.justification,
            "reason": row.reason,
        }
    )
