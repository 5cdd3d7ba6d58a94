"""Pictures of the pages a person meets: `python -m tests.oauth_screenshots FOLDER`.

Sign-in, its refusal, consent with a wildcard, connected applications, errors: on a phone and at a
desk, light and dark.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from cloud.core.authorization.profiles import PLATFORM
from tests.fixtures.people_apps import PASSWORD, Made, make_person
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.integration.test_board_browser import CHROMIUM, FLAGS
from tests.integration.test_oauth_pages_browser import Client, asking, listening, registered

SIZES = {"390x844": (390, 844), "1280x800": (1280, 800)}
EMAIL = "ada.byron@northern-ambulance.example"
SCOPES = ("openid", "profile_read", "appointment_write", "argus:devices:read", "argus:epcr:*")


def walk(page: Page, cloud: ServedCloud, client: Client, folder: Path, name: str) -> None:
    """One person's way through all pages."""

    def picture(what: str) -> None:
        page.screenshot(path=folder / f"{name}-{what}.png", full_page=True)

    def sign_in(password: str) -> None:
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    made = registered(cloud, client, Made(name="Dispatch Map", profile=PLATFORM, scopes=SCOPES))
    page.goto(asking(cloud, client, made, PLATFORM))
    picture("1-sign-in")
    sign_in("not the password")
    picture("2-refused")
    sign_in(PASSWORD)
    page.get_by_role("heading", name="Allow Dispatch Map?").wait_for()
    picture("3-consent")
    page.get_by_role("button", name="Allow", exact=True).focus()
    page.keyboard.press("Shift+Tab")
    picture("4-consent-focus")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.get_by_role("heading", name="Back at the application").wait_for()
    page.goto(f"{cloud.base_url}/account")
    picture("5-connected")
    page.goto(asking(cloud, client, made, PLATFORM, redirect_uri="https://elsewhere.example/"))
    picture("6-error")
    page.goto(f"{cloud.base_url}/oauth/logout")
    picture("7-sign-out")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    picture("8-signed-out")
    page.goto(f"{cloud.base_url}/account")
    picture("9-own-sign-in")


def main() -> None:
    """Write them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        served_cloud(Path(data)) as cloud,
        listening() as client,
        sync_playwright() as playwright,
    ):
        make_person(cloud, cloud.caller, email=EMAIL, roles=("patient", "crew"))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for size, (width, height) in SIZES.items():
            for scheme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                )
                walk(context.new_page(), cloud, client, folder, f"{size}-{scheme}")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
