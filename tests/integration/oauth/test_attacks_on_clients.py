"""Attacks on how clients prove themselves; the number of each is that of the threat list."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.app.composition import create_app
from cloud.core.authorization import client_secrets
from cloud.core.authorization.client_authentication import ASSERTION_TYPE
from cloud.core.authorization.profiles import NONE, PRIVATE_KEY_JWT, SECRET_BASIC
from cloud.core.authorization.secrets import hash_secret
from cloud.core.authorization.tables import ApplicationRow
from cloud.settings import CloudSettings, SettingsFaultError, read_settings
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import ISSUER, START, Installation
from tests.fixtures.oauth import SECRET, Client, People, showing
from tests.fixtures.quick_hashes import set_secret_hash
from tests.fixtures.signed import assertion, key_set, new_key

GRANT = {"grant_type": "client_credentials"}
NOW = int(START.timestamp())
DEVICES = "/api/v1/devices"


async def by_assertion(
    http: httpx.AsyncClient, client: Client, text: str, **more: str
) -> httpx.Response:
    form = {**GRANT, "client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **more}
    return await http.post(client.token_path, data=form)


async def test_client_assertions_of_another_kind(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 18: wrong aud, too long a life, used before, another's, stale key: 401."""
    old, key = new_key("old"), new_key("new")
    client = people.client(embedded.mine.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key))
    other = people.client(
        embedded.other.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks=key_set(new_key("new"))
    )
    name = client.client_id

    def made(audience: object = ISSUER, **changes: object) -> str:
        header = changes.pop("header", None)
        head = header if isinstance(header, dict) else None
        return assertion(name, key, audience, START, header=head, **changes)

    used = made()
    assert (await by_assertion(http, client, used)).status_code == 200
    texts = {
        "used before": used,
        "aud of another endpoint": made(ISSUER + "/oauth/token"),
        "aud of another server": made("https://evil.test"),
        "two aud": made([ISSUER, ISSUER + client.token_path]),
        "no aud": made(None),
        "aud nothing": made([]),
        "six minutes": made(exp=NOW + 360),
        "no exp": made(exp=None),
        "exp a text": made(exp=str(NOW + 60)),
        "past": made(exp=NOW - 11),
        "not yet": made(nbf=NOW + 60),
        "made tomorrow": made(iat=NOW + 86_400),
        "no jti": made(jti=None),
        "empty jti": made(jti=""),
        "other's sub": made(sub=other.client_id),
        "other's iss": made(iss=other.client_id),
        "other's both": made(sub=other.client_id, iss=other.client_id),
        "unknown client": made(sub="app_none", iss="app_none"),
        "stale kid": assertion(name, old, ISSUER, START),
        "stale key under a good kid": assertion(name, old, ISSUER, START, header={"kid": "new"}),
        "no kid": made(header={"kid": None}),
        "kid a number": made(header={"kid": 7}),
        "a DPoP proof's type": made(header={"typ": "dpop+jwt"}),
        "an access token's type": made(header={"typ": "at+jwt"}),
        "type a list": made(header={"typ": ["JWT"]}),
        "crit": made(header={"crit": ["exp"]}),
        "jwk inside": assertion(name, old, ISSUER, START, header={"jwk": key_set(old)["keys"][0]}),
        "not a JWT": "abc",
        "too long": made(jti="j" * 9000),
        "sub half a character": made(sub="\ud800"),
        "jti half a character": made(jti="\ud800"),
        "jti with NUL": made(jti="a\x00"),
        "kid half a character": made(header={"kid": "\ud800"}),
    }
    for why, text in texts.items():
        answer = await by_assertion(http, client, text)
        assert (why, answer.status_code) == (why, 401)
        assert answer.json()["error"] == "invalid_client"
    named = await by_assertion(http, client, made(), client_id=other.client_id)
    assert (named.status_code, named.json()["error"]) == (401, "invalid_client")
    form = {**GRANT, "client_assertion_type": "other", "client_assertion": made()}
    assert (await http.post(client.token_path, data=form)).status_code == 401


