"""The pages of the authorization server in a real browser without scripts, over real sockets.

One flow runs by default; what the others add to the tests without a browser is looks and keys.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cloud.core.authorization.profiles import PLATFORM, PORTAL, Profile
from tests.fixtures.people_apps import (
    CHALLENGE,
    PASSWORD,
    Made,
    MadeApplication,
    make_application,
    make_person,
)
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.integration.test_board_browser import CHROMIUM, FLAGS, page_of

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
ADA = "ada@example.org"
SIDEWAYS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
SMALL = """() => [...document.querySelectorAll("button, input:not([type=hidden])")]
  .filter((one) => one.getBoundingClientRect().height < 43.5)
  .map((one) => one.outerHTML)"""
"""What is too small for a thumb."""


@dataclass
class Client:
    """An application's own server: what browsers brought to its callback."""

    address: str
    came: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCloud]:
    with served_cloud(Path(tmp_path_factory.mktemp("pages"))) as served:
        yield served


@pytest.fixture
def client() -> Iterator[Client]:
    with listening() as one:
        yield one


@contextmanager
def listening() -> Iterator[Client]:
    """A callback on a free port of loopback, until the block ends."""

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/callback":
                found.came.append(dict(parse_qsl(parts.query)))
            content = b"<!doctype html><title>Application</title><h1>Back at the application</h1>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Callback)
    found = Client(f"http://127.0.0.1:{server.server_port}/callback")
    thread = threading.Thread(target=server.serve_forever, name="test-client")
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def asking(
    cloud: ServedCloud, client: Client, made: MadeApplication, profile: Profile, **more: str
) -> str:
    """The address an application sends a browser to."""
    asked = {
        "client_id": made.client_id,
        "redirect_uri": client.address,
        "response_type": "code",
        "state": "s 1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{cloud.base_url}{profile.authorize_path}?{urlencode(asked)}"


def registered(cloud: ServedCloud, client: Client, made: Made | None = None) -> MadeApplication:
    """An application whose callback is that of the client."""
    wanted = made or Made()
    return make_application(
        cloud,
        cloud.caller,
        Made(
            name=wanted.name,
            profile=wanted.profile,
            scopes=wanted.scopes,
            redirect_uris=(client.address,),
        ),
    )


def fits(page: Page) -> None:
    """Nothing runs off to the side, and everything can be hit with a thumb."""
    assert not page.evaluate(SIDEWAYS)
    assert page.evaluate(SMALL) == []


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """By keyboard alone: the fields come in the order they are read in."""
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(password)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "profile",
    [
        pytest.param(PLATFORM, id="platform", marks=pytest.mark.soak),
        pytest.param(PORTAL, id="portal"),
    ],
)
def test_from_sign_in_to_a_code_by_keyboard_on_a_phone(
    browser: Browser, cloud: ServedCloud, client: Client, profile: Profile
) -> None:
    email = f"{profile.name}@example.org"
    make_person(cloud, cloud.caller, email=email, roles=("patient", "crew"))
    scopes = ("openid", "appointment_read", "argus:epcr:*")
    made = registered(cloud, client, Made(profile=profile, scopes=scopes))
    complaints: list[str] = []
    options = {"viewport": PHONE, "java_script_enabled": True}
    with page_of(browser, complaints=complaints, **options) as page:
        page.goto(asking(cloud, client, made, profile))
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        fits(page)
        sign_in(page, email)
        expect(page.get_by_role("heading", name="Allow Appointment Helper?")).to_be_visible()
        expect(page.get_by_text("Read your appointments and join video calls.")).to_be_visible()
        expect(page.get_by_text("Everything under argus:epcr:*")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="Allow", exact=True).press("Enter")
        expect(page.get_by_role("heading", name="Back at the application")).to_be_visible()
        assert client.came[0].keys() == {"code", "state", "iss"}
        assert (client.came[0]["state"], client.came[0]["iss"]) == ("s 1", cloud.base_url)
        # Allowed before: no page, or after a new sign-in one that goes on by itself.
        page.goto(asking(cloud, client, made, profile))
        page.goto(asking(cloud, client, made, profile, prompt="login"))
        sign_in(page, email)
        expect(page.get_by_role("heading", name="Back at the application")).to_be_visible()
        assert ["code" in one for one in client.came] == [True] * 3
    assert complaints == []


