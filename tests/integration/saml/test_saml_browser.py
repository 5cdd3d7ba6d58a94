"""The whole way in a real browser, with the provider at another site: cookies are kept back from
its post, and are there again when the browser arrives.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from cloud.core.authorization.profiles import PLATFORM
from tests.fixtures.identity_provider import identity_provider
from tests.fixtures.people_apps import MadeApplication, asking, change_application, make_application
from tests.integration.saml.conftest import CONNECTIONS, World
from tests.integration.saml.journey import STAFF
from tests.integration.test_board_browser import CHROMIUM, FLAGS, page_of
from tests.integration.test_oauth_pages_browser import Client, listening

pytestmark = pytest.mark.acceptance

PATIENCE = 120_000
"""Milliseconds; a machine that does other things is slow."""


def test_from_the_sign_in_page_over_the_provider_to_the_application(
    world: World, tmp_path: Path
) -> None:
    complaints: list[str] = []
    posted: list[dict[str, str]] = []
    with (
        identity_provider(tmp_path, name="second", host="localhost") as provider,
        listening() as client,
        sync_playwright() as playwright,
    ):
        provider.person.attributes["mail"] = ["browser@example.org"]
        connection = world.connect(provider, provisions=True, roles=["dispatcher"])
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            with page_of(opened, complaints=complaints) as page:
                page.set_default_timeout(PATIENCE)
                page.on(
                    "request",
                    lambda one: posted.append(one.all_headers()) if one.method == "POST" else None,
                )
                _go(page, world, client, connection["name"])
        finally:
            opened.close()
            world.ask("DELETE", f"{CONNECTIONS}/{connection['id']}")
    # The provider's page posted without a cookie of ours, our own consent page with them.
    assert ["vitalwire-browser" in one.get("cookie", "") for one in posted] == [False, True]
    (came,) = client.came
    assert came.keys() == {"code", "state", "iss"}
    assert complaints == []


def _go(page: Page, world: World, client: Client, name: str) -> None:
    made = make_application(world.cloud, world.cloud.caller, STAFF)
    change_application(world.cloud, made.client_id, redirect_uris=[client.address])
    page.goto(_asked(world, client, made))
    page.get_by_role("link", name=f"Sign in with {name}").last.click()
    page.wait_for_url("http://localhost:*/sso**")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Allow Dispatch map?")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_role("heading", name="Back at the application")).to_be_visible(
        timeout=PATIENCE
    )


def _asked(world: World, client: Client, made: MadeApplication) -> str:
    wanted = asking(made, scope="argus:epcr:read", redirect_uri=client.address)
    return f"{world.base}{PLATFORM.authorize_path}?{urlencode(wanted)}"
