"""Subscriptions: asked for over HTTP, told over a real socket, until it arrives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters import handing_over
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.subscriptions import service
from cloud.core.subscriptions.pacing import PAUSES
from cloud.core.subscriptions.service import Wanted
from cloud.core.subscriptions.tables import SubscriptionRow
from cloud.worker.notifications import Notifier, follow_subscriptions
from cloud.worker.outbox_relay import relay_once
from tests.fixtures.cloud import Installation
from tests.integration.fhir_rest.conftest import BASE, Hospital, fill

SCOPES = ["argus:epcr:read", "argus:epcr:write", "system/Subscription.cruds"]
TOPIC = f"http://cloud.test{BASE}/SubscriptionTopic"
BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"


@dataclass(slots=True)
class Receiver:
    """A hospital's endpoint on loopback."""

    url: str
    status: int = 200
    bundles: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        """What each notification was."""
        return [_parameter(one, "type") for one in self.bundles]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.bundles.append(json.loads(body))
            made.headers.append({name.lower(): text for name, text in self.headers.items()})
            self.send_response(made.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
async def client(hospital: Hospital) -> Hospital:
    """With the scope to subscribe."""
    grant(hospital.cloud, SCOPES)
    hospital.headers = await hospital.cloud.headers(hospital.http)
    return hospital


@pytest.fixture
async def alone(small: Hospital) -> Hospital:
    """The same over the embedded database alone."""
    grant(small.cloud, SCOPES)
    small.headers = await small.cloud.headers(small.http)
    return small


def grant(cloud: Installation, scopes: list[str]) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        row = work.session.get_one(ApplicationRow, cloud.mine.client_id)
        row.approved_scopes = scopes


def resource(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Who is coming",
        "criteria": f"{TOPIC}/handover",
        "channel": {
            "type": "rest-hook",
            "endpoint": "https://hooks.example.org/fhir",
            "payload": "application/fhir+json",
            "_payload": {
                "extension": [
                    {"url": f"{BACKPORT}/backport-payload-content", "valueCode": "id-only"}
                ]
            },
            "header": ["Authorization: Bearer hospital-secret"],
        },
        **changes,
    }


def extended(name: str, **value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"extension": [{"url": f"{BACKPORT}/{name}", **value}]}


def channel(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"channel": {**resource()["channel"], **changes}}


def subscribe(cloud: Installation, receiver: Receiver, **changes: Any) -> str:  # noqa: ANN401 - as Wanted
    wanted = Wanted(topic="handover", endpoint=receiver.url, content="full-resource")
    caller = replace(cloud.mine.caller, scopes=tuple(SCOPES))
    with cloud.database.begin(now=cloud.clock()) as work:
        row = service.create(
            work,
            cloud.parts.vault,
            caller,
            replace(wanted, **changes),
            base=f"http://cloud.test{BASE}",
        )
        return row.subscription_id


def hand_over(cloud: Installation, encounter_id: str) -> None:
    caller = replace(cloud.mine.caller, scopes=tuple(SCOPES))
    with cloud.database.begin(now=cloud.clock()) as work:
        handing_over.hand_over(work, caller, encounter_id, facility_id="RX1-ED", received_by="Dr A")
    relay(cloud)


def relay(cloud: Installation) -> None:
    relay_once(cloud.database, cloud.clock, (), (follow_subscriptions(cloud.parts.vault),))


def notifier(cloud: Installation) -> Notifier:
    return Notifier(
        database=cloud.database,
        vault=cloud.parts.vault,
        clock=cloud.clock,
        outbound=OutboundPolicy(allowed=("127.0.0.0/8",)),
        spans=cloud.parts.spans,
    )


def row_of(cloud: Installation, subscription_id: str) -> SubscriptionRow:
    with cloud.database.reading(now=cloud.clock()) as work:
        return work.session.get_one(SubscriptionRow, subscription_id)


def _parameter(bundle: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON
    told = bundle["entry"][0]["resource"]["parameter"]
    (found,) = [one for one in told if one["name"] == name]
    return next(value for key, value in found.items() if key.startswith("value"))


async def test_a_subscription_is_made_read_changed_and_ended(client: Hospital) -> None:
    url = f"{BASE}/Subscription"
    headers = {**client.headers, "Content-Type": "application/fhir+json"}
    made = await client.http.post(url, json=resource(), headers=headers)
    assert made.status_code == 201, made.text
    identity = made.json()["id"]
    assert made.headers["location"].endswith(f"Subscription/{identity}")
    assert "hospital-secret" not in made.text
    assert made.json()["channel"]["header"] == ["Authorization: (kept)"]
    read = await client.get(f"Subscription/{identity}")
    assert read.json() == made.json()
    unconditional = await client.http.put(f"{url}/{identity}", json=read.json(), headers=headers)
    assert unconditional.status_code == 428
    stale = {**headers, "If-Match": 'W/"7"'}
    refused = await client.http.put(f"{url}/{identity}", json=read.json(), headers=stale)
    assert refused.status_code == 412
    fresh = {**headers, "If-Match": read.headers["etag"]}
    changed = {**read.json(), "status": "off"}
    off = await client.http.put(f"{url}/{identity}", json=changed, headers=fresh)
    assert (off.status_code, off.json()["status"]) == (200, "off")
    row = row_of(client.cloud, "sub_" + identity.replace("-", ""))
    assert service.headers_of(client.cloud.parts.vault, row) == [
        "Authorization: Bearer hospital-secret"
    ]
    assert [one["id"] for one in await client.search("Subscription?status=off")] == [identity]
    assert await client.search("Subscription?status=active") == []
    status = await client.search(f"Subscription/{identity}/$status")
    assert status[0]["resourceType"] == "Parameters"
    client.headers = await client.cloud.strangers_headers(client.http)
    assert (await client.get(f"Subscription/{identity}")).status_code == 403
    client.headers = headers
    ended = await client.http.delete(f"{url}/{identity}", headers=headers)
    assert ended.status_code == 204
    assert (await client.get(f"Subscription/{identity}")).status_code == 404


async def test_what_cannot_be_done_is_refused(alone: Hospital) -> None:
    headers = {**alone.headers, "Content-Type": "application/fhir+json"}
    wrong: list[dict[str, Any]] = [
        {"criteria": "Encounter?status=finished"},
        {"criteria": f"{TOPIC}/weather"},
        {"status": "error"},
        {"colour": "red"},
        {"end": "tomorrow"},
        {"_criteria": extended("backport-filter-criteria", valueString="Patient?a=b")},
        channel(type="email"),
        channel(payload="application/fhir+xml"),
        channel(_payload={}),
        channel(header=["Host: elsewhere"]),
        channel(header=["X: a\r\nY: b"]),
        channel(**extended("backport-timeout", valueUnsignedInt=0)),
    ]
    # Where no call may lead, however it is spelled (what its name resolves to is seen when called).
    wrong += [
        channel(endpoint=url)
        for url in (
            "http://hooks.example.org/",
            "https://127.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
            "https://user:secret@hooks.example.org/",
            "file:///etc/passwd",
            "https://hooks.example.org/#part",
        )
    ]
    for changes in wrong:
        answer = await alone.http.post(
            f"{BASE}/Subscription", json=resource(**changes), headers=headers
        )
        assert answer.status_code == 422, changes
        assert answer.json()["resourceType"] == "OperationOutcome"
    for changes in (
        {"_criteria": extended("backport-filter-criteria", valueString="Encounter?colour=red")},
    ):
        answer = await alone.http.post(
            f"{BASE}/Subscription", json=resource(**changes), headers=headers
        )
        assert answer.status_code == 400
    for kind, body, expected in (
        ("application/xml", "{}", 415),
        ("application/json; charset=utf-16", "{}", 415),
        ("application/json", "{", 400),
        ("application/json", '{"a":1,"a":2}', 400),
        ("application/json", "[" * 10_000, 400),
        ("application/json", "[]", 422),
    ):
        answer = await alone.http.post(
            f"{BASE}/Subscription",
            content=body,
            headers={**alone.headers, "Content-Type": kind},
        )
        assert answer.status_code == expected, (kind, body[:20])


async def test_it_is_greeted_then_told_and_each_event_once(
    client: Hospital, receiver: Receiver
) -> None:
    cloud = client.cloud
    identity = subscribe(cloud, receiver, headers=("Authorization: Bearer hospital-secret",))
    notifier(cloud).once()
    assert receiver.kinds() == ["handshake"]
    assert row_of(cloud, identity).status == "active"
    assert receiver.headers[0]["authorization"] == "Bearer hospital-secret"
    assert receiver.headers[0]["content-type"] == "application/fhir+json"
    hand_over(cloud, client.encounter_id)
    relay(cloud)
    assert notifier(cloud).once() == 1
    assert notifier(cloud).once() == 0
    assert receiver.kinds() == ["handshake", "event-notification"]
    bundle = receiver.bundles[1]
    assert bundle["type"] == "history"
    assert _parameter(bundle, "eventsSinceSubscriptionStart") == "1"
    assert bundle["entry"][1]["resource"]["id"] == client.encounter
    assert bundle["entry"][1]["resource"]["status"] == "finished"
    uuid = identity.partition("_")[2]
    events = await client.read(f"Subscription/{_dashed(uuid)}/$events?content=id-only")
    assert [one.get("fullUrl") for one in events["entry"][1:]] == [
        f"http://cloud.test{BASE}/Encounter/{client.encounter}"
    ]
    assert "resource" not in events["entry"][1]
    assert (
        await client.get(f"Subscription/{_dashed(uuid)}/$events?content=all")
    ).status_code == 400
    with cloud.database.reading(now=cloud.clock()) as work:
        actions = list(work.session.scalars(select(AuditRow.action)))
    assert actions.count("notify") == 1


def _dashed(text: str) -> str:
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


async def test_what_is_not_taken_is_sent_again_and_in_the_end_is_in_error(
    alone: Hospital, receiver: Receiver
) -> None:
    cloud = alone.cloud
    identity = subscribe(cloud, receiver)
    notifier(cloud).once()
    receiver.status = 503
    hand_over(cloud, alone.encounter_id)
    for pause in PAUSES:
        assert notifier(cloud).once() == 1
        assert notifier(cloud).once() == 0
        cloud.clock.pass_(pause.total_seconds())
    assert notifier(cloud).once() == 1
    row = row_of(cloud, identity)
    assert (row.status, row.error) == ("error", "Not taken: status 503.")
    assert receiver.kinds() == ["handshake", *["event-notification"] * (len(PAUSES) + 1)]
    # The same octets but for the time they were sent at: whoever got one twice can tell.
    assert len({one["id"] for one in receiver.bundles[1:]}) == 1
    receiver.status = 204
    caller = replace(cloud.mine.caller, scopes=tuple(SCOPES))
    with cloud.database.begin(now=cloud.clock()) as work:
        row = service.find(work, caller, identity)
        wanted = Wanted(topic=row.topic, endpoint=row.endpoint, content=row.content)
        service.change(work, cloud.parts.vault, caller, row, wanted)
    for _ in range(2):
        notifier(cloud).once()
    assert receiver.kinds()[-2:] == ["handshake", "event-notification"]
    assert row_of(cloud, identity).delivered == 1


async def test_one_that_cannot_be_made_keeps_no_other_from_being_told(
    alone: Hospital, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    cloud = alone.cloud
    broken = subscribe(cloud, receiver)
    whole = subscribe(cloud, receiver)
    with cloud.database.begin(now=cloud.clock()) as work:
        row = work.session.get_one(SubscriptionRow, broken)
        row.sealed_headers = b"sealed by nobody"
    assert notifier(cloud).once() == 2
    assert row_of(cloud, whole).status == "active"
    assert row_of(cloud, broken).error == "It could not be made."
    assert receiver.kinds() == ["handshake"]
    # What broke may quote the record: no words of it, no traceback.
    (told,) = [one for one in caplog.records if "notification_not_made" in one.message]
    assert told.exc_info is None
    assert told.message.endswith("cause=VaultError")


async def test_heartbeats_filters_ends_and_rights(alone: Hospital, receiver: Receiver) -> None:
    cloud = alone.cloud
    cloud.clock.pass_(1)
    beating = subscribe(cloud, receiver, heartbeat_seconds=60)
    elsewhere = subscribe(cloud, receiver, criteria="Encounter?location=Location/v-QQ")
    here = subscribe(cloud, receiver, criteria=f"Encounter?_id={alone.encounter}")
    over = subscribe(cloud, receiver, ends_at=cloud.clock())
    created = subscribe(cloud, receiver, topic="encounter-created", content="empty")
    notifier(cloud).once()
    assert row_of(cloud, over).status == "off"
    cloud.clock.pass_(61)
    notifier(cloud).once()
    assert receiver.kinds() == [*["handshake"] * 4, "heartbeat"]
    fill(cloud, cloud.mine, incident="INC-2")
    hand_over(cloud, alone.encounter_id)
    notifier(cloud).once()
    told = {one: row_of(cloud, one).delivered for one in (beating, elsewhere, here, created)}
    assert told == {beating: 1, elsewhere: 0, here: 1, created: 1}
    bare = [one for one in receiver.bundles if len(one["entry"]) == 1]
    assert _parameter(bare[-1], "type") == "event-notification"
    grant(cloud, ["argus:devices:read"])
    cloud.clock.pass_(61)
    notifier(cloud).once()
    assert row_of(cloud, beating).status == "error"
    assert receiver.kinds().count("heartbeat") == 1
