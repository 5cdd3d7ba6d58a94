"""What an application asked for over the API arrives over a socket, and others' verifiers judge it:
it is taken, and what was forged, is stale or came before is not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from anyio.to_thread import run_sync
from prometheus_client import CollectorRegistry
from standardwebhooks.webhooks import Webhook as StandardVerifier
from standardwebhooks.webhooks import WebhookVerificationError as StandardError
from svix.webhooks import Webhook as SvixVerifier
from svix.webhooks import WebhookVerificationError as SvixError

from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.work import utc_now
from cloud.core.webhooks.dialects import DIALECTS
from cloud.core.webhooks.webhook_metrics import WebhookMetrics
from cloud.worker.webhook_senders import Senders
from cloud.worker.webhook_sending import SendingDesk
from tests.fixtures.cloud import Installation
from tests.fixtures.integrators import WEBHOOKS, Integrator, integrator, open_to
from tests.fixtures.webhook_receivers import Heard, Receivers, receivers
from tests.fixtures.webhooks import Hooks
from tests.waiting import wait_until

LOOPBACK = OutboundPolicy(allowed=("127.0.0.0/8",), timeout_seconds=5.0)
OWN = "a signing text of my own"
SCOPES = ("webhooks:write", "argus:epcr:read", "argus:epcr:write")
EVENTS = ["epcr.encounter.created"]


class Receiver:
    """One who does what the how-to says: verify the octets, and take each message once."""

    def __init__(self, secret: str) -> None:
        self._verifiers = (StandardVerifier(secret), SvixVerifier(secret))
        self._seen: set[str] = set()

    def takes(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether it is new and ours; both libraries are of one mind."""
        verdicts = set()
        for verifier in self._verifiers:
            try:
                verifier.verify(body, dict(headers))
            except (StandardError, SvixError):
                verdicts.add(False)
            else:
                verdicts.add(True)
        (is_ours,) = verdicts
        is_new = is_ours and headers["webhook-id"] not in self._seen
        if is_new:
            self._seen.add(headers["webhook-id"])
        return is_new


@contextmanager
def sending(cloud: Installation) -> Iterator[None]:
    """The worker's senders, on threads of their own."""
    desk = SendingDesk(
        database=cloud.database,
        vault=cloud.parts.vault,
        clock=cloud.clock,
        outbound=LOOPBACK,
        metrics=WebhookMetrics(CollectorRegistry()),
    )
    senders = Senders(desk, count=2)
    senders.start()
    try:
        yield
    finally:
        senders.stop()


@asynccontextmanager
async def ground(
    cloud: Installation, *, ago: timedelta = timedelta(0)
) -> AsyncIterator[tuple[Integrator, Receivers]]:
    """An application, receivers at a port, and a worker that sends."""
    # The verifiers read the clock themselves.
    cloud.clock.at = utc_now() - ago
    async with cloud.client() as http:
        app = await integrator(cloud, http, scopes=SCOPES)
        open_to(cloud, LOOPBACK)
        with receivers() as there, sending(cloud):
            yield app, there


async def opened(app: Integrator, incident: str = "INC-1") -> str:
    """An encounter opened over the API, and the worker's relay hears of it."""
    body = {
        "care_model": "prehospital_emergency",
        "vehicle_id": "AMB-7",
        "crew_ids": [],
        "cad_incident_id": incident,
    }
    response = await app.ask("POST", "/api/v1/epcr/encounters", body)
    assert response.status_code == 201, response.text
    await run_sync(Hooks(app.cloud).relay)
    encounter_id: str = response.json()["id"]
    return encounter_id


async def came(there: Receivers, count: int) -> list[Heard]:
    """So many messages, once they are there."""
    await run_sync(
        lambda: wait_until(lambda: len(there.heard) >= count, timeout=20, what="the messages")
    )
    assert len(there.heard) == count
    return there.heard