async def test_an_assertion_is_used_up_even_where_the_request_is_refused(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 18: a refusal keeps that its proof was used."""
    key = new_key("k")
    client = people.client(embedded.mine.tenant_id, methods=(PRIVATE_KEY_JWT,), jwks=key_set(key))
    text = assertion(client.client_id, key, ISSUER, START)
    refused = await by_assertion(http, client, text, scope="argus:nothing")
    assert refused.json()["error"] == "invalid_scope"
    assert (await by_assertion(http, client, text)).status_code == 401


async def test_two_ways_at_once_and_secrets_in_the_query(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 19: 400 for two proofs of one client, 400 or 401 for a secret in the address."""
    key = new_key("k")
    client = people.client(
        embedded.mine.tenant_id,
        methods=(PRIVATE_KEY_JWT, SECRET_BASIC),
        jwks=key_set(key),
    )
    text = assertion(client.client_id, key, ISSUER, START)
    form = {**GRANT, "client_assertion_type": ASSERTION_TYPE, "client_assertion": text}
    both = await http.post(client.token_path, data=form, auth=client.auth)
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    twice = await http.post(client.token_path, data={**GRANT, **client.form}, auth=client.auth)
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    query = f"{client.token_path}?client_id={client.client_id}&client_secret=x"
    assert (await http.post(query, data=GRANT)).status_code == 400
    headers = [("Authorization", f"Basic {encoded}") for encoded in ("YTpi", "YTpj")]
    pair = await http.post(client.token_path, data=GRANT, headers=headers)
    assert pair.status_code == 400
    posted = await http.post(client.token_path, data={**GRANT, **client.form})
    assert (posted.status_code, posted.json()["error"]) == (401, "invalid_client")


async def test_certificates_of_others(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 20: no certificate, another, the same name on another key, an expired one, one in a
    header: 401.
    """
    client = people.client(embedded.mine.tenant_id)
    right, twin = (client_certificate().der for _ in range(2))
    old, withdrawn = (client_certificate(days=days).der for days in (0, 365))
    people.certificate(client, right)
    people.certificate(client, old)
    people.certificate(client, withdrawn, status="revoked")
    form = {**GRANT, "client_id": client.client_id}
    embedded.clock.pass_(1)
    async with showing(embedded.app, right, issuer=ISSUER) as holder:
        token = (await holder.post(client.token_path, data=form)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    for certificate in (
        None,
        twin,
        old,
        withdrawn,
        client_certificate(name="other").der,
        b"nonsense",
    ):
        async with showing(embedded.app, certificate, issuer=ISSUER) as thief:
            answer = await thief.post(client.token_path, data=form)
            error = "mtls_required" if certificate is None else "invalid_client"
            assert (answer.status_code, answer.json()["error"]) == (401, error)
            stolen = await thief.get(DEVICES, headers=headers)
            assert (stolen.status_code, stolen.json()["error"]) == (401, "invalid_token")
    spoofed = base64.b64encode(right).decode()
    for name in (
        "X-Client-Cert",
        "X-SSL-Client-Cert",
        "X-Forwarded-Client-Cert",
        "Client-Cert",
        "SSL_CLIENT_CERT",
    ):
        answer = await http.post(client.token_path, data=form, headers={name: spoofed})
        assert (name, answer.json()["error"]) == (name, "mtls_required")
        stolen = await http.get(DEVICES, headers={**headers, name: spoofed})
        assert (name, stolen.status_code) == (name, 401)


async def test_certificates_in_the_headers_of_proxies(
    embedded: Installation, people: People
) -> None:
    """Attack 20: a header is believed from a listed proxy's own socket, and from nobody else."""
    client = people.client(embedded.mine.tenant_id)
    right, twin = (client_certificate().der for _ in range(2))
    people.certificate(client, right)
    form = {**GRANT, "client_id": client.client_id}
    settings = {"trusted_proxies": "10.0.0.4/32", "client_certificate_header": "X-Client-Cert"}
    async with (
        behind(embedded, "10.0.0.4", settings) as proxy,
        behind(embedded, "203.0.113.9", settings) as outside,
    ):
        headers = {"X-Client-Cert": escaped(right)}
        answer = await proxy.post(client.token_path, data=form, headers=headers)
        assert answer.status_code == 200, answer.text
        token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await proxy.get(DEVICES, headers={**headers, **token})).status_code == 200
        spoofed = await outside.post(client.token_path, data=form, headers=headers)
        assert (spoofed.status_code, spoofed.json()["error"]) == (401, "mtls_required")
        assert (await outside.get(DEVICES, headers={**headers, **token})).status_code == 401
        forwarded = {**headers, "X-Forwarded-For": "10.0.0.4"}
        spoofed = await outside.post(client.token_path, data=form, headers=forwarded)
        assert spoofed.json()["error"] == "mtls_required"
        other = {"X-Client-Cert": escaped(twin)}
        answer = await proxy.post(client.token_path, data=form, headers=other)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert (await proxy.get(DEVICES, headers={**other, **token})).status_code == 401
        twice = [("X-Client-Cert", escaped(one)) for one in (right, twin)]
        assert (await proxy.post(client.token_path, data=form, headers=twice)).status_code == 400
    with pytest.raises(SettingsFaultError):
        read_settings(None, {"client_certificate_header": "X-Client-Cert"})


def behind(embedded: Installation, address: str, settings: dict[str, str]) -> httpx.AsyncClient:
    """The installation with other settings, called from an address."""
    parts = embedded.parts
    fresh = type(parts)(
        settings=CloudSettings(data=parts.settings.data, **settings),  # type: ignore[arg-type]  # names of settings
        database=parts.database,
        vault=parts.vault,
        clock=parts.clock,
    )
    transport = httpx.ASGITransport(create_app(fresh, issuer=ISSUER), client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=ISSUER)


def escaped(certificate: bytes) -> str:
    """As a proxy passes it on: PEM, percent-encoded."""
    pem = x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)
    return quote(pem.decode(), safe="")


async def test_which_clients_there_are_cannot_be_found_out(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """Attack 26: an unknown client and a wrong secret answer alike and take alike long."""
    tenant = embedded.mine.tenant_id
    known = people.client(tenant)
    foreign = people.client(embedded.other.tenant_id)
    rotated = people.client(tenant)
    with embedded.database.begin(now=embedded.clock()) as work:
        for client in (known, foreign, rotated):
            set_secret_hash(work, client.client_id, hash_secret(SECRET))
        row = work.session.get_one(ApplicationRow, rotated.client_id)
        for _ in range(4):
            client_secrets.add_secret(work, row)
    names = {
        "known": known.client_id,
        "unknown": "app_unknown",
        "of five secrets": rotated.client_id,
        "other tenant's": foreign.client_id,
        "without secret": people.client(tenant, methods=(NONE,)).client_id,
        "by key": people.client(
            tenant, methods=(PRIVATE_KEY_JWT,), jwks=key_set(new_key("k"))
        ).client_id,
        "NUL": "app\x00",
    }
    bodies, least = set(), {}
    for name, client_id in names.items():
        times = []
        for _ in range(5):
            started = time.process_time()
            answer = await http.post(known.token_path, data=GRANT, auth=(client_id, "x" + SECRET))
            times.append(time.process_time() - started)
            bodies.add((answer.status_code, answer.content))
        least[name] = min(times)
    assert len(bodies) == 1
    assert {status for status, _ in bodies} == {401}
    assert max(least.values()) < 1.8 * min(least.values())
