"""What clients discover, and that it is so: every address answers, every promise is kept."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.oauth import People

DOCUMENTS = (
    "oauth-authorization-server",
    "openid-configuration",
    "smart-configuration",
    "oauth-protected-resource",
)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_every_address_a_document_names_is_there(http: httpx.AsyncClient, name: str) -> None:
    answer = await http.get(f"/.well-known/{name}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    document = answer.json()
    endpoints = {
        member: value
        for member, value in document.items()
        if isinstance(value, str) and member.endswith(("_endpoint", "_uri"))
    }
    for member, value in endpoints.items():
        assert value.startswith(ISSUER), member
        assert (await http.get(urlsplit(value).path)).status_code != 404, member
    assert endpoints or name == "oauth-protected-resource"


async def test_what_is_promised_is_what_is_done(http: httpx.AsyncClient) -> None:
    platform, portal, smart, resource = [
        (await http.get(f"/.well-known/{name}")).json() for name in DOCUMENTS
    ]
    for document in (platform, portal):
        assert document["issuer"] == ISSUER
        assert document["response_types_supported"] == ["code"]
        assert document["code_challenge_methods_supported"] == ["S256"]
        assert document["authorization_response_iss_parameter_supported"] is True
        assert "none" not in document["introspection_endpoint_auth_methods_supported"]
        assert not {"password", "implicit"} & set(document["grant_types_supported"])
        methods = set(document["token_endpoint_auth_methods_supported"])
        by_certificate = bool({"tls_client_auth", "self_signed_tls_client_auth"} & methods)
        assert document["tls_client_certificate_bound_access_tokens"] is by_certificate
    # OpenID Connect Discovery 1.0, 3: what a provider must say.
    assert portal["subject_types_supported"] == ["pairwise"]
    assert portal["id_token_signing_alg_values_supported"] == ["RS256", "ES256"]
    # SMART App Launch 2.2: backend services take ES384 and RS384.
    algorithms = smart["token_endpoint_auth_signing_alg_values_supported"]
    assert {"RS384", "ES384"} <= set(algorithms)
    assert "system/Observation.rs" in smart["scopes_supported"]
    assert (await http.get("/fhir/R4/.well-known/smart-configuration")).json() == smart
    assert (resource["resource"], resource["authorization_servers"]) == (ISSUER, [ISSUER])
    assert resource["bearer_methods_supported"] == ["header"]


async def test_a_token_is_for_the_resource_that_is_published(
    embedded: Installation, http: httpx.AsyncClient, people: People
) -> None:
    """RFC 8707 2: an address of ours is taken, anybody else's refused by name."""
    published = (await http.get("/.well-known/oauth-protected-resource")).json()["resource"]
    for tenant in (embedded.mine.tenant_id, embedded.other.tenant_id):
        client = people.client(tenant)
        form = {"grant_type": "client_credentials", **client.form}
        for ours in (published, f"{published}/api/v1/devices"):
            answer = await http.post(client.token_path, data={**form, "resource": ours})
            assert answer.status_code == 200, ours
        for others in ("https://api.example", f"{ISSUER}.example", f"{ISSUER}/#x", "devices"):
            answer = await http.post(client.token_path, data={**form, "resource": others})
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target"), others
