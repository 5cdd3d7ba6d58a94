"""The fleet over the API: invitations, joining, the view, configurations, revocation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509.oid import NameOID
from joserfc import jws
from joserfc.jwk import ECKey

from cloud.core.devices import commands, fleet
from cloud.core.devices.answers import take_answer
from cloud.core.devices.certificates import gateway_of_certificate
from cloud.core.devices.gateways import known_gateway
from cloud.core.devices.reports import note_link
from cloud.core.kernel.errors import ThrottledError
from cloud.core.kernel.principal import gateway_principal
from cloud.worker.outbox_relay import relay_once
from cloud.worker.runner import FOLLOWERS
from protocols.uplink.command_codec import decode_command
from protocols.uplink.commands import (
    ApplyConfiguration,
    CertificateRequest,
    CommandAnswer,
    DeviceEnrolment,
    GatewayReport,
    InstallCertificate,
    ListDevices,
    Outcome,
    ReadClock,
    Revoke,
)
from protocols.uplink.signed import parse_signed
from tests.fixtures.cloud import Installation

PATH = "/api/v1/gateways"


def request_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    """A signing request that claims to be somebody else."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gw_somebody_else")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


async def admin(cloud: Installation, client: httpx.AsyncClient) -> dict[str, str]:
    mine = cloud.mine
    return await cloud.token(client, mine.admin_client_id, mine.admin_client_secret)


async def joined(
    cloud: Installation, client: httpx.AsyncClient, **more: object
) -> tuple[dict[str, Any], ec.EllipticCurvePrivateKey]:
    """A gateway that joined with a fresh code, and its key."""
    body = {"name": "Box 7", "vehicle_id": "AMB-7", **more}
    headers = await admin(cloud, client)
    made = await client.post(f"{PATH}/invitations", json=body, headers=headers)
    assert made.status_code == 201, made.text
    key = ec.generate_private_key(ec.SECP256R1())
    answer = await client.post(
        "/v1/gateways/enrol", json={"code": made.json()["code"], "request": request_of(key)}
    )
    assert answer.status_code == 201, answer.text
    return answer.json(), key


def der(pem: str) -> bytes:
    return x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)


async def test_a_gateway_joins_once_and_its_certificate_says_who_it_is(
    cloud: Installation,
) -> None:
    async with cloud.client() as client:
        headers = await admin(cloud, client)
        body = {"name": "Box 7", "vehicle_id": "AMB-7"}
        made = await client.post(f"{PATH}/invitations", json=body, headers=headers)
        code = made.json()["code"]
        key = ec.generate_private_key(ec.SECP256R1())
        ask = {"code": code.lower().replace("-", " "), "request": request_of(key)}
        first = await client.post("/v1/gateways/enrol", json=ask)
        assert first.status_code == 201, first.text
        again = await client.post("/v1/gateways/enrol", json=ask)
        assert (again.status_code, again.json()["error"]) == (403, "invalid_code")
        found = first.json()
        shown = await client.get(
            f"{PATH}/{found['gateway_id']}", headers=await cloud.headers(client)
        )
    certificate = x509.load_pem_x509_certificate(found["certificate"].encode())
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == found["gateway_id"], "whatever the request says"
    certificate.verify_directly_issued_by(
        x509.load_pem_x509_certificate(found["authority"].encode())
    )
    with cloud.database.reading(now=cloud.clock()) as work:
        gateway = gateway_of_certificate(work, der(found["certificate"]))
    assert gateway is not None
    assert (gateway.tenant_id, gateway.gateway_id) == (found["tenant_id"], found["gateway_id"])
    assert gateway.tenant_id == cloud.mine.tenant_id
    view = shown.json()
    assert (view["vehicle_id"], view["status"], view["name"]) == ("AMB-7", "approved", "Box 7")
    assert view["certificate_ends_at"] > view["created_at"]
    payload = jws.deserialize_compact(
        found["configuration"], ECKey.import_key(found["configuration_key"]), algorithms=["ES256"]
    ).payload
    assert b'"vehicle_id":"AMB-7"' in payload
    assert load_pem_public_key(found["configuration_key"].encode())
    assert parse_signed(found["configuration"]).key_id == found["configuration_key_id"]


