"""The crew page in a real browser, over a real socket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from edge.commands.encounter import Binding
from edge.crew.policy import CrewPolicy
from protocols.model.quantity import SpecialValue
from simulators.incident.listening import free_port
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import (
    PIN,
    VEHICLE,
    ServedCrew,
    device,
    events,
    link,
    served_crew,
    status,
)
from tests.integration.test_board_browser import CHROMIUM, FLAGS
from tests.waiting import wait_until

TABLET = {"width": 1280, "height": 800}
UPRIGHT = {"width": 768, "height": 1024}
SMALL_TARGETS = """() => [...document.querySelectorAll("#page button")]
  .filter((one) => one.offsetParent)
  .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 63.5 || box.height < 63.5)
  .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""
"""Buttons too small for a gloved hand."""
SPILLED = """() => [...document.querySelectorAll("#page .tile, #page .chip, #page .deed")]
  .filter((one) => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.id || one.className)"""
"""What does not fit into its frame."""
DRAWN = """() => [...document.querySelectorAll("#page canvas")].filter((one) =>
  one.width && one.getContext("2d").getImageData(0, 0, one.width, one.height).data.some(Boolean)
).length"""
"""How many canvases hold a picture."""
TRACE = """() => {
  const canvas = document.querySelector('.strip-ecg canvas');
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let bright = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 1] > 180 && data[i] < 120) bright += 1;
  return bright;
}"""
"""How many pixels of the ECG canvas belong to the green trace."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield found
        found.close()


@contextmanager
def screen(
    browser: Browser, crew: ServedCrew, *, size: dict[str, int] | None = None
) -> Iterator[tuple[Page, list[str]]]:
    """A tablet before the lock, and what its browser complains of."""
    complaints: list[str] = []
    context = browser.new_context(
        viewport=size or TABLET,  # type: ignore[arg-type]  # playwright's own type
        color_scheme="dark",
        has_touch=True,
    )
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(crew.base_url)
    try:
        yield page, complaints
    finally:
        context.close()


def unlock(page: Page) -> None:
    page.locator('[data-member="crew-11"]').click()
    for digit in PIN:
        page.locator(f'[data-key="{digit}"]').click()
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#tiles")).to_be_visible()


def fill(crew: ServedCrew) -> None:
    now = make.utc_now()
    crew.append(list(make.DESCRIBED))
    crew.bind(
        Binding(
            encounter_id="enc_1", started_at=now - timedelta(minutes=20), number="INC-7",
            complaint="Collapse",
        )
    )  # fmt: skip
    crew.status = status(
        devices=[device("Acme OX-1", "stale"), device("Acme Rescue 4")],
        uplink={"links": [link(is_up=False)]},
        buffer={"waiting": {"numerics": 412}, "oldest_seconds": 700.0, "is_full": False},
    )
    crew.append(
        [
            make.number(147842, now, "143", make.BEATS),
            make.number(150456, now - timedelta(minutes=1), "71", make.PERCENT, make.OXIMETER),
            make.pressure(now, "161", "113", "129"),
            make.number(151728, now, SpecialValue.NAN, make.MMHG, make.CAPNOMETER),
            *make.curves_until(now, 8, is_arrest=True, hole=(4, 3)),
        ]
    )


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(TABLET, id="lying"),
        pytest.param(UPRIGHT, id="upright", marks=pytest.mark.soak),
    ],
)
def test_the_patient_is_seen_and_every_press_is_saved(
    browser: Browser, tmp_path: Path, size: dict[str, int]
) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew, size=size) as (page, complaints):
        fill(crew)
        expect(page.locator("#page")).to_be_hidden()
        assert "143" not in page.content()
        unlock(page)
        expect(page.locator(".tile-hr .value")).to_have_text("143")
        expect(page.locator(".tile-spo2")).to_have_attribute("data-state", "stale")
        expect(page.locator(".tile-spo2 .age")).to_contain_text("OLD")
        expect(page.locator(".tile-nibp .value")).to_have_text("161/113")
        expect(page.locator(".tile-etco2 .value")).to_have_text("no valid reading")
        expect(page.locator("#encounter-head")).to_have_text("INC-7: confirm")
        expect(page.locator("#uplink-text")).to_contain_text("412 to send since")
        expect(page.locator("#devices-text")).to_have_text("has fallen silent")
        expect(page.locator(".nav .notice")).to_contain_text("Not an alarm monitor")
        # On a busy machine the first curves have swept out of the strip by now.
        crew.append(make.curves_until(make.utc_now(), 6, is_arrest=True))
        wait_until(lambda: page.evaluate(TRACE) > 800, timeout=20, what="the ECG")
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(SPILLED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

        page.locator("#cpr").click()
        expect(page.locator("#cpr-head")).to_have_text("CPR stop")
        expect(page.locator("#cpr-text")).to_have_text(re.compile(r"0:\d\d"))
        page.locator('[data-sheet="drugs"]').click()
        page.locator('[data-drug="Amiodarone"]').click()
        expect(page.locator(".toast", has_text="Amiodarone 300 mg IV: saved")).to_be_visible()
        page.locator(".toast", has_text="Amiodarone").get_by_role("button", name="Undo").click()
        undone = page.locator(".event", has_text="Amiodarone")
        expect(undone).to_have_attribute("data-undone", "true")
        page.locator("#encounter-chip").click()
        page.get_by_role("button", name="This is ours").click()
        expect(page.locator("#encounter-head")).to_have_text("INC-7")
        kinds = [event.kind for event in events(crew.held())]
        assert kinds == ["cpr_started", "drug", "undone", "encounter_confirmed"]
    assert complaints == []


def drew(page: Page, canvases: int) -> bool:
    """Whether so many canvases hold a picture."""
    return bool(page.evaluate(DRAWN) == canvases)


def scan(page: Page, text: str) -> None:
    """As a scanner types: all keys in one go, which the test's own keyboard is too slow for."""
    page.evaluate(
        """(text) => [...text, "Enter"].forEach((key) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})))""",
        text,
    )


