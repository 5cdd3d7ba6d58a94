"""One cloud and one identity provider, both over sockets, for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from cloud.app.parts import Parts
from cloud.core.authorization import applications
from cloud.core.entitlements import access
from cloud.core.kernel.audit import AuditRow
from cloud.core.kernel.principal import Principal, service_principal
from cloud.core.kernel.work import utc_now
from cloud.settings import CloudSettings
from simulators.incident.listening import free_port
from tests.fixtures.identity_provider import IdentityProvider, identity_provider, posted
from tests.fixtures.quick_hashes import quick_hash, set_secret_hash
from tests.fixtures.served_cloud import ServedCloud, installed_cloud

CONNECTIONS = "/v1/saml/connections"
PATIENCE = 60
"""Seconds; a machine that does other things is slow."""


class Fields(HTMLParser):
    """Action and fields of a page's form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "a":
            self.links.append(given["href"])


@dataclass(slots=True)
class Begun:
    """A sign-in on its way: what the browser carries to the provider."""

    browser: httpx.Client
    request_id: str
    relay_state: str


@dataclass(slots=True)
class World:
    """Both ends, and the connection between them."""

    cloud: ServedCloud
    provider: IdentityProvider
    admin: dict[str, str]
    connection: dict[str, Any] = field(default_factory=dict)
    browsers: list[httpx.Client] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Where the cloud is."""
        return self.cloud.base_url

    @property
    def service(self) -> dict[str, str]:
        """What the provider knows of us."""
        told: dict[str, str] = self.connection["service"]
        return told

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One call of the administrator."""
        told = {**self.admin, **headers}
        return httpx.request(
            method, f"{self.base}{path}", headers=told, json=body, timeout=PATIENCE
        )

    def get(self, address: str, **query: str) -> httpx.Response:
        """What anybody gets at an address."""
        return httpx.get(address, params=query or None, timeout=PATIENCE)

    def connect(self, provider: IdentityProvider, **more: object) -> dict[str, Any]:
        """A new connection to a provider."""
        body = {"name": "County accounts", "metadata": provider.metadata, **more}
        answer = self.ask("POST", CONNECTIONS, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        provider.knows(self.get(made["service"]["metadata_url"]).text)
        return made

    def begin(self, relay_state: str = "") -> Begun:
        """A browser that is about to be sent to the provider."""
        browser = httpx.Client(base_url=self.base, timeout=PATIENCE)
        self.browsers.append(browser)
        query = {"RelayState": relay_state} if relay_state else {}
        sent = browser.get(self.service["login_url"], params=query)
        assert sent.status_code == 302, sent.text
        told = parse_qs(urlsplit(sent.headers["location"]).query)
        message = self.provider.library.parse_authn_request(told["SAMLRequest"][0]).message
        return Begun(browser, message.id, told["RelayState"][0])

    def response(self, begun: Begun, **how: Any) -> str:  # noqa: ANN401 - as the library takes it
        """The provider's answer as XML."""
        service = self.service
        return self.provider.response(
            begun.request_id, service["acs_url"], service["entity_id"], **how
        )

    def post(self, xml: str, relay_state: str) -> httpx.Response:
        """What a page of another site posts: without any cookie of ours."""
        form = {"SAMLResponse": posted(xml), "RelayState": relay_state}
        return httpx.post(self.service["acs_url"], data=form, timeout=PATIENCE)

    def over(self, provider: IdentityProvider, connection: dict[str, Any]) -> World:
        """The same cloud with another provider."""
        return replace(self, provider=provider, connection=connection)

    def refusals(self) -> list[str]:
        """Why answers were refused, by the audit, oldest first."""
        statement = (
            select(AuditRow)
            .where(
                AuditRow.tenant_id == self.cloud.caller.tenant_id,
                AuditRow.action == "saml.refused",
            )
            .order_by(AuditRow.position)
        )
        with self.cloud.parts.database.reading(now=utc_now()) as work:
            rows = list(work.session.scalars(statement))
        assert {row.outcome for row in rows} <= {"denied"}
        return [row.note or "" for row in rows]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant that was let in, connected to a provider that brings people along."""
    data = tmp_path_factory.mktemp("cloud")
    with (
        identity_provider(tmp_path_factory.mktemp("idp")) as provider,
        installed_cloud(data, port=free_port()) as (cloud, serve),
    ):
        # What is tried here comes from one address, and fast.
        settings = CloudSettings(data=data, limit_tokens_by_address="", limit_administration="")
        cloud.parts = Parts(
            settings=settings, database=cloud.parts.database, vault=cloud.parts.vault
        )
        with serve():
            made = World(cloud, provider, _administrator(cloud))
            let_in(cloud)
            made.connection = made.connect(provider, provisions=True, roles=["dispatcher"])
            yield made
            for browser in made.browsers:
                browser.close()


def let_in(cloud: ServedCloud) -> str:
    """Reviewed access; the request's id."""
    asking = Principal(tenant_id=cloud.caller.tenant_id, client_id="app_admin", scopes=())
    with cloud.parts.database.begin(now=utc_now()) as work:
        row = access.request_access(
            work, asking, capability="saml_federation", justification="Accounts of the county."
        )
        access.approve(work, service_principal("", "operator"), row.request_id)
        return row.request_id


def _administrator(cloud: ServedCloud) -> dict[str, str]:
    with cloud.parts.database.begin(now=utc_now()) as work:
        made = applications.register(
            work,
            tenant_id=cloud.caller.tenant_id,
            name="Administrator",
            scopes=("argus:platform:admin",),
        )
        set_secret_hash(work, made.client_id, quick_hash(made.client_secret))
    answer = httpx.post(
        f"{cloud.base_url}/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(made.client_id, made.client_secret),
        timeout=PATIENCE,
    )
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