async def settled(app: Integrator, path: str, count: int) -> list[dict[str, Any]]:
    """The webhook's deliveries, newest first, once so many have arrived."""
    hooks, webhook_id = Hooks(app.cloud), path.rpartition("/")[2]

    def are_settled() -> bool:
        return [row.state for row in hooks.deliveries(webhook_id)] == ["succeeded"] * count

    await run_sync(lambda: wait_until(are_settled, timeout=20, what="the deliveries"))
    answer = await app.ask("GET", f"{path}/deliveries?status=succeeded")
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def told(document: dict[str, Any]) -> object:
    """The payload, whichever way the dialect wraps it."""
    return document.get("data", document.get("payload"))


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_happened_is_taken_once_by_the_libraries_of_others(
    embedded: Installation, dialect: str
) -> None:
    async with ground(embedded) as (app, there):
        made = await app.made(url=there.url("/hooks"), events=EVENTS, secret=None, dialect=dialect)
        encounter_id = await opened(app)
        (heard,) = await came(there, 1)
        receiver = Receiver(made["secret"])
        assert receiver.takes(heard.body, heard.headers)
        assert told(json.loads(heard.body)) == {
            "encounter_id": encounter_id,
            "status": "in_progress",
            "vehicle_id": "AMB-7",
            "act": "created",
            "version": 1,
        }
        # The same again, and what somebody else made of it.
        assert not receiver.takes(heard.body, heard.headers)
        fresh = Receiver(made["secret"])
        stranger = Receiver("whsec_" + base64.b64encode(b"x" * 32).decode())
        assert not stranger.takes(heard.body, heard.headers)
        assert not fresh.takes(heard.body.replace(b"AMB-7", b"AMB-8"), heard.headers)
        later = str(int(heard.headers["webhook-timestamp"]) + 1)
        for changed in ({"webhook-id": "evt_other"}, {"webhook-timestamp": later}):
            assert not fresh.takes(heard.body, {**heard.headers, **changed})


async def test_what_is_stale_is_refused_and_a_replay_is_the_same_message(
    embedded: Installation,
) -> None:
    async with ground(embedded, ago=timedelta(minutes=6)) as (app, there):
        made = await app.made(url=there.url("/hooks"), events=EVENTS, secret=None)
        path = f"{WEBHOOKS}/{made['id']}"
        receiver = Receiver(made["secret"])
        await opened(app)
        (stale,) = await came(there, 1)
        assert not receiver.takes(stale.body, stale.headers)
        (delivery,) = await settled(app, path, 1)
        embedded.clock.pass_(360)
        for number in (2, 3):
            replayed = await app.ask("POST", f"{path}/deliveries/{delivery['id']}/replay")
            assert replayed.status_code == 202, replayed.text
            *_, heard = await came(there, number)
            assert (heard.body, heard.message_id) == (stale.body, stale.message_id)
            assert receiver.takes(heard.body, heard.headers) is (number == 2)
            assert Receiver(made["secret"]).takes(heard.body, heard.headers)
            await settled(app, path, number)


async def test_receivers_of_the_contract_have_the_text_and_both_secrets_for_a_day(
    embedded: Installation,
) -> None:
    async with ground(embedded) as (app, there):
        made = await app.made(url=there.url("/hooks"), events=EVENTS, secret=OWN)
        path = f"{WEBHOOKS}/{made['id']}"
        await app.ask("POST", f"{path}/test")
        (heard,) = await came(there, 1)
        assert json.loads(heard.body)["test"] is True
        wanted = hmac.new(OWN.encode(), heard.body, hashlib.sha256).hexdigest()
        assert heard.headers["x-argus-signature"] == f"sha256={wanted}"
        assert heard.headers["x-argus-event"] == EVENTS[0]
        (delivery,) = await settled(app, path, 1)
        assert heard.headers["x-argus-delivery"] == delivery["id"]
        newest = (await app.ask("POST", f"{path}/rotate-secret")).json()["secret"]
        await app.ask("POST", f"{path}/test")
        *_, heard = await came(there, 2)
        as_base64 = base64.b64encode(OWN.encode()).decode()
        assert Receiver(newest).takes(heard.body, heard.headers)
        assert Receiver(as_base64).takes(heard.body, heard.headers)
        embedded.clock.pass_(86_400)
        app.headers.update(await embedded.token(app.http, *app.client.auth))
        await app.ask("POST", f"{path}/test")
        *_, heard = await came(there, 3)
        assert len(heard.headers["webhook-signature"].split()) == 1