def test_a_scanned_wristband_fills_the_number_and_the_lock_leaves_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew) as (page, complaints):
        fill(crew)
        page.locator("#pin").fill("0000")
        page.keyboard.press("Enter")
        expect(page.locator("#lock-words")).to_contain_text("not the PIN")
        unlock(page)
        expect(page.locator(".tile-hr .value")).to_have_text("143")
        scan(page, "9434765919")
        expect(page.locator("#view-patient")).to_be_visible()
        expect(page.locator("#nhs-hint")).to_have_text("check digit fits")
        page.get_by_label("Family name").fill("Example")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator("#patient-words")).to_have_text("Saved on board.")
        for answer in ("Alert", "Oxygen", "2 (88-92 %)"):
            page.get_by_role("button", name=answer, exact=True).click()
            expect(page.locator(f'.choices button:text-is("{answer}")')).to_have_attribute(
                "aria-pressed", "true"
            )
        for view, drawn in (("Alt+1", 3), ("Alt+2", 3 + 12), ("Alt+3", 3 + 12 + 5), ("Alt+1", 20)):
            page.keyboard.press(view)
            # A view paints while it is seen, and on a busy machine earlier curves have swept out.
            crew.append(make.curves_until(make.utc_now(), 6, is_arrest=True))
            wait_until(partial(drew, page, drawn), timeout=20, what="every curve")
        page.keyboard.press("Alt+6")
        expect(page.locator("#handover-who")).to_have_text("Example \u00b7 943 476 5919")
        page.get_by_role("button", name="Lock now").click()
        expect(page.locator("#lock")).to_be_visible()
        assert page.evaluate(DRAWN) == 0
        assert page.locator('#view-patient [aria-pressed="true"]').count() == 0
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        left = page.content() + kept
        values = page.evaluate("[...document.querySelectorAll('input')].map((one) => one.value)")
        for secret in ("143", "Example", "943", "INC-7"):
            assert secret not in left.replace("vitalwire", ""), secret
            assert secret not in "".join(values)
    # The browser itself reports the refused PIN, and that the test reads its canvases.
    told = [one for one in complaints if "401" not in one and "readback" not in one]
    assert told == []


