"""Signatures of webhooks, judged by verifiers that did not make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as StandardVerifier
from standardwebhooks.webhooks import WebhookVerificationError as StandardError
from svix.webhooks import Webhook as SvixVerifier
from svix.webhooks import WebhookVerificationError as SvixError

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.vault import Vault
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import DIALECTS, Signing, body_of, headers_of
from cloud.core.webhooks.signing import Secret, check_secret, new_secret, opened, seal

NOW = datetime(2026, 11, 26, 11, tzinfo=UTC)
EVENT = DomainEvent(
    event_id="evt_1",
    tenant_id="ten_1",
    type="epcr.encounter.updated",
    occurred_at=datetime(2026, 11, 26, 10, 30, tzinfo=UTC),
    resource_type="encounter",
    resource_id="enc_1",
    data={"status": "in_progress", "vehicle_id": "RTW-4", "patient": "Erika Mustermann"},
)
OLD, NEW = new_secret(), new_secret()


def sent(
    dialect: str = "standard", *, ago: timedelta = timedelta(0)
) -> tuple[dict[str, str], bytes]:
    """A message signed so long ago; the verifiers read the clock, and take five minutes."""
    now = datetime.now(UTC)
    body = body_of(dialect, EVENT, CATALOGUE[EVENT.type].data_of(EVENT))
    signing = Signing(
        message_id=EVENT.event_id,
        delivery_id="dlv_1",
        event_type=EVENT.type,
        body=body,
        at=now - ago,
        secrets=(Secret(NEW), Secret(OLD, now + timedelta(hours=1))),
        trace_id="0af7651916cd43dd8448eb211c80319c",
    )
    return headers_of(dialect, signing), body


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("secret", [NEW, OLD], ids=["new", "old"])
def test_the_receivers_own_libraries_take_every_dialect_during_a_rotation(
    dialect: str, secret: str
) -> None:
    headers, body = sent(dialect)

    assert StandardVerifier(secret).verify(body, headers) == json.loads(body)
    SvixVerifier(secret).verify(body, headers)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_message_from_another_time_is_refused(dialect: str, minutes: int) -> None:
    headers, body = sent(dialect, ago=timedelta(minutes=minutes))

    with pytest.raises(StandardError):
        StandardVerifier(NEW).verify(body, headers)
    with pytest.raises(SvixError):
        SvixVerifier(NEW).verify(body, headers)


@pytest.mark.parametrize("member", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_no_header_can_be_changed(member: str) -> None:
    headers, body = sent()
    earlier, _ = sent(ago=timedelta(seconds=2))
    earlier["webhook-id"] = "evt_0"
    headers[member] = earlier[member]

    with pytest.raises(StandardError):
        StandardVerifier(NEW).verify(body, headers)


def test_a_text_of_the_receivers_own_is_the_key_as_it_stands() -> None:
    own = "a signing secret of my own"
    as_libraries_want_it = base64.b64encode(own.encode()).decode()
    body = b"{}"
    signing = Signing(
        message_id="evt_1",
        delivery_id="dlv_1",
        event_type="x",
        body=body,
        at=datetime.now(UTC),
        secrets=(Secret(check_secret(own)),),
    )

    headers = headers_of("argus", signing)

    assert StandardVerifier(as_libraries_want_it).verify(body, headers) == {}
    mine = hmac.new(own.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Argus-Signature"] == f"sha256={mine}"


def test_the_clinical_dialect_covers_its_time() -> None:
    headers, body = sent("skin")

    timestamp, *marks = headers["X-SA-Signature"].split(",")
    content = timestamp.removeprefix("t=").encode() + b"." + body
    assert marks == [
        "v1=" + hmac.new(one.encode(), content, hashlib.sha256).hexdigest() for one in (NEW, OLD)
    ]


def test_the_partners_dialect_signs_the_body_alone() -> None:
    headers, body = sent("blueprint")

    mine = hmac.new(NEW.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Blueprint-Signature"] == mine
    assert set(json.loads(body)) == {"eventType", "payload"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_the_catalogue_does_not_name_stays_inside(dialect: str) -> None:
    _, body = sent(dialect)

    assert b"Mustermann" not in body
    assert b"RTW-4" in body


@pytest.mark.parametrize(
    "text", ["short", "whsec_", "whsec_not base64", "whsec_" + "QUFB" * 5, "x" * 257, "ü" * 20]
)
def test_a_secret_that_is_none_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        check_secret(text)

    assert text not in str(caught.value.message) or text == "whsec_"


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        *(
            (f"whsec_{base64.b64encode(b'k' * size).decode()}", 24 <= size <= 64)
            for size in (23, 24)
        ),
        *(
            (f"whsec_{base64.b64encode(b'k' * size).decode()}", 24 <= size <= 64)
            for size in (64, 65)
        ),
        *(("k" * size, 16 <= size <= 256) for size in (15, 16, 256, 257)),
        (f"whsec_{base64.urlsafe_b64encode(bytes([255] * 32)).decode()}", False),
        (f"whsec_{base64.b64encode(b'k' * 32).decode().rstrip('=')}", False),
        (f"whsec_ {base64.b64encode(b'k' * 24).decode()}", False),
        (" " * 20, False),
        (f" {'k' * 20}", False),
        (f"{'k' * 20} ", False),
        ("several words of my own", True),
    ],
)
def test_how_long_a_secret_is_and_what_it_may_hold(text: str, *, is_taken: bool) -> None:
    if is_taken:
        assert check_secret(text) == text
    else:
        with pytest.raises(InvalidError):
            check_secret(text)


def test_a_former_secret_signs_until_its_day_is_over() -> None:
    vault = Vault(b"k" * 32)
    held = (Secret("new secret 12345"), Secret("old secret 12345", NOW + timedelta(hours=24)))
    sealed = seal(vault, "wh_1", held)

    assert opened(vault, "wh_1", sealed, now=NOW) == held
    assert opened(vault, "wh_1", sealed, now=NOW + timedelta(hours=25)) == held[:1]
    assert b"secret" not in sealed