async def test_a_code_is_no_good_once_its_time_is_over_or_with_a_request_that_is_none(
    embedded: Installation,
) -> None:
    async with embedded.client() as client:
        headers = await admin(embedded, client)
        body = {"name": "Box", "vehicle_id": "A-1", "minutes": 5}
        made = await client.post(f"{PATH}/invitations", json=body, headers=headers)
        code = made.json()["code"]
        good = request_of(ec.generate_private_key(ec.SECP256R1()))
        for spoilt in (
            "x",
            "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----",
            request_of(ec.generate_private_key(ec.SECP384R1())),
            request_of(rsa.generate_private_key(65537, 2048)),
        ):
            answer = await client.post("/v1/gateways/enrol", json={"code": code, "request": spoilt})
            assert (answer.status_code, answer.json()["error"]) == (422, "invalid_request_key")
        embedded.clock.pass_(301)
        answer = await client.post("/v1/gateways/enrol", json={"code": code, "request": good})
        assert answer.json()["error"] == "invalid_code"


async def test_guessing_codes_is_slowed_down(embedded: Installation) -> None:
    ask = {"code": "2222-2222-2222-2222", "request": "x"}
    async with embedded.client() as client:
        answers = [(await client.post("/v1/gateways/enrol", json=ask)) for _ in range(21)]
    statuses = [answer.status_code for answer in answers]
    # A minute may end under way, which gives ten more.
    assert statuses[:10] == [403] * 10
    assert statuses[-1] == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_only_administrators_invite_revoke_and_configure_and_only_their_own(
    embedded: Installation,
) -> None:
    other = embedded.other.gateway_id
    calls: tuple[tuple[str, dict[str, object]], ...] = (
        (f"{PATH}/invitations", {"name": "x", "vehicle_id": "A-1"}),
        (f"{PATH}/{other}/revoke", {}),
        (f"{PATH}/{other}/configurations", {"settings": {}}),
    )
    async with embedded.client() as client:
        plain, privileged = await embedded.headers(client), await admin(embedded, client)
        for path, body in calls:
            assert (await client.post(path, json=body, headers=plain)).status_code == 403
        for path, body in calls[1:]:
            assert (await client.post(path, json=body, headers=privileged)).status_code == 404
        foreign = {"name": "x", "vehicle_id": "A-1", "gateway_id": other}
        answer = await client.post(f"{PATH}/invitations", json=foreign, headers=privileged)
        assert answer.status_code == 404
        bad = {"name": "x", "vehicle_id": "a/b"}
        answer = await client.post(f"{PATH}/invitations", json=bad, headers=privileged)
        assert answer.json()["error"] == "invalid_vehicle"
        listing = await client.get(PATH, headers=plain)
    assert [one["id"] for one in listing.json()["gateways"]] == [embedded.mine.gateway_id]


async def test_a_new_box_takes_the_place_of_the_old_one(embedded: Installation) -> None:
    async with embedded.client() as client:
        old, _ = await joined(embedded, client)
        new, _ = await joined(embedded, client, gateway_id=old["gateway_id"], vehicle_id="AMB-8")
    assert new["gateway_id"] == old["gateway_id"]
    assert parse_signed(new["configuration"]).version == 2
    with embedded.database.reading(now=embedded.clock()) as work:
        assert gateway_of_certificate(work, der(old["certificate"])) is None
        assert gateway_of_certificate(work, der(new["certificate"])) is not None


