"""A client's own certificate over our own TLS, and over a proxy, in a running service."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from cloud.__main__ import main
from cloud.app.client_trust import ClientTrust, trusting_clients
from cloud.core.authorization.applications import application
from cloud.core.authorization.client_certificates import add_certificate
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import utc_now
from tests.fixtures.administration import CLIENTS
from tests.fixtures.client_certificates import ClientCertificate, client_certificate
from tests.fixtures.cloud import Installation
from tests.fixtures.fleet import Fleet, fleet
from tests.integration.test_cloud_programs import started
from tests.waiting import wait_until

TOKEN = "/v1/auth/oauth/token"


def signed_in(cloud: Fleet) -> dict[str, str]:
    """The administrator's headers at the clinical door."""
    tenant = cloud.tenant
    pair = (tenant.admin_client_id, tenant.admin_client_secret)
    answer = httpx.post(
        f"{cloud.ready['http']}{TOKEN}",
        data={"grant_type": "client_credentials"},
        auth=pair,
        verify=ssl.create_default_context(cafile=cloud.authority),
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def client_of(cloud: Fleet, folder: Path, one: ClientCertificate | None) -> httpx.Client:
    """A client that shows a certificate in its handshake."""
    context = ssl.create_default_context(cafile=cloud.authority)
    if one is not None:
        path = folder / f"{one.certificate.serial_number}.pem"
        path.write_text(one.pem + one.key_pem, encoding="utf-8")
        context.load_cert_chain(path)
    return httpx.Client(base_url=cloud.ready["http"], verify=context, timeout=60)


def ask(client: httpx.Client, made: dict[str, Any], *, secret: bool = False) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_id": made["client_id"]}
    if secret:
        form["client_secret"] = made["client_secret"]
    return client.post(TOKEN, data=form)


def is_let_in(cloud: Fleet, folder: Path, one: ClientCertificate, made: dict[str, Any]) -> bool:
    with client_of(cloud, folder, one) as client:
        try:
            return ask(client, made).status_code == 200
        except httpx.TransportError:
            return False


def test_a_registered_certificate_passes_the_handshake_and_binds_its_tokens(
    tmp_path: Path,
) -> None:
    own, strange = (client_certificate(begins=utc_now()) for _ in range(2))
    with fleet(tmp_path, started=started) as cloud:
        cloud.client.event_hooks = {"request": []}
        headers = signed_in(cloud)
        body = {
            "name": "Record system",
            "org_id": str(uuid_of(cloud.tenant.tenant_id)),
            "product_id": str(uuid_of(cloud.tenant.product_id)),
            "scopes": ["clients:admin"],
        }
        made = cloud.client.post(CLIENTS, json=body, headers=headers).json()
        path = f"{CLIENTS}/{made['id']}"
        registered = cloud.client.post(
            f"{path}/certificates", json={"certificate_pem": own.pem}, headers=headers
        )
        assert registered.status_code == 201, registered.text
        wait_until(lambda: is_let_in(cloud, tmp_path, own, made), timeout=60, what="the handshake")
        with client_of(cloud, tmp_path, own) as client:
            bound = {"Authorization": f"Bearer {ask(client, made).json()['access_token']}"}
            assert client.get(path, headers=bound).status_code == 200
        with client_of(cloud, tmp_path, None) as client:
            assert client.get(path, headers=bound).status_code == 401
            assert ask(client, made, secret=True).json()["error"] == "mtls_required"
            forged = {"X-Forwarded-Client-Cert": quote(own.pem), **bound}
            assert client.get(path, headers=forged).status_code == 401
        assert not is_let_in(cloud, tmp_path, strange, made)
        ended = cloud.client.delete(
            f"{path}/certificates/{registered.json()['id']}", headers=headers
        )
        assert ended.json()["certificate_only"] is False
        with client_of(cloud, tmp_path, own) as client:
            assert ask(client, made).json()["error"] == "invalid_client"
            assert ask(client, made, secret=True).status_code == 200


def test_a_certificate_header_without_listed_proxies_does_not_even_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_CLIENT_CERTIFICATE_HEADER", "X-Forwarded-Client-Cert")
    assert main(["serve", "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "client_certificate_header" in error
    assert "trusted_proxies must list" in error


def test_what_is_registered_becomes_an_anchor_once_and_what_is_spoilt_harms_nothing(
    embedded: Installation,
) -> None:
    mine, parts = embedded.mine, embedded.parts
    operator = service_principal(mine.tenant_id, "operator")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trusting_clients(parts, context), trusting_clients(parts, None):
        assert context.cert_store_stats()["x509"] == 0
    trust = ClientTrust(parts, context)
    for number in (1, 2):
        with embedded.database.begin(now=embedded.clock()) as work:
            row = application(work, operator, mine.client_id)
            pem = client_certificate(begins=embedded.clock()).pem
            made = add_certificate(work, row, pem=pem)
        for _ in range(2):
            trust.look()
        assert context.cert_store_stats()["x509"] == number
    with embedded.database.begin(now=embedded.clock()) as work:
        spoilt = add_certificate(work, row, pem=client_certificate().pem)
        work.session.flush()
        spoilt.pem = made.pem.replace("MII", "AAA", 1)
        work.session.add(spoilt)
    trust.look()
    assert context.cert_store_stats()["x509"] == 2
