"""A box joins a fleet, lives on its certificate, is configured, renewed and revoked from afar."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from edge.clock import SYSTEM_CLOCK, Clock
from edge.enrolment.identity import Identity
from edge.enrolment.joining import join
from edge.status.file import read_status
from tests.fixtures.fleet import Fleet, fleet
from tests.fixtures.gateway import Gateway
from tests.integration.test_cloud_programs import started
from tests.waiting import wait_until

SETTINGS = 'data = "{data}"\nlisten = ""\n'


def until(predicate: Callable[[], bool], what: str, seconds: float = 40) -> None:
    wait_until(predicate, timeout=seconds, what=what, every=0.1)


def link_of(data: Path, way: str) -> dict[str, object]:
    links = ((read_status(data) or {}).get("uplink") or {}).get("links", [])
    return next((link for link in links if link["way"] == way), {})


def membership_of(data: Path) -> dict[str, object]:
    return (read_status(data) or {}).get("membership") or {}


def test_a_box_joins_is_configured_renewed_and_revoked(tmp_path: Path) -> None:
    with fleet(tmp_path, started=started) as cloud:
        box, data = tmp_path / "edge", tmp_path / "edge" / "data"
        code = cloud.invite()
        done = cloud.enrol(data, code)
        assert done.returncode == 0, done.stderr
        again = cloud.enrol(tmp_path / "thief", code)
        assert again.returncode == 2
        assert "invalid_code" in again.stderr
        membership = Identity(data).membership()
        assert membership is not None
        gateway_id = membership.gateway_id
        assert gateway_id in done.stdout
        assert oct((data / "identity" / "gateway.pem").stat().st_mode & 0o777) == "0o600"

        edge = Gateway.start_with(box, SETTINGS.format(data=data))
        try:
            until(lambda: bool(link_of(data, "mqtt").get("is_up")), "MQTT by certificate")
            until(lambda: bool(link_of(data, "https").get("is_up")), "HTTPS by certificate")
            until(lambda: cloud.view(gateway_id).get("version") is not None, "a report")
            assert cloud.view(gateway_id)["link"] == "online"
            _configure(cloud, gateway_id, data)
            _renew(cloud, gateway_id, data)
            _revoke(cloud, gateway_id, data)
        finally:
            edge.stop()


def _configure(cloud: Fleet, gateway_id: str, data: Path) -> None:
    """A good configuration is kept, a senseless one refused."""
    base = f"/api/v1/gateways/{gateway_id}/configurations"
    uplink = cloud.configurations(gateway_id)[0]["settings"]["uplink"]
    good = {"vehicle_id": "AMB-8", "uplink": {**uplink, "keepalive_seconds": 21}}
    assert cloud.client.post(base, json={"settings": good}).status_code == 201
    until(lambda: cloud.configurations(gateway_id)[0]["status"] == "applied", "version 2")
    until(lambda: cloud.view(gateway_id)["vehicle_id"] == "AMB-8", "the other vehicle")
    bad = {**good, "uplink": {**uplink, "keepalive_seconds": -1}}
    assert cloud.client.post(base, json={"settings": bad}).status_code == 201
    until(lambda: cloud.configurations(gateway_id)[0]["status"] == "refused", "version 3")
    assert cloud.configurations(gateway_id)[0]["reason"] == "invalid_settings"
    assert membership_of(data)["configuration_version"] == 2


def _renew(cloud: Fleet, gateway_id: str, data: Path) -> None:
    before = Identity(data).certificate()
    path = f"/api/v1/gateways/{gateway_id}/commands"
    made = cloud.client.post(path, json={"kind": "credentials.renew"})
    assert made.status_code == 201, made.text
    until(lambda: Identity(data).certificate() != before, "another certificate")
    after = Identity(data).certificate()
    assert before is not None
    assert after is not None
    assert after.public_key() != before.public_key(), "with a key of its own"


def _revoke(cloud: Fleet, gateway_id: str, data: Path) -> None:
    pem = data / "identity" / "gateway.pem"
    assert token_status(cloud, gateway_id, pem) == 200
    path = f"/api/v1/gateways/{gateway_id}/revoke"
    assert cloud.client.post(path, json={"reason": "stolen"}).json()["status"] == "revoked"
    assert token_status(cloud, gateway_id, pem) == 400
    until(lambda: not link_of(data, "mqtt").get("is_up"), "the end of the session")
    until(lambda: not link_of(data, "https").get("is_up"), "the end of HTTPS")
    until(lambda: membership_of(data).get("revoked") == "stolen", "why")
    assert "revoked" in str(link_of(data, "https")["reason"])


def token_status(cloud: Fleet, gateway_id: str, pem: Path) -> int:
    """What the token endpoint says to the holder of a certificate."""
    context = ssl.create_default_context(cafile=cloud.authority)
    context.load_cert_chain(pem)
    form = {"grant_type": "client_credentials", "client_id": gateway_id}
    with httpx.Client(base_url=cloud.ready["http"], verify=context, timeout=60) as client:
        return client.post("/v1/oauth/token", data=form).status_code


def test_a_certificate_speaks_for_its_own_gateway_alone(tmp_path: Path) -> None:
    with fleet(tmp_path, started=started) as cloud:
        boxes = [tmp_path / name for name in ("one", "two")]
        in_1970 = Clock(utc=lambda: datetime(1970, 1, 1, tzinfo=UTC))
        for box, clock in zip(boxes, (SYSTEM_CLOCK, in_1970), strict=True):
            url, ca_file = cloud.ready["http"], str(cloud.authority)
            join(box, cloud=url, code=cloud.invite(), ca_file=ca_file, clock=clock)
        one, two = (Identity(box) for box in boxes)
        first, second = one.membership(), two.membership()
        assert first is not None
        assert second is not None
        pem = boxes[0] / "identity" / "gateway.pem"
        assert token_status(cloud, first.gateway_id, pem) == 200
        assert token_status(cloud, second.gateway_id, pem) == 401
        assert token_status(cloud, "gw_unknown", pem) == 401
        context = ssl.create_default_context(cafile=cloud.authority)
        context.load_cert_chain(pem)
        for user, client_id, will, admitted in (
            (first.gateway_id, first.gateway_id, None, True),
            (second.gateway_id, second.gateway_id, None, False),
            (first.gateway_id, second.gateway_id, None, False),
            ("ingest", "vitalwire-ingest", None, False),
        ):
            assert connects(cloud.ready["mqtts"], context, user, client_id, will) is admitted
        bound = token_of(cloud, first.gateway_id, context)
        with httpx.Client(base_url=cloud.ready["http"], verify=context, timeout=60) as client:
            headers = {"authorization": f"Bearer {bound}"}
            assert client.get("/v1/uplink/commands", headers=headers).status_code in (200, 204)
            assert client.get("/v1/uplink/commands").status_code in (200, 204)
        plain = ssl.create_default_context(cafile=cloud.authority)
        with httpx.Client(base_url=cloud.ready["http"], verify=plain, timeout=60) as client:
            stolen = client.get("/v1/uplink/commands", headers=headers)
            assert stolen.status_code == 401, "a token is good with its certificate only"
            assert client.get("/v1/uplink/commands").status_code == 401
        certificate = x509.load_pem_x509_certificate(pem.read_bytes())
        assert [part.value for part in certificate.subject] == [
            first.tenant_id,
            first.gateway_id,
        ]


def token_of(cloud: Fleet, gateway_id: str, context: ssl.SSLContext) -> str:
    form = {"grant_type": "client_credentials", "client_id": gateway_id}
    with httpx.Client(base_url=cloud.ready["http"], verify=context, timeout=60) as client:
        return str(client.post("/v1/oauth/token", data=form).json()["access_token"])


def connects(
    url: str, context: ssl.SSLContext, user: str, client_id: str, will: str | None
) -> bool:
    """Whether the broker lets a client in that shows the certificate and no password."""
    host, _, port = url.removeprefix("mqtts://").partition(":")
    flags, payload = 0x82 if will is None else 0x86, _text(client_id)
    if will is not None:
        payload += _text(will) + _text("gone")
    body = _text("MQTT") + bytes([4, flags, 0, 60]) + payload + _text(user)
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname=host) as line,
    ):
        line.sendall(bytes([0x10, len(body)]) + body)
        answer = line.recv(4)
    return answer == b"\x20\x02\x00\x00"


def _text(value: str) -> bytes:
    octets = value.encode()
    return len(octets).to_bytes(2) + octets


@pytest.mark.soak
def test_a_configuration_that_cuts_the_gateway_off_is_rolled_back(tmp_path: Path) -> None:
    with fleet(tmp_path, started=started) as cloud:
        box, data = tmp_path / "edge", tmp_path / "edge" / "data"
        assert cloud.enrol(data, cloud.invite()).returncode == 0
        membership = Identity(data).membership()
        assert membership is not None
        gateway_id = membership.gateway_id
        edge = Gateway.start_with(
            box, SETTINGS.format(data=data) + "[enrolment]\ntrial_seconds = 5\n"
        )
        try:
            until(lambda: cloud.view(gateway_id).get("version") is not None, "a report")
            nowhere = {"mqtt_url": "mqtts://127.0.0.1:1", "http_url": "https://127.0.0.1:1"}
            base = f"/api/v1/gateways/{gateway_id}/configurations"
            cloud.client.post(base, json={"settings": {"uplink": nowhere}})
            until(lambda: membership_of(data).get("configuration_on_trial") is True, "a trial")
            edge.kill()
            edge = Gateway.start_with(
                box, SETTINGS.format(data=data) + "[enrolment]\ntrial_seconds = 5\n"
            )
            until(lambda: cloud.configurations(gateway_id)[0]["status"] == "rolled_back", "it")
            assert cloud.configurations(gateway_id)[0]["reason"] == "cloud_not_reached"
            until(lambda: membership_of(data).get("configuration_version") == 1, "the good one")
            uplink = cloud.configurations(gateway_id)[-1]["settings"]["uplink"]
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                taken.listen()
                listen = f"tcp:127.0.0.1:{taken.getsockname()[1]}"
                cloud.client.post(base, json={"settings": {"uplink": uplink, "listen": listen}})
                until(
                    lambda: cloud.configurations(gateway_id)[0].get("reason") == "does_not_start",
                    "the end of what does not start",
                )
            until(lambda: membership_of(data).get("configuration_version") == 1, "the good one")
        finally:
            edge.stop()