async def test_a_revoked_gateway_is_told_and_heard_no_more(embedded: Installation) -> None:
    async with embedded.client() as client:
        found, _ = await joined(embedded, client)
        gateway_id = found["gateway_id"]
        headers = await admin(embedded, client)
        for _ in range(2):
            answer = await client.post(
                f"{PATH}/{gateway_id}/revoke", json={"reason": "stolen"}, headers=headers
            )
            assert answer.json()["status"] == "revoked"
        plain = await embedded.headers(client)
        refused = await client.post(
            f"{PATH}/{gateway_id}/commands", json={"kind": "clock.read"}, headers=plain
        )
    assert (refused.status_code, refused.json()["error"]) == (409, "gateway_revoked")
    gateway = gateway_principal(tenant_id=embedded.mine.tenant_id, gateway_id=gateway_id)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert gateway_of_certificate(work, der(found["certificate"])) is None
        assert known_gateway(work, tenant_id=gateway.tenant_id, gateway_id=gateway_id) is None
        (last,) = commands.claim_due(work, gateway=gateway)
    assert decode_command(last.octets).request == Revoke(reason="stolen")


async def test_a_configuration_is_signed_sent_and_judged(embedded: Installation) -> None:
    mine = embedded.mine
    base = f"{PATH}/{mine.gateway_id}/configurations"
    async with embedded.client() as client:
        headers = await admin(embedded, client)
        for settings, reason in (
            ({"gateway_secret": "x"}, "setting_of_the_box"),
            ({"x": "y" * 70_000}, "settings_too_large"),
        ):
            refused = await client.post(base, json={"settings": settings}, headers=headers)
            assert (refused.status_code, refused.json()["error"]) == (422, reason)
        wanted = {"settings": {"uplink": {"keepalive_seconds": 20}}}
        first = await client.post(base, json=wanted, headers=headers)
        embedded.clock.pass_(1)
        second = await client.post(base, json=wanted, headers=headers)
        assert [first.json()["version"], second.json()["version"]] == [1, 2]
        with embedded.database.begin(now=embedded.clock()) as work:
            due = commands.claim_due(work, gateway=mine.gateway)
            for one, outcome in zip(due, (Outcome.FAILED, Outcome.DONE), strict=True):
                command = decode_command(one.octets)
                assert isinstance(command.request, ApplyConfiguration)
                answer = CommandAnswer(
                    command_id=command.command_id,
                    outcome=outcome,
                    at=embedded.clock(),
                    reason="" if outcome is Outcome.DONE else "no_way_up",
                )
                said = take_answer(work, embedded.parts.vault, mine.gateway, answer)
                assert said == outcome.value
                assert take_answer(work, embedded.parts.vault, mine.gateway, answer) == "repeated"
        listing = await client.get(base, headers=headers)
    rows = listing.json()["configurations"]
    assert [(row["version"], row["status"], row.get("reason")) for row in rows] == [
        (2, "applied", None),
        (1, "rolled_back", "no_way_up"),
    ]


def test_a_request_for_a_certificate_brings_one_whatever_is_repeated(
    embedded: Installation,
) -> None:
    mine, vault = embedded.mine, embedded.parts.vault
    key = ec.generate_private_key(ec.SECP256R1())
    request = CertificateRequest(at=embedded.clock(), request=request_of(key))
    spoilt = CertificateRequest(at=embedded.clock(), request="x")
    with embedded.database.begin(now=embedded.clock()) as work:
        assert take_answer(work, vault, mine.gateway, request) == "certificate"
        assert take_answer(work, vault, mine.gateway, request) == "certificate"
        assert take_answer(work, vault, mine.gateway, spoilt) == "certificate_refused"
        (due,) = commands.claim_due(work, gateway=mine.gateway)
        sent = decode_command(due.octets).request
        assert isinstance(sent, InstallCertificate)
        gateway = gateway_of_certificate(work, der(sent.certificate))
    assert gateway == mine.gateway
    embedded.clock.pass_(91 * 86_400)
    with embedded.database.reading(now=embedded.clock()) as work:
        assert gateway_of_certificate(work, der(sent.certificate)) is None, "its time is over"
        assert gateway_of_certificate(work, b"no certificate") is None