@pytest.mark.soak
def test_a_denial_is_told_and_scripts_are_not_needed(
    browser: Browser, cloud: ServedCloud, client: Client
) -> None:
    make_person(cloud, cloud.caller, email="deny@example.org")
    made = registered(cloud, client)
    complaints: list[str] = []
    options = {"viewport": DESK, "java_script_enabled": False}
    with page_of(browser, complaints=complaints, **options) as page:
        page.goto(asking(cloud, client, made, PORTAL))
        page.get_by_label("E-mail address").fill("deny@example.org")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Deny").click()
        expect(page.get_by_role("heading", name="Back at the application")).to_be_visible()
    assert client.came[0]["error"] == "access_denied"
    assert client.came[0]["error_description"] == (
        "The resource owner or authorization server denied the request."
    )
    assert complaints == []


@pytest.mark.soak
def test_a_wrong_password_is_said_aloud_and_the_address_is_kept(
    browser: Browser, cloud: ServedCloud, client: Client
) -> None:
    make_person(cloud, cloud.caller, email="wrong@example.org")
    made = registered(cloud, client)
    complaints: list[str] = []
    with page_of(browser, complaints=complaints, viewport=PHONE, color_scheme="dark") as page:
        page.goto(asking(cloud, client, made, PORTAL))
        sign_in(page, "wrong@example.org", "not the password")
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("You are not signed in")
        expect(page.get_by_label("E-mail address")).to_have_value("wrong@example.org")
        expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
        fits(page)
        alert.get_by_role("link", name="type the password again").press("Enter")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Allow Appointment Helper?")).to_be_visible()
    assert [one for one in complaints if "403" not in one] == []


@pytest.mark.soak
def test_a_foreign_address_ends_on_a_page_of_ours(
    browser: Browser, cloud: ServedCloud, client: Client
) -> None:
    made = registered(cloud, client)
    complaints: list[str] = []
    with page_of(browser, complaints=complaints, viewport=DESK) as page:
        page.goto(asking(cloud, client, made, PORTAL, redirect_uri=f"{client.address}/elsewhere"))
        expect(page.get_by_role("alert")).to_contain_text("is not one it is registered with")
        assert page.url.startswith(cloud.base_url)
        fits(page)
    assert client.came == []


@pytest.mark.soak
def test_what_was_allowed_is_taken_back_on_the_own_page(
    browser: Browser, cloud: ServedCloud, client: Client
) -> None:
    make_person(cloud, cloud.caller, email="own@example.org")
    made = registered(cloud, client, Made(name="Reminder"))
    complaints: list[str] = []
    with page_of(browser, complaints=complaints, viewport=PHONE) as page:
        page.goto(asking(cloud, client, made, PORTAL))
        sign_in(page, "own@example.org")
        page.get_by_role("button", name="Allow", exact=True).click()
        expect(page.get_by_role("heading", name="Back at the application")).to_be_visible()
        page.goto(f"{cloud.base_url}/account")
        expect(page.get_by_role("heading", name="Reminder")).to_be_visible()
        fits(page)
        page.get_by_role("button", name="End the access of Reminder").click()
        expect(page.get_by_role("status")).to_have_text("The application's access has ended.")
        expect(page.get_by_role("heading", name="Reminder")).to_have_count(0)
        page.goto(f"{cloud.base_url}/oauth/logout")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        page.goto(f"{cloud.base_url}/account")
        expect(page.get_by_label("Organisation")).to_be_visible()
        fits(page)
    assert complaints == []
