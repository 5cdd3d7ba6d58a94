"""A person's way from an application over the identity provider to the application's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from cloud.core.authorization.profiles import AUTHORIZATION_CODE, PLATFORM, REFRESH_TOKEN
from tests.fixtures.people_apps import (
    CALLBACK,
    VERIFIER,
    Made,
    MadeApplication,
    asking,
    make_application,
)
from tests.integration.saml.conftest import PATIENCE, Fields, World

STAFF = Made(
    name="Dispatch map",
    profile=PLATFORM,
    scopes=("argus:epcr:*",),
    grant_types=(AUTHORIZATION_CODE, REFRESH_TOKEN),
)


def follow(browser: httpx.Client, response: httpx.Response) -> httpx.Response:
    """On by redirects that stay with us."""
    while response.status_code in (302, 303) and not response.headers["location"].startswith(
        CALLBACK
    ):
        response = browser.get(response.headers["location"])
    return response


@dataclass(slots=True)
class Visit:
    """One application and one browser of the world's."""

    world: World
    made: MadeApplication
    browser: httpx.Client

    @classmethod
    def of(cls, world: World) -> Visit:
        """A new application and a new browser."""
        made = make_application(world.cloud, world.cloud.caller, STAFF)
        browser = httpx.Client(base_url=world.base, timeout=PATIENCE)
        world.browsers.append(browser)
        return cls(world, made, browser)

    def way(self, page: httpx.Response) -> str:
        """Where a sign-in page says that signing in over the connection begins."""
        (found,) = [one for one in Fields(page.text).links if self.world.connection["id"] in one]
        return found

    def over(self, way: str) -> httpx.Response:
        """Out to the provider, back, and on to where that leads."""
        out = self.browser.get(way)
        assert out.status_code == 302, out.text
        form = Fields(httpx.get(out.headers["location"], timeout=PATIENCE).text)
        # Another site's page posts it: the browser sends none of our cookies along.
        answered = httpx.post(form.action, data=form.fields, timeout=PATIENCE)
        assert answered.status_code == 303, answered.text
        return follow(self.browser, answered)

    def ask(self, **more: str) -> httpx.Response:
        """What the application's request is answered with."""
        query = urlencode(asking(self.made, scope="argus:epcr:read", **more))
        return self.browser.get(f"{PLATFORM.authorize_path}?{query}")

    def allow(self, page: httpx.Response) -> httpx.Response:
        """Say yes on a consent page; the way back to the application."""
        assert "Allow Dispatch map?" in page.text
        shown = Fields(page.text)
        return self.browser.post(shown.action, data={**shown.fields, "decision": "allow"})

    def redeem(self, back: httpx.Response) -> httpx.Response:
        """Tokens for the code that came back."""
        assert back.headers["location"].startswith(CALLBACK), back.text
        told = dict(parse_qsl(urlsplit(back.headers["location"]).query))
        return self.token(
            grant_type="authorization_code",
            code=told["code"],
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )

    def token(self, **form: str) -> httpx.Response:
        """One call of the token endpoint."""
        return httpx.post(
            f"{self.world.base}{PLATFORM.token_path}",
            data=form,
            auth=self.made.auth,
            timeout=PATIENCE,
        )

    def reads(self, access_token: str) -> int:
        """The status of a call with a token."""
        return httpx.get(
            f"{self.world.base}/api/v1/epcr/encounters",
            headers={"Authorization": f"Bearer {access_token}"},
            timeout=PATIENCE,
        ).status_code