def test_a_press_while_the_gateway_is_away_is_saved_once_it_is_back(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    with served_crew(tmp_path, port=port) as crew:
        context = browser.new_context(viewport=TABLET)  # type: ignore[arg-type]  # playwright's own
        page = context.new_page()
        page.goto(crew.base_url)
        unlock(page)
        expect(page.locator("#cut")).to_be_hidden()
    try:
        expect(page.locator("#cut")).to_be_visible()
        page.locator('[data-deed="circulation_returned"]').click()
        expect(page.locator(".toast")).to_contain_text("NOT SAVED")
        with served_crew(tmp_path, port=port) as crew:
            # A restart locks every screen: the press waits in the page's hands for the PIN.
            expect(page.locator("#lock")).to_be_visible()
            unlock(page)
            expect(page.locator(".event", has_text="spontaneous")).to_be_visible()
            assert [event.kind for event in events(crew.held())] == ["circulation_returned"]
            assert VEHICLE in page.title()
    finally:
        context.close()


def test_a_scan_is_sent_nowhere_before_a_person_says_that_it_is_a_device(
    browser: Browser, tmp_path: Path
) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew) as (page, complaints):
        crew.bind(Binding(encounter_id="enc_1", started_at=make.utc_now(), number="INC-7"))
        unlock(page)
        scan(page, "SN-4711")
        expect(page.locator(".toast")).to_contain_text("NOT TAKEN")
        page.keyboard.press("Alt+5")
        scan(page, "SN-4711")
        expect(page.get_by_label("The code on the device")).to_have_value("SN-4711")
        assert crew.devices.inbox.enrolments() == ()
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator(".toast", has_text="is taken down")).to_be_visible()
        expect(page.locator("#scanned-list")).to_contain_text("waiting for the cloud")
        assert [one.serial_number for one in crew.devices.inbox.enrolments()] == ["SN-4711"]
        scan(page, "(8018)505001234567890126(91)9434765919")
        expect(page.locator('[name="nhs_number"]')).to_have_value("9434765919")
        # A sheet that follows a sheet keeps what is in it.
        page.locator("#encounter-chip").click()
        page.get_by_role("button", name="Release").click()
        page.get_by_role("button", name="yes, the patient has left").click()
        expect(page.locator("#encounter-head")).to_have_text("No encounter")
    assert complaints == []


@pytest.mark.soak
def test_the_station_is_said_by_a_press_where_curves_wait_for_it(
    browser: Browser, tmp_path: Path
) -> None:
    def looks(crew: ServedCrew) -> None:
        is_here = crew.station.is_here()
        crew.status = status(
            uplink={
                "links": [link()],
                "budget": {"profile": "thin", "holds_waveforms": not is_here},
            },
            buffer={"waiting": {"waveforms": 0 if is_here else 9}, "oldest_seconds": 900.0},
            station=crew.station.describe(),
        )

    with served_crew(tmp_path) as crew, screen(browser, crew) as (page, complaints):
        looks(crew)
        unlock(page)
        expect(page.locator("#uplink-text")).to_have_text("curves wait for the station")
        page.keyboard.press("Alt+5")
        expect(page.locator("#sent-head")).to_contain_text("All but the curves is sent")
        expect(page.locator("#station-words")).to_have_text("Not at the station.")
        page.get_by_role("button", name="At the station").click()
        expect(page.locator(".toast")).to_contain_text("curves go up too")
        looks(crew)
        expect(page.locator("#sent-head")).to_contain_text("Everything is sent")
        expect(page.locator("#station-words")).to_contain_text("at the latest")
        page.get_by_role("button", name="Left the station").click()
        expect(page.locator(".toast", has_text="curves wait")).to_be_visible()
        assert not crew.station.is_here()
    assert complaints == []


def test_a_tablet_out_of_the_vehicles_network_locks_itself(
    browser: Browser, tmp_path: Path
) -> None:
    policy = CrewPolicy(members=("crew-11",), lock_seconds=30)
    with served_crew(tmp_path, policy=policy) as crew, screen(browser, crew) as (page, _):
        page.clock.install()
        page.reload()
        fill(crew)
        unlock(page)
        expect(page.locator(".tile-hr .value")).to_have_text("143")
        page.context.set_offline(True)
        page.clock.fast_forward(20_000)
        expect(page.locator("#page")).to_be_visible()
        page.clock.fast_forward(15_000)
        expect(page.locator("#lock")).to_be_visible()
        assert "143" not in page.content()
