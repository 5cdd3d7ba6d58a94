"""The dialects of webhooks: how the body is written, and which headers vouch for it.

Whatever the dialect, the three headers of Standard Webhooks are there too, so that every receiver
can check id, time and octets together, and rotation works everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cloud.core.kernel.outbox import DomainEvent
from cloud.core.webhooks.signing import Secret, hex_signature, standard_signature

STANDARD: Final = "standard"
ARGUS: Final = "argus"
CLINICAL: Final = "skin"
PARTNER: Final = "blueprint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """What an attempt is signed with: the exact octets, and everything the headers speak of."""

    message_id: str
    delivery_id: str
    event_type: str
    body: bytes
    at: datetime
    secrets: Sequence[Secret]
    trace_id: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect: `render` makes the document of an event, `sign` its own headers."""

    name: str
    sentence: str
    render: Callable[[DomainEvent, Mapping[str, Any]], dict[str, Any]]
    sign: Callable[[Signing], dict[str, str]]


def body_of(
    dialect: str, event: DomainEvent, data: Mapping[str, Any], *, is_test: bool = False
) -> bytes:
    """The octets of an event for a dialect: compact JSON in UTF-8, made once and sent as they are.

    `data` is what the catalogue lets out of the event.
    """
    document = DIALECTS[dialect].render(event, data)
    if is_test:
        document["test"] = True
    return octets_of(document)


def octets_of(document: Mapping[str, Any]) -> bytes:
    """Compact JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(dialect: str, signing: Signing) -> dict[str, str]:
    """The headers of one attempt: the standard three, then the dialect's own."""
    timestamp = int(signing.at.timestamp())
    signatures = [
        standard_signature(secret.key, signing.message_id, timestamp, signing.body)
        for secret in signing.secrets
    ]
    return {
        "webhook-id": signing.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
        **DIALECTS[dialect].sign(signing),
    }


def timestamp_of(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _standard(event: DomainEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": event.type,
        "timestamp": timestamp_of(event.occurred_at),
        "data": dict(data),
        "id": event.event_id,
    }


def _argus(event: DomainEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "event": event.type,
        "occurred_at": timestamp_of(event.occurred_at),
        "tenant_id": event.tenant_id,
        "data": dict(data),
    }


def _clinical(event: DomainEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": event.event_id,
        "type": event.type,
        "created_at": timestamp_of(event.occurred_at),
        "organisation_id": event.tenant_id,
        "product_id": event.data.get("product_id"),
        "data": dict(data),
    }


def _partner(event: DomainEvent, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"eventType": event.type, "payload": dict(data)}


def _sign_standard(_: Signing) -> dict[str, str]:
    return {}


def _sign_argus(signing: Signing) -> dict[str, str]:
    # Its receivers know one signature only, so the newest secret makes it.
    newest = signing.secrets[0].text.encode()
    headers = {
        "X-Argus-Signature": f"sha256={hex_signature(newest, signing.body)}",
        "X-Argus-Event": signing.event_type,
        "X-Argus-Delivery": signing.delivery_id,
    }
    return {**headers, "X-Argus-Trace-ID": signing.trace_id} if signing.trace_id else headers


def _sign_clinical(signing: Signing) -> dict[str, str]:
    timestamp = int(signing.at.timestamp())
    content = f"{timestamp}.".encode() + signing.body
    marks = [f"v1={hex_signature(one.text.encode(), content)}" for one in signing.secrets]
    return {
        "X-SA-Signature": ",".join([f"t={timestamp}", *marks]),
        "X-SA-Event": signing.event_type,
        "X-SA-Delivery": signing.delivery_id,
    }


def _sign_partner(signing: Signing) -> dict[str, str]:
    newest = signing.secrets[0].text.encode()
    return {"X-Blueprint-Signature": hex_signature(newest, signing.body)}


DIALECTS: Final[Mapping[str, Dialect]] = {
    one.name: one
    for one in (
        Dialect(STANDARD, "Standard Webhooks as it is.", _standard, _sign_standard),
        Dialect(
            ARGUS,
            "X-Argus-Signature is sha256= and HMAC-SHA256 of the body in hexadecimal, keyed with "
            "the secret's text.",
            _argus,
            _sign_argus,
        ),
        Dialect(
            CLINICAL,
            "X-SA-Signature has t= and, for each secret, v1= with HMAC-SHA256 of time, dot and "
            "body in hexadecimal, keyed with the secret's text.",
            _clinical,
            _sign_clinical,
        ),
        Dialect(
            PARTNER,
            "X-Blueprint-Signature is HMAC-SHA256 of the body in hexadecimal, keyed with the "
            "secret's text.",
            _partner,
            _sign_partner,
        ),
    )
}
