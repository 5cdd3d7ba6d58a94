"""Connections to identity providers, as administrators make, change and end them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cloud.core.authorization import accounts
from cloud.core.entitlements import access
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import utc_now
from tests.fixtures.identity_provider import IdentityProvider, identity_provider
from tests.fixtures.people_apps import audited
from tests.integration.saml.conftest import CONNECTIONS, World, let_in


@pytest.fixture
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """Another identity provider."""
    with identity_provider(tmp_path_factory.mktemp("second"), name="second") as made:
        yield made


def test_what_is_shown_has_no_key_and_changes_under_its_tag(
    world: World, second: IdentityProvider
) -> None:
    made = world.connect(second)
    one = f"{CONNECTIONS}/{made['id']}"
    assert (made["status"], made["has_key"], made["provisions"]) == ("active", False, False)
    assert [len(held["sha256"]) for held in made["idp_certificates"]] == [64]
    shown = world.ask("GET", one)
    assert shown.json() == made
    seen = {"If-Match": shown.headers["etag"]}
    change = {"name": "Other accounts", "provisions": True, "roles": ["crew"], "is_paused": True}
    changed = world.ask("PATCH", one, {**change, "attribute_names": {"email": "email"}}, **seen)
    assert (changed.status_code, changed.json()["status"]) == (200, "paused")
    assert changed.json()["attribute_names"]["email"] == "email"
    assert changed.json()["attribute_names"]["given_name"] == "urn:oid:2.5.4.42"
    assert world.ask("PATCH", one, {"name": "Late"}, **seen).status_code == 412
    paused = world.get(made["service"]["login_url"])
    assert (paused.status_code, "is paused" in paused.text) == (400, True)
    same = world.ask("PATCH", one, {"metadata": second.metadata, "is_paused": False})
    assert (same.status_code, same.json()["status"]) == (200, "active")
    other = world.ask("PATCH", one, {"metadata": world.provider.metadata})
    assert (other.status_code, other.json()["error"]) == (409, "other_provider")
    listed = world.ask("GET", CONNECTIONS).json()["connections"]
    assert made["id"] in [held["id"] for held in listed]
    again = world.ask("POST", CONNECTIONS, {"name": "Again", "metadata": second.metadata})
    assert (again.status_code, again.json()["error"]) == (409, "provider_connected")
    for _ in range(2):
        ended = world.ask("DELETE", one)
        assert (ended.status_code, ended.json()["status"]) == (200, "ended")
    over = world.ask("PATCH", one, {"name": "Too late"})
    assert (over.status_code, over.json()["error"]) == (409, "connection_ended")
    for end in ("metadata", "login"):
        assert world.get(f"{world.base}/v1/saml/{made['id']}/{end}").status_code == 404


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"metadata": "<a/>"}, "invalid_metadata"),
        ({"metadata": "https://idp.example/metadata"}, "invalid_metadata"),
        ({"roles": ["admin"]}, "unknown_role"),
        ({"roles": ["emperor"]}, "unknown_role"),
        ({"attribute_names": {"shoe_size": "x"}}, "invalid_request"),
        ({"entity_id": "https://other.example"}, "invalid_request"),
    ],
)
def test_what_cannot_be_connected_is_refused(
    world: World, second: IdentityProvider, body: dict[str, object], reason: str
) -> None:
    whole = {"name": "Any", "metadata": second.metadata, **body}
    refused = world.ask("POST", CONNECTIONS, whole)
    assert (refused.status_code, refused.json()["error"]) == (422, reason)


def test_a_provider_that_wants_requests_signed_needs_our_key(
    world: World, second: IdentityProvider
) -> None:
    wants = second.metadata.replace(
        'WantAuthnRequestsSigned="false"', 'WantAuthnRequestsSigned="true"'
    )
    assert wants != second.metadata
    body = {"name": "Strict", "metadata": wants}
    refused = world.ask("POST", CONNECTIONS, body)
    assert (refused.status_code, refused.json()["error"]) == (422, "key_needed")
    # It may come to want that later; then the connection is given one.
    made = world.connect(second)
    one = f"{CONNECTIONS}/{made['id']}"
    try:
        refused = world.ask("PATCH", one, {"metadata": wants})
        assert (refused.status_code, refused.json()["error"]) == (422, "key_needed")
        changed = world.ask("PATCH", one, {"metadata": wants, "has_key": True})
        assert (changed.status_code, changed.json()["has_key"]) == (200, True)
        ours = _own_certificates(world, made)
        assert (len(ours), len(set(ours))) == (2, 1)
        # Given what it has it keeps it; taken away and given again it is another.
        world.ask("PATCH", one, {"has_key": True})
        assert _own_certificates(world, made) == ours
        refused = world.ask("PATCH", one, {"metadata": wants, "has_key": False})
        assert (refused.status_code, refused.json()["error"]) == (422, "key_needed")
        assert world.ask("PATCH", one, {"has_key": False}).json()["has_key"] is False
        assert _own_certificates(world, made) == []
        world.ask("PATCH", one, {"has_key": True})
        assert set(_own_certificates(world, made)).isdisjoint(ours)
        assert _changes(world, made)[:2] == ["metadata has_key", "has_key"]
    finally:
        world.ask("DELETE", one)


def test_without_review_nothing_of_it_is_open(world: World) -> None:
    begun = world.begin()
    request_id = _approved(world)
    operator = service_principal("", "operator")
    with world.cloud.parts.database.begin(now=utc_now()) as work:
        access.revoke(work, operator, request_id, reason="Over.")
    try:
        for answer in (
            world.ask("GET", CONNECTIONS),
            world.ask("GET", "/v1/saml/nothing/there"),
            world.get(world.service["metadata_url"]),
            world.get(world.service["login_url"]),
            world.post("<a/>", begun.relay_state),
            world.get(f"{world.service['acs_url'].removesuffix('acs')}arrive?ticket=vwt_0"),
        ):
            body = answer.json()
            assert (answer.status_code, body["error"]) == (403, "access_review_required")
            assert body["request_url"] == f"{world.base}/v1/platform/access-requests"
    finally:
        let_in(world.cloud)
    assert world.ask("GET", "/v1/saml/nothing/there").status_code == 404
    wrong = world.ask("PUT", f"{CONNECTIONS}/sml_0", {})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, PATCH")
    assert world.get(f"{world.base}/v1/saml/connections").status_code == 401
    assert world.get(f"{world.base}/v1/saml/sml_0/login").status_code == 404
    away = world.get(world.service["login_url"], RelayState="https://elsewhere.example")
    assert (away.status_code, "location" in away.headers) == (422, False)


def test_people_are_let_in_as_the_connection_says(world: World) -> None:
    person = world.provider.person
    one = f"{CONNECTIONS}/{world.connection['id']}"

    def arrives() -> httpx.Response:
        begun = world.begin()
        return world.post(world.response(begun), begun.relay_state)

    before = len(world.refusals())
    try:
        world.ask("PATCH", one, {"provisions": False})
        person.subject = "grace-1"
        assert arrives().status_code == 400
        world.ask("PATCH", one, {"provisions": True})
        # The address is somebody's already: that makes nobody the same person.
        person.attributes["mail"] = ["admin@vitalwire.invalid"]
        assert arrives().status_code == 400
        person.attributes["mail"] = []
        assert arrives().status_code == 400
        person.attributes["mail"] = ["grace@example.org"]
        assert arrives().status_code == 303
        person.attributes["mail"] = []
        assert arrives().status_code == 303
        with world.cloud.parts.database.begin(now=utc_now()) as work:
            operator = service_principal(world.cloud.caller.tenant_id, "operator")
            user = accounts.find_person(work, operator, "grace@example.org")
            accounts.suspend(work, operator, user)
        assert arrives().status_code == 400
    finally:
        person.subject, person.attributes["mail"] = "ada-1", ["ada@example.org"]
        world.ask("PATCH", one, {"provisions": True})
    assert world.refusals()[before:] == [
        "unknown_person",
        "address_taken",
        "no_attributes",
        "person_stopped",
    ]


def _own_certificates(world: World, connection: dict[str, Any]) -> list[str]:
    text = world.get(connection["service"]["metadata_url"]).text
    return re.findall(r"<ds:X509Certificate>([^<]+)<", text)


def _changes(world: World, connection: dict[str, Any]) -> list[str]:
    """What of a connection was changed, by the audit, oldest first."""
    found = audited(world.cloud, world.cloud.caller.tenant_id, "saml.changed")
    return [row.note or "" for row in found if row.resource_id == connection["id"]]


def _approved(world: World) -> str:
    operator = service_principal("", "operator")
    with world.cloud.parts.database.reading(now=utc_now()) as work:
        (row,) = access.reviews(work, operator, limit=2, status="approved")
        return row.request_id
