"""Whatever an application asks, the way over the provider is there and leads to its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from cloud.core.authorization.profiles import PLATFORM
from cloud.core.federation import connections
from cloud.core.federation.connections import NewConnection
from cloud.core.federation.service_provider import ServiceProvider, metadata
from cloud.core.kernel.work import utc_now
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.identity_provider import identity_provider
from tests.fixtures.people_apps import asking, make_application, redeem
from tests.fixtures.reviewed import let_in
from tests.fixtures.visitor import Seen, Visitor
from tests.integration.saml.conftest import PATIENCE, Fields, World
from tests.integration.saml.journey import STAFF, Visit


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}, {"max_age": "1"}])
def test_who_has_to_prove_themselves_anew_does_so_once_and_at_the_provider(
    world: World, asked: dict[str, str]
) -> None:
    visit = Visit.of(world)
    page = visit.ask(**asked)
    consent = visit.over(visit.way(page))
    assert world.provider.asked[-1].force_authn == "true"
    assert visit.redeem(visit.allow(consent)).status_code == 200


def test_who_is_signed_in_and_has_allowed_it_is_asked_anew_all_the_same(world: World) -> None:
    visit = Visit.of(world)
    visit.redeem(visit.allow(visit.over(visit.way(visit.ask()))))
    assert visit.ask().status_code == 302
    back = visit.over(visit.way(visit.ask(prompt="login")))
    assert visit.redeem(back).status_code == 200


def test_the_way_stays_after_a_wrong_password(world: World) -> None:
    visit = Visit.of(world)
    shown = Fields(visit.ask().text)
    typed = {**shown.fields, "email": "ada@example.org", "password": "not this one, sorry"}
    refused = visit.browser.post(shown.action, data=typed)
    assert (refused.status_code, "You are not signed in" in refused.text) == (403, True)
    consent = visit.over(visit.way(refused))
    assert visit.redeem(visit.allow(consent)).status_code == 200


def test_who_wants_to_be_somebody_else_is_asked_anew_by_the_provider(world: World) -> None:
    visit = Visit.of(world)
    shown = Fields(visit.over(visit.way(visit.ask())).text)
    switched = visit.browser.post(shown.action, data={**shown.fields, "decision": "switch"})
    consent = visit.over(visit.way(switched))
    assert world.provider.asked[-1].force_authn == "true"
    assert visit.redeem(visit.allow(consent)).status_code == 200


class Pushing:
    """An application that pushes what it asks, and a browser of somebody nobody knows here yet."""

    def __init__(self, cloud: Installation, http: httpx.AsyncClient) -> None:
        self.cloud, self.http, self.visitor = cloud, http, Visitor(http)
        self.made = make_application(cloud, cloud.mine, STAFF)

    async def open(self, **more: str) -> Seen:
        """The page for a request that was pushed just now."""
        asked = asking(self.made, scope="argus:epcr:read", **more)
        pushed = await self.http.post("/v1/oauth/par", data=asked, auth=self.made.auth)
        assert pushed.status_code == 201, pushed.text
        return await self.visitor.open(
            PLATFORM.authorize_path,
            client_id=self.made.client_id,
            request_uri=pushed.json()["request_uri"],
        )

    async def over(self, page: Seen, *, seconds: float = 0) -> Seen:
        """By the way of the page, taking that long, to where it leads."""
        (way,) = [one for one in page.links if one.startswith("/v1/saml/")]
        out = (await self.visitor.open(way)).address
        async with httpx.AsyncClient(timeout=PATIENCE) as elsewhere:
            form = Fields((await elsewhere.get(out)).text)
        self.cloud.clock.pass_(seconds)
        seen = Seen(await self.http.post(urlsplit(form.action).path, data=form.fields))
        while seen.status == 303:
            seen = await self.visitor.open(seen.address)
        return seen

    async def redeem(self, page: Seen) -> dict[str, object]:
        """Allow it, and change the code for tokens."""
        back = await self.visitor.decide(page)
        return await redeem(self.http, PLATFORM, self.made, back.told["code"])


@pytest.fixture
async def pushing(
    embedded: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Pushing]:
    """The provider goes by the real clock, and so does the cloud here."""
    embedded.clock.at = utc_now()
    let_in(embedded, "saml_federation")
    with identity_provider(tmp_path_factory.mktemp("idp")) as provider:
        wanted = NewConnection(
            name="County", metadata=provider.metadata, provisions=True, roles=("dispatcher",)
        )
        with embedded.database.begin(now=embedded.clock()) as work:
            vault, caller = embedded.parts.vault, embedded.mine.caller
            row = connections.create(work, vault, caller, wanted, is_secure=False)
            own = ServiceProvider(ISSUER, row.connection_id)
        provider.knows(metadata(own, ""))
        async with embedded.client() as http:
            yield Pushing(embedded, http)


@pytest.mark.parametrize("asked", [{}, {"prompt": "login"}, {"max_age": "0"}])
async def test_a_pushed_request_waits_while_somebody_signs_in_elsewhere(
    pushing: Pushing, asked: dict[str, str]
) -> None:
    # It was pushed for a minute and a half; people have ten at their provider.
    consent = await pushing.over(await pushing.open(**asked), seconds=200)
    assert "Allow Dispatch map?" in consent.text
    assert "access_token" in await pushing.redeem(consent)


async def test_a_pushed_request_that_is_shown_to_nobody_waits_for_nobody(
    pushing: Pushing,
) -> None:
    page = await pushing.open()
    (way,) = page.links
    # Somebody else's browser carries it to the provider: that keeps nothing.
    async with pushing.cloud.client() as stranger:
        await stranger.get(way)
    pushing.cloud.clock.pass_(200)
    late = await pushing.over(page)
    assert (late.status, "too old" in late.text) == (400, True)


async def test_the_way_stays_for_a_pushed_request_after_a_wrong_password(pushing: Pushing) -> None:
    page = await pushing.open()
    refused = await pushing.visitor.sign_in(page, "ada@example.org", "not this one, sorry")
    assert refused.status == 403
    consent = await pushing.over(refused)
    switched = await pushing.visitor.decide(consent, "switch")
    assert "access_token" in await pushing.redeem(await pushing.over(switched))
