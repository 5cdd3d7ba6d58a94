"""The messages we send, as an OpenAPI 3.1 description has them: what a receiver has to take."""

from __future__ import annotations

from typing import Any, Final

from cloud.core.webhooks.catalogue import CATALOGUE, EventType
from cloud.core.webhooks.dialects import ARGUS
from cloud.core.webhooks.samples import sample_message

_SENTENCES: Final = {
    "id": "The event; the same for every attempt and replay, as webhook-id says.",
    "event": "Its type.",
    "occurred_at": "When it happened.",
    "tenant_id": "Whose it is.",
}


def told_events() -> dict[str, Any]:
    """Every event by name, in the dialect that a webhook has unless it asks for another."""
    return {name: {"post": _operation(kind)} for name, kind in CATALOGUE.items()}


def _operation(kind: EventType) -> dict[str, Any]:
    headers, document = sample_message(ARGUS, kind)
    return {
        "summary": kind.sentence,
        "description": f"For applications that may use `{kind.scope}`.",
        "operationId": f"told_{kind.name.replace('.', '_')}",
        "tags": ["Webhooks"],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "schema": {"type": "string", "examples": [sample]},
            }
            for name, sample in headers.items()
            if not name.endswith("Trace-ID")
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _schema(kind), "example": document}},
        },
        "responses": {
            "2XX": {"description": "Taken"},
            "410": {"description": "Send nothing here any more"},
            "default": {"description": "Send it again later"},
        },
    }


def _schema(kind: EventType) -> dict[str, Any]:
    payload = {name: one for name, one in kind.schema.items() if name not in ("$schema", "title")}
    members: dict[str, Any] = {
        name: {"type": "string", "description": sentence} for name, sentence in _SENTENCES.items()
    }
    members["event"] |= {"const": kind.name}
    members["occurred_at"] |= {"format": "date-time"}
    return {
        "type": "object",
        "properties": {
            **members,
            "data": payload,
            "test": {"type": "boolean", "description": "There, and true, in a test."},
        },
        "required": [*members, "data"],
    }
