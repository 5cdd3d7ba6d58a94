"""What a message looks like, for pages and for whoever builds a receiver."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from cloud.core.kernel.outbox import DomainEvent
from cloud.core.webhooks.catalogue import EventType
from cloud.core.webhooks.dialects import Signing, body_of, headers_of
from cloud.core.webhooks.signing import Secret

SAMPLE_SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published, opens nothing
"""The one of the specification's own example."""
_AT: Final = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
_EVENT_ID: Final = "evt_f1e5c0d7b0f4a5f8f43a51d6f0f3a115"
_TENANT: Final = "ten_7d3c9f220b6f5f2c9a3d4e38b1de5a1a"
_DELIVERY: Final = "dlv_3a115f0c1d7e0b0f4a5f8f43a51d6f0f"
_TRACE: Final = "0af7651916cd43dd8448eb211c80319c"


def sample_message(dialect: str, kind: EventType) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and document of a message as a dialect writes them, signed with `SAMPLE_SECRET`."""
    event = DomainEvent(
        event_id=_EVENT_ID,
        tenant_id=_TENANT,
        type=kind.name,
        occurred_at=_AT,
        resource_type="sample",
        resource_id=str(kind.resource.sample),
        data={},
    )
    body = body_of(dialect, event, kind.sample)
    signing = Signing(
        message_id=_EVENT_ID,
        delivery_id=_DELIVERY,
        event_type=kind.name,
        body=body,
        at=_AT,
        secrets=(Secret(SAMPLE_SECRET),),
        trace_id=_TRACE,
    )
    document: dict[str, Any] = json.loads(body)
    return headers_of(dialect, signing), document
