"""What ends with a connection, a pause, or the organisation's access: all of it, and at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cloud.core.authorization import accounts
from cloud.core.entitlements import access
from cloud.core.federation.closing import revoke_access
from cloud.core.kernel.principal import service_principal
from cloud.core.kernel.work import utc_now
from tests.fixtures.identity_provider import identity_provider
from tests.integration.saml.conftest import CONNECTIONS, World, let_in
from tests.integration.saml.journey import Visit


@pytest.fixture
def visit(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """Somebody who comes over a connection of their own, from a provider of its own."""
    with identity_provider(tmp_path_factory.mktemp("second"), name="second") as provider:
        provider.person.subject = "grace-2"
        provider.person.attributes["mail"] = [f"grace{provider.entity_id[17:22]}@example.org"]
        connection = world.connect(provider, provisions=True, roles=["dispatcher"])
        yield Visit.of(world.over(provider, connection))


def ends_connection(visit: Visit) -> None:
    assert (
        visit.world.ask("DELETE", f"{CONNECTIONS}/{visit.world.connection['id']}").status_code
        == 200
    )


def revokes_access(visit: Visit) -> None:
    cloud, operator = visit.world.cloud, service_principal("", "operator")
    with cloud.parts.database.begin(now=utc_now()) as work:
        (row,) = access.reviews(work, operator, limit=2, status="approved")
        revoke_access(work, operator, row.request_id, reason="Over.")
    let_in(cloud)


def unlinks_the_person(visit: Visit) -> None:
    cloud, issuer = visit.world.cloud, visit.world.connection["idp_entity_id"]
    with cloud.parts.database.begin(now=utc_now()) as work:
        operator = service_principal(cloud.caller.tenant_id, "operator")
        user = accounts.find_person(work, operator, f"grace{issuer[17:22]}@example.org")
        accounts.unlink(work, operator, user, issuer=issuer, subject="grace-2")


@pytest.mark.parametrize("end", [ends_connection, revokes_access, unlinks_the_person])
def test_whom_it_let_in_has_no_session_no_token_and_no_way_to_new_ones(
    visit: Visit, end: Callable[[Visit], None]
) -> None:
    tokens = visit.redeem(visit.allow(visit.over(visit.way(visit.ask())))).json()
    # A second code is on its way, and not redeemed yet.
    unredeemed = visit.ask()
    assert (visit.reads(tokens["access_token"]), unredeemed.status_code) == (200, 302)
    end(visit)
    assert visit.reads(tokens["access_token"]) == 401
    late = visit.redeem(unredeemed)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")
    renewed = visit.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert (renewed.status_code, renewed.json()["error"]) == (400, "invalid_grant")
    assert "Sign in" in visit.browser.get("/account").text


def test_nobody_else_is_signed_out_by_that(world: World, visit: Visit) -> None:
    other = Visit.of(world)
    tokens = other.redeem(other.allow(other.over(other.way(other.ask())))).json()
    ends_connection(visit)
    assert other.reads(tokens["access_token"]) == 200
    renewed = other.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert renewed.status_code == 200, renewed.text


def test_a_pause_stops_sign_ins_on_their_way_too(visit: Visit) -> None:
    world = visit.world
    one = f"{CONNECTIONS}/{world.connection['id']}"
    answering, arriving = world.begin(), world.begin()
    ticket = world.post(world.response(arriving), arriving.relay_state).headers["location"]
    answer = world.response(answering)
    assert world.ask("PATCH", one, {"is_paused": True}).status_code == 200
    for stopped in (world.post(answer, answering.relay_state), arriving.browser.get(ticket)):
        assert (stopped.status_code, "is paused" in stopped.text) == (400, True)
        assert "vitalwire-session" not in str(stopped.headers.get_list("set-cookie"))
    # What was not used up goes on when the pause is over.
    assert world.ask("PATCH", one, {"is_paused": False}).status_code == 200
    assert arriving.browser.get(ticket).status_code == 303
    assert world.post(answer, answering.relay_state).status_code == 303
