"""Addresses that lead into our own network: refused wherever one can be registered, and left alone
where a name came to lead there afterwards.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cloud.core.kernel.addresses import Address, read_address
from cloud.core.kernel.outbound import LookupFailedError, OutboundPolicy
from cloud.worker.notifications import Notifier
from tests.fixtures.administration import APPS, Administrator, administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import FACILITY
from tests.fixtures.integrators import NEW, WEBHOOKS, integrator, look_up_by
from tests.fixtures.receivers import answer, keeping, receiving
from tests.integration.fhir_rest.conftest import BASE
from tests.integration.fhir_rest.test_subscriptions import SCOPES, channel, grant, resource
from tests.integration.test_jobs_api import EXPORT

INTEGRATING = ("webhooks:write", "argus:jobs:write", "argus:epcr:read")
CONNECTIONS = "/api/v1/epcr/hospital-connections"
INSIDE = (
    "https://127.1/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://2130706433/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://169.254.169.254/latest",
    "https://0.0.0.0/",
    "https://localhost./",
    "https://metadata.google.internal/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://127%2e0.0.1/",
    "https://user@hook.example/",
    "https://hook.example\\@127.0.0.1/",
    "https://hook.example:22/",
    "http://hook.example/",
    "https://inside.example/",
    "https://mixed.example/",
)


@dataclass(slots=True)
class Names:
    """A resolver of names that may move."""

    known: dict[str, list[str]] = field(
        default_factory=lambda: {
            "hook.example": ["8.8.8.8"],
            "inside.example": ["10.0.0.1"],
            "mixed.example": ["8.8.8.8", "2606:4700::1111", "fd00::1"],
        }
    )

    def __call__(self, host: str, _seconds: float) -> Sequence[Address]:
        addresses = [read_address(text) for text in self.known.get(host, [])]
        if not addresses:
            raise LookupFailedError("the name cannot be looked up", "no_such_name")
        return [one for one in addresses if one is not None]


@pytest.fixture
def names() -> Names:
    return Names()


@pytest.fixture
def policy(embedded: Installation, names: Names) -> OutboundPolicy:
    """Nothing is opened; names lead where the test says."""
    return replace(embedded.parts.outbound, resolver=names)


@pytest.fixture
async def admin(embedded: Installation, policy: OutboundPolicy) -> AsyncIterator[Administrator]:
    services = embedded.app.state.services
    embedded.app.state.services = replace(services, outbound=policy)
    async with embedded.client() as http:
        yield await administrator(embedded, http)


def hospital(address: str, **more: object) -> dict[str, object]:
    return {
        "facility_id": FACILITY,
        "name": "General",
        "kind": "fhir",
        "address": address,
        **more,
    }


def application(jwks_uri: str) -> dict[str, object]:
    return {
        "name": "Board",
        "grant_types": ["client_credentials"],
        "redirect_uris": [],
        "requested_scopes": ["argus:epcr:read"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": jwks_uri,
    }


async def subscriber(admin: Administrator) -> dict[str, str]:
    grant(admin.cloud, SCOPES)
    return await admin.cloud.headers(admin.http)


async def test_every_form_is_refused_wherever_an_address_is_registered(
    admin: Administrator, embedded: Installation, names: Names
) -> None:
    headers = await subscriber(admin)
    app = await integrator(embedded, admin.http, scopes=INTEGRATING)
    look_up_by(embedded, names)
    token = {"kind": "client_credentials", "client_id": "us", "secret": "s3cret"}
    for url in INSIDE:
        given: list[tuple[str, str, dict[str, str], Any]] = [
            ("POST", CONNECTIONS, admin.headers, hospital(url)),
            (
                "POST",
                CONNECTIONS,
                admin.headers,
                hospital("https://hook.example/", access={**token, "token_url": url}),
            ),
            ("POST", APPS, admin.headers, application(url)),
            ("POST", f"{BASE}/Subscription", headers, resource(**channel(endpoint=url))),
            ("POST", WEBHOOKS, app.headers, {**NEW, "url": url}),
            ("POST", "/v1/jobs", app.headers, {**EXPORT, "callback_url": url}),
        ]
        for method, path, who, body in given:
            refused = await admin.http.request(method, path, headers=who, json=body)
            assert refused.status_code == 422, (url, path, refused.text)
            assert "example" not in refused.json().get("message", "")
    text = (await admin.http.get("/metrics")).text
    assert 'vitalwire_outbound_total{outcome="network",what="check"}' in text
    assert embedded.parts.registry.get_sample_value(
        "vitalwire_outbound_total", {"what": "check", "outcome": "number_form"}
    )


async def test_an_address_that_is_changed_is_checked_like_a_new_one(admin: Administrator) -> None:
    headers = await subscriber(admin)
    connection = await admin.made(CONNECTIONS, hospital("https://hook.example/"))
    made = await admin.made(APPS, application("https://hook.example/keys"))
    subscription = await admin.http.post(
        f"{BASE}/Subscription",
        json=resource(**channel(endpoint="https://hook.example/in")),
        headers=headers,
    )
    assert subscription.status_code == 201, subscription.text
    where = f"{BASE}/Subscription/{subscription.json()['id']}"
    for url in ("https://inside.example/", "https://127.1/", "https://mixed.example/"):
        for path, body in (
            (f"{CONNECTIONS}/{connection['id']}", {"address": url}),
            (f"{APPS}/{made['client_id']}", {"jwks_uri": url}),
        ):
            assert (await admin.ask("PATCH", path, body)).status_code == 422, (path, url)
        refused = await admin.http.put(
            where,
            json=resource(**channel(endpoint=url)),
            headers={**headers, "If-Match": subscription.headers["etag"]},
        )
        assert refused.status_code == 422
    unknown = {"address": "https://nobody.example/"}
    path = f"{CONNECTIONS}/{connection['id']}"
    assert (await admin.ask("PATCH", path, unknown)).status_code == 200


async def test_names_that_move_inside_are_not_called_any_more(
    admin: Administrator, names: Names, policy: OutboundPolicy
) -> None:
    headers = await subscriber(admin)
    fhir = await admin.made(CONNECTIONS, hospital("https://hook.example:8443/fhir"))
    with receiving(keeping(answer())) as receiver:
        lab = hospital(f"mllps://hook.example:{receiver.port}", kind="mllp")
        mllp = await admin.made(CONNECTIONS, lab)
        subscription = await admin.http.post(
            f"{BASE}/Subscription",
            json=resource(**channel(endpoint="https://hook.example:8443/in")),
            headers=headers,
        )
        for turn in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"]):
            names.known["hook.example"] = turn
            for made in (fhir, mllp):
                trial = await admin.ask("POST", f"{CONNECTIONS}/{made['id']}/test")
                assert trial.json()["reason"] == "address_refused"
        notifier = Notifier(
            database=admin.cloud.database,
            vault=admin.cloud.parts.vault,
            clock=admin.cloud.clock,
            outbound=policy,
        )
        assert notifier.once() == 1
        assert receiver.connections == 0
    where = f"{BASE}/Subscription/{subscription.json()['id']}"
    told = (await admin.http.get(where, headers=headers)).json()["error"]
    assert told == "Not delivered: the address leads into a network that is not called."


def test_what_is_counted_is_there_before_anything_happens(embedded: Installation) -> None:
    value = embedded.parts.registry.get_sample_value
    labels = {"what": "call", "outcome": "network"}
    assert value("vitalwire_outbound_total", labels) == 0
    embedded.parts.outbound.ear("call", "network")
    assert value("vitalwire_outbound_total", labels) == 1
