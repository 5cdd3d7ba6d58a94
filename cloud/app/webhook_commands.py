"""`vitalwire-cloud webhooks`: a tenant's endpoints, what was sent to them, and what came back."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Final

from cloud.app.parts import Parts
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks import deliveries, operating
from cloud.core.webhooks.tables import STATES, AttemptRow, DeliveryRow, EndpointRow

if TYPE_CHECKING:
    from datetime import datetime

    from cloud.app.arguments import Acts

MOST_LISTED: Final = 1000


def add_webhook_commands(acts: Acts) -> None:
    """`webhooks` and its acts."""
    acts.add_parser("list", help="print the endpoints with their state, one JSON object a line")
    one = acts.add_parser("deliveries", help="print the newest deliveries to an endpoint")
    one.add_argument("webhook", metavar="ID")
    one.add_argument("--state", choices=STATES, help="only these")
    one = acts.add_parser("attempts", help="print a delivery's attempts and what was answered")
    one.add_argument("delivery", metavar="ID")
    one = acts.add_parser("enable", help="serve an endpoint again")
    one.add_argument("webhook", metavar="ID")
    for parser in acts.choices.values():
        parser.add_argument("--tenant", required=True, metavar="ID", help="whose webhooks")


def run_webhook_command(
    parts: Parts, work: UnitOfWork, caller: Principal, given: argparse.Namespace
) -> list[str]:
    """Carry one out; the lines to print. DomainError says what is wrong."""
    if given.act == "list":
        return [_endpoint(row) for row in operating.endpoints_of(work, caller)]
    if given.act == "enable":
        return [_endpoint(operating.enable(work, caller, given.webhook))]
    if given.act == "attempts":
        found = operating.answers_of(work, parts.vault, caller, given.delivery)
        return [_attempt(row, answer) for row, answer in found]
    endpoint = operating.find_endpoint(work, caller, given.webhook)
    rows = deliveries.listing(work, endpoint, state=given.state, limit=MOST_LISTED)
    return [_delivery(row) for row in rows]


def _endpoint(row: EndpointRow) -> str:
    return json.dumps(
        {
            "id": row.endpoint_id,
            "client_id": row.client_id,
            "url": row.url,
            "events": row.events,
            "status": row.status,
            "reason": row.status_reason or None,
            "is_internal": row.is_internal,
            "failures": row.failures,
            "failing_since": _time(row.failing_since),
            "closed_until": _time(row.closed_until),
            "is_slow": row.is_slow,
            "last_status": row.last_status,
            "last_succeeded_at": _time(row.last_succeeded_at),
        }
    )


def _delivery(row: DeliveryRow) -> str:
    return json.dumps(
        {
            "id": row.delivery_id,
            "message_id": row.message_id,
            "event": row.event_type,
            "state": row.state,
            "attempts": row.attempts,
            "due_at": _time(row.due_at),
            "response_status": row.response_status,
            "error": row.error or None,
        }
    )


def _attempt(row: AttemptRow, answer: bytes) -> str:
    return json.dumps(
        {
            "number": row.number,
            "at": _time(row.at),
            "duration_ms": row.duration_ms,
            "response_status": row.response_status,
            "error": row.error or None,
            "answer": answer.decode("utf-8", "replace"),
        }
    )


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