async def test_the_view_shows_link_version_backlog_and_age(embedded: Installation) -> None:
    mine = embedded.mine
    now = embedded.clock()
    report = GatewayReport(
        at=now,
        version="0.1.0",
        vehicle_id="AMB-9",
        configuration_version=4,
        backlog_rows=12,
        oldest_at=now - timedelta(minutes=3),
    )
    older = GatewayReport(at=now - timedelta(hours=1), version="0.0.9", vehicle_id="?/?")
    with embedded.database.begin(now=now) as work:
        note_link(work, mine.gateway, is_online=True, at=now)
        for one in (report, older):
            take_answer(work, embedded.parts.vault, mine.gateway, one)
        totals = fleet.totals(work)
    async with embedded.client() as client:
        view = (
            await client.get(f"{PATH}/{mine.gateway_id}", headers=await embedded.headers(client))
        ).json()
    assert (view["link"], view["version"], view["vehicle_id"]) == ("online", "0.1.0", "AMB-9")
    assert (view["backlog_rows"], view["backlog_age_seconds"]) == (12, 180)
    assert view["configuration_version"] == 4
    async with embedded.client() as client:
        figures = (await client.get("/metrics")).text
    assert 'vitalwire_gateways{what="backlog_rows"} 12.0' in figures
    assert "vitalwire_certificate_seconds_left NaN" in figures
    assert totals == {
        "reporting": 1,
        "online": 1,
        "backlog_rows": 12,
        "oldest_backlog_seconds": 180,
    }


def test_devices_enrolled_on_board_come_back_in_every_gateways_list(
    embedded: Installation,
) -> None:
    mine, vault = embedded.mine, embedded.parts.vault
    good = DeviceEnrolment(
        enrolment_id=uuid4(),
        at=embedded.clock(),
        serial_number="S-1",
        manufacturer="Acme",
        device_class="oximeter",
        system_id="0102030405060708",
    )
    spoilt = DeviceEnrolment(
        enrolment_id=uuid4(),
        at=embedded.clock(),
        serial_number="S-2",
        manufacturer="Acme",
        device_class="toaster",
    )
    with embedded.database.begin(now=embedded.clock()) as work:
        said = [take_answer(work, vault, mine.gateway, one) for one in (good, spoilt, good)]
        assert said == ["enrolment", "enrolment", "repeated"]
        (due,) = commands.claim_due(work, gateway=mine.gateway)
        listed = decode_command(due.octets).request
        assert isinstance(listed, ListDevices)
    assert set(listed.settled) == {good.enrolment_id, spoilt.enrolment_id}
    assert [(one.system_id, one.serial_number) for one in listed.devices] == [
        ("0102030405060708", "S-1")
    ]
    relay_once(embedded.database, embedded.clock, [], FOLLOWERS)
    with embedded.database.begin(now=embedded.clock()) as work:
        (again,) = commands.claim_due(work, gateway=mine.gateway)
        assert decode_command(again.octets).kind == "devices.list"


def test_commands_expire_and_a_gateway_has_only_so_many(embedded: Installation) -> None:
    mine = embedded.mine
    with embedded.database.begin(now=embedded.clock()) as work:
        for _ in range(commands.MOST_OPEN):
            commands.queue(work, mine.caller, mine.gateway_id, ReadClock())
        with pytest.raises(ThrottledError):
            commands.queue(work, mine.caller, mine.gateway_id, ReadClock())
        assert commands.open_by_kind(work) == {"clock.read": commands.MOST_OPEN}
        assert commands.expire(work) == 0
    embedded.clock.pass_(86_401)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert commands.expire(work) == commands.MOST_OPEN
        assert commands.claim_due(work) == []
        rows = commands.commands(work, mine.caller, mine.gateway_id, status="expired", limit=1)
        assert rows[0].reason == "never_answered"
