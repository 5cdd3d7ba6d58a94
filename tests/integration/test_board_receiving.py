"""A hospital's team in a real browser: signs in, sees who comes, says that it knows; and whether
everybody can read the pages (WCAG 2.1 AA, by axe).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cloud.core.encounters import handing_over
from cloud.core.kernel.work import utc_now
from tests.fixtures.people_apps import PASSWORD
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.integration.test_board_browser import CHROMIUM, FLAGS, fill, opened, page_of
from tests.integration.test_board_sign_in import EMAIL, HOSPITAL, announced, placed

AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


def faults(page: Page) -> list[str]:
    """What axe has against a page as it stands."""
    found = Axe().run(page, options=AA).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


def sign_in(page: Page, cloud: ServedCloud) -> None:
    page.goto(f"{cloud.base_url}/board")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#arrivals").wait_for(timeout=20_000)


def test_the_destination_sees_who_comes_and_acknowledges_pre_alert_and_handover(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        encounter_id = announced(cloud)
        placed(cloud, HOSPITAL)
        size = {"width": 1280, "height": 900}
        with page_of(browser, complaints=complaints, viewport=size, color_scheme="light") as page:
            sign_in(page, cloud)
            card = page.locator(".arrival")
            expect(card.locator(".arrival-prealert")).to_contain_text("Arrest in the kitchen")
            expect(card.locator(".arrival-eta")).to_have_text(
                re.compile(r"ETA \d\d:\d\d, in 8:\d\d")
            )
            expect(card.locator(".arrival-destination")).to_have_text(f"To {HOSPITAL}")
            card.get_by_role("link").click()
            expect(page.locator("#fact-patient")).to_contain_text("EXAMPLE, Nell")
            expect(page.locator("#pre-alert")).to_contain_text("resuscitation team")
            page.get_by_label("Your name and role").fill("Dr Osei")
            page.get_by_role("button", name="Acknowledge the pre-alert").click()
            expect(page.locator("#handover-state")).to_contain_text("Pre-alert acknowledged")
            expect(page.locator("#handover-state")).to_contain_text("by Dr Osei")
            expect(page.locator("#acknowledge")).to_be_hidden()
            with cloud.parts.database.begin(now=utc_now()) as work:
                handing_over.hand_over(
                    work, cloud.caller, encounter_id, facility_id=HOSPITAL, received_by="Dr Osei"
                )
            page.get_by_role("button", name="Acknowledge the handover").click()
            expect(page.locator("#handover")).to_have_attribute("data-state", "acknowledged")
            expect(page.locator("#handover-state")).to_contain_text("received by Dr Osei")
            expect(page.locator("#handover-state")).to_contain_text("Handover acknowledged")
    assert complaints == []


def test_a_late_ambulance_and_a_filter_are_told_in_words(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        late = announced(cloud)
        cloud.open_encounter("NEF-3", seconds_ago=60)
        with cloud.parts.database.begin(now=utc_now()) as work:
            alert = handing_over.PreAlert(
                facility_id=HOSPITAL, eta_at=utc_now() - timedelta(minutes=3, seconds=5)
            )
            handing_over.pre_alert(work, cloud.caller, late, alert)
        with page_of(browser, complaints=complaints) as page:
            page.goto(opened(cloud))
            expect(page.locator(".arrival-eta").first).to_contain_text("Late by 3 min")
            expect(page.locator("#count")).to_have_text("2")
            page.get_by_label("Destination").select_option(HOSPITAL)
            expect(page.locator("#count")).to_have_text("1")
            page.reload()
            expect(page.locator("#count")).to_have_text("1")
            expect(page.get_by_label("Destination")).to_have_value(HOSPITAL)
            with cloud.parts.database.begin(now=utc_now()) as work:
                handing_over.change_destination(
                    work, cloud.caller, late, facility_id="elsewhere", reason="no room"
                )
            expect(page.locator("#nothing-title")).to_contain_text(HOSPITAL)
    assert complaints == []


def test_a_session_that_ends_takes_the_patient_off_the_screen(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        encounter_id = fill(cloud)
        with page_of(browser, complaints=complaints) as page:
            page.goto(opened(cloud, encounter_id))
            expect(page.locator("#tile-hr .value")).to_have_text("143")
            page.context.clear_cookies()
            cloud.feed.close()  # every stream ends, and comes back without a session
            expect(page.locator("#ended-title")).to_have_text("Your sign-in has ended")
            expect(page.locator("#tile-hr")).to_have_count(0)
            again = page.get_by_role("link", name="Sign in again")
            assert again.get_attribute("href") == f"/board/sign-in?to=%2Fboard%2F{encounter_id}"
    assert [one for one in complaints if "401" not in one] == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_everybody_can_read_the_pages(browser: Browser, tmp_path: Path, scheme: str) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        encounter_id = fill(cloud)
        with page_of(browser, complaints=complaints, color_scheme=scheme) as page:
            page.goto(f"{cloud.base_url}/board")
            page.get_by_role("link", name="Sign in").wait_for()
            assert faults(page) == []
            page.goto("about:blank")
            page.goto(opened(cloud))
            page.locator(".arrival").wait_for()
            assert faults(page) == []
            page.locator(".arrival-link").click()
            expect(page.locator("#tile-hr .value")).to_have_text("143")
            assert page.url.endswith(encounter_id)
            assert faults(page) == []
    assert complaints == []
