"""The hospital board in a real browser, over a real socket."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from cloud.core.encounters import handing_over
from cloud.core.kernel.work import utc_now
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.model.quantity import SpecialValue
from protocols.nomenclature.private import (
    CIRCULATION_RETURNED,
    DEFIBRILLATOR_EVENT,
    SHOCK_COUNT,
    SHOCK_DELIVERED,
    SHOCK_ENERGY,
)
from simulators.incident.listening import free_port
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    DIMENSIONLESS,
    HEART_RATE,
    JOULE,
    MONITOR,
    OXIMETER,
    PERCENT,
    PULSE,
    RHYTHM,
    SPO2,
    V_FIB,
    coded,
    ecg,
    numeric,
    pressure,
)
from tests.fixtures.served_cloud import ServedCloud, installed_cloud, served_cloud
from tests.waiting import wait_until

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=60_000)  # a busy machine is no fault of the page

VEHICLE = "RTW-7"
PERIOD_US = 5000
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@contextmanager
def page_of(browser: Browser, *, complaints: list[str], **options: object) -> Iterator[Page]:
    """A page that writes down every complaint of the browser."""
    context = browser.new_context(**options)  # type: ignore[arg-type]  # playwright's own options
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        # A connection that is refused while the service is down is no fault of the page.
        if message.type in ("error", "warning") and "ERR_CONNECTION" not in message.text:
            complaints.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
    finally:
        context.close()


def chunk(at: datetime) -> Observation:
    """250 ms of something that is surely not a flat line."""
    samples = [round(900 * math.sin(n / 4)) for n in range(50)]
    return ecg(at, samples, device=DEFIBRILLATOR, period_us=PERIOD_US).observation


def strip_until(
    end: datetime, seconds: int, *, hole: tuple[int, int] | None = None
) -> list[Observation]:
    """Seconds of ECG that end at `end`, without the chunks of a hole (counted back in seconds)."""
    chunks = []
    for quarter in range(seconds * 4, 0, -1):
        if hole and hole[1] < quarter / 4 <= hole[0]:
            continue
        chunks.append(chunk(end - timedelta(milliseconds=250 * quarter)))
    return chunks


def fill(cloud: ServedCloud) -> str:
    """An encounter with ventricular fibrillation, one shock and a hole in the ECG."""
    encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=120)
    now = utc_now()
    cloud.send(
        VEHICLE,
        [
            DeviceInfo(system_id=DEFIBRILLATOR, manufacturer="Acme", model="Rescue 4"),
            DeviceInfo(system_id=OXIMETER, manufacturer="Acme", model="OX-1"),
        ],
    )
    readings = [
        numeric(MONITOR, HEART_RATE, now - timedelta(seconds=1), "143", BEATS),
        numeric(OXIMETER, SPO2, now - timedelta(seconds=1), "71", PERCENT),
        numeric(OXIMETER, PULSE, now - timedelta(minutes=1), "88", BEATS),
        pressure(now - timedelta(seconds=40), "61", "33", "42"),
        coded(DEFIBRILLATOR, RHYTHM, now - timedelta(seconds=20), V_FIB),
        coded(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, now - timedelta(seconds=5), SHOCK_DELIVERED),
        numeric(DEFIBRILLATOR, SHOCK_ENERGY, now - timedelta(seconds=5), "200", JOULE),
        numeric(DEFIBRILLATOR, SHOCK_COUNT, now - timedelta(seconds=5), "1", DIMENSIONLESS),
    ]
    cloud.send(VEHICLE, [one.observation for one in readings])
    cloud.send(VEHICLE, strip_until(now, 12, hole=(6, 4)))
    return encounter_id


def expect_live(page: Page, cloud: ServedCloud, *, rate: str) -> None:
    """Live is what came within ten seconds, and a busy machine may take longer to show a page: the
    heart rate goes on coming.
    """

    def says_so() -> bool:
        cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, utc_now(), rate, BEATS).observation])
        return page.locator("#link-text").inner_text() == "Live"

    wait_until(says_so, timeout=60, what="the page to say Live", every=0.5)


def opened(cloud: ServedCloud, encounter_id: str = "") -> str:
    """The address that opens the board in one step, at a patient or at the list."""
    place = f"/{encounter_id}" if encounter_id else ""
    return f"{cloud.base_url}/board{place}#access_token={cloud.token()}"


SAMPLE_AGE = re.compile(r"newest sample \d+(\.\d)? (s|min) ago")
SPILLED = """() => [...document.querySelectorAll(".tile:not([hidden])")]
  .filter((tile) => tile.scrollHeight > tile.clientHeight + 1)
  .map((tile) => tile.id)"""
"""The tiles whose text does not fit into them."""

PIXELS = """() => {
  const canvas = document.getElementById("ecg");
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const seen = new Set();
  let bright = 0;
  for (let i = 0; i < data.length; i += 4) {
    seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    if (data[i + 1] > 180 && data[i] < 120) bright += 1;
  }
  return [seen.size, bright];
}"""
"""How many colours the ECG canvas shows, and how many of its pixels belong to the green trace."""
DRAWN = f"() => ({PIXELS})()[1] > 1000"
"""The trace is there: a busy machine draws it some frames later than the tiles' text."""


def test_the_board_shows_the_patient_live(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        encounter_id = fill(cloud)
        size = {"width": 1920, "height": 1080}
        with page_of(browser, complaints=complaints, viewport=size, color_scheme="dark") as page:
            page.goto(opened(cloud, encounter_id))
            expect_live(page, cloud, rate="143")
            expect(page.locator("#tile-hr .value")).to_have_text("143")
            assert page.url == f"{cloud.base_url}/board/{encounter_id}"
            expect(page.locator("#tile-spo2 .value")).to_have_text("71")
            expect(page.locator("#tile-nibp .value")).to_have_text("61/33")
            expect(page.locator("#tile-shock .value")).to_have_text("200 J")
            expect(page.locator("#tile-pulse")).to_have_attribute("data-state", "stale")
            expect(page.locator("#tile-pulse .age")).to_contain_text("1 min ago")
            expect(page.locator("#acuity")).to_have_attribute("data-severity", "critical")
            expect(page.locator("#acuity-title")).to_have_text("Ventricular fibrillation")
            expect(page.locator("#vehicle")).to_have_text(VEHICLE)
            expect(page.locator(".event")).to_have_count(2)
            expect(page.locator('[data-lane="ecg"] .strip-age')).to_contain_text("1 break in view")
            expect(page.locator('[data-lane="ecg"] .strip-age')).to_have_text(SAMPLE_AGE)
            expect(page.locator("#tile-hr .mark")).to_have_text("high")
            expect(page.locator("#tile-spo2 .mark")).to_have_text("low")
            expect(page.locator("#tile-nibp .mark")).to_have_text("low")
            expect(page.locator("#tile-pulse .mark")).to_be_hidden()
            expect(page.locator(".limits")).to_contain_text("not alarms")
            expect(page.locator("#fact-incident")).not_to_be_empty()
            expect(page.locator("#news2-total")).to_have_text("\u2265 9")
            expect(page.locator("#news2-missing")).to_contain_text("Consciousness")
            expect(page.locator('[data-chart="rate"] .chart-values')).to_contain_text("HR 143")
            assert page.evaluate(SPILLED) == []
            page.wait_for_function(DRAWN, timeout=60_000)
            colours, _ = page.evaluate(PIXELS)
            assert colours > 10

            now = utc_now()
            fresh = numeric(MONITOR, HEART_RATE, now, "96", BEATS)
            rosc = coded(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, now, CIRCULATION_RETURNED)
            cloud.send(VEHICLE, [fresh.observation, rosc.observation])
            expect(page.locator("#tile-hr .value")).to_have_text("96")
            expect(page.locator("#acuity")).to_have_attribute("data-severity", "good")
            expect(page.locator("#tile-hr .mark")).to_be_hidden()

            lost = pressure(utc_now(), SpecialValue.NAN, SpecialValue.NAN)
            cloud.send(VEHICLE, [lost.observation])
            expect(page.locator("#tile-nibp .value")).to_have_text("no valid reading")
            expect(page.locator("#tile-nibp .last")).to_have_text(re.compile(r"last 61/33 . \d+ s"))
    assert complaints == []


def test_a_long_vehicle_name_stands_whole_in_the_list(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    name = "rescue-ambulance-of-the-northern-district-07"
    with served_cloud(tmp_path) as cloud:
        cloud.open_encounter(name, seconds_ago=60)
        with page_of(browser, complaints=complaints, viewport=PHONE) as page:
            page.goto(opened(cloud))
            card = page.locator(".arrival-vehicle")
            expect(card).to_have_text(name)
            assert card.evaluate("node => node.scrollWidth <= node.clientWidth")
            expect(page.locator(".arrival")).to_have_attribute("title", name)
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert complaints == []


def test_a_phone_needs_no_sideways_scrolling_and_keeps_no_token(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        fill(cloud)
        with page_of(browser, complaints=complaints, viewport=PHONE, color_scheme="light") as page:
            page.goto(f"{cloud.base_url}/board")
            expect(page.get_by_role("link", name="Sign in")).to_be_visible()
            page.goto("about:blank")
            page.goto(opened(cloud))
            page.locator(".arrival", has_text=VEHICLE).get_by_role("link").click()
            expect(page.locator("#tile-hr .value")).to_have_text("143")
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
            for tile in ("hr", "spo2", "pulse", "nibp", "shock"):
                box = page.locator(f"#tile-{tile}").bounding_box()
                assert box is not None
                assert box["y"] + box["height"] < 1.5 * PHONE["height"], tile
            kept = page.evaluate(
                "JSON.stringify([{...sessionStorage}, {...localStorage}, document.cookie])"
            )
            assert "eyJ" not in kept
            assert "vitalwire-board=" not in kept
            expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
            page.get_by_role("button", name="Menu").click()
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("link", name="Sign in")).to_be_visible()
            assert [one["name"] for one in page.context.cookies()] == []
    assert complaints == []


def test_a_word_in_a_narrow_tile_pushes_nothing_out(browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        fill(cloud)
        with page_of(browser, complaints=complaints, viewport=PHONE) as page:
            page.goto(opened(cloud))
            page.locator(".arrival", has_text=VEHICLE).get_by_role("link").click()
            tile = page.locator("#tile-hr")
            expect(tile.locator(".value")).to_have_text("143")
            cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, utc_now(), "0", BEATS).observation])
            expect(tile.locator(".mark")).to_have_text("no heart rate")
            edges = "node => node.getBoundingClientRect().toJSON()"
            outer = tile.evaluate(edges)
            for part in (".unit", ".mark", "abbr"):
                inner = tile.locator(part).evaluate(edges)
                assert outer["left"] < inner["left"] < inner["right"] < outer["right"], part
            label, unit = (tile.locator(one).evaluate(edges) for one in ("abbr", ".unit"))
            assert label["top"] == pytest.approx(unit["top"], abs=2)
            tile.screenshot(path=tmp_path / "tile.png")
    assert complaints == []


def test_the_board_says_when_the_connection_is_lost_and_goes_on_by_itself(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with (
        installed_cloud(tmp_path, port=free_port()) as (cloud, serve),
        page_of(browser, complaints=complaints) as page,
    ):
        with serve():
            page.goto(opened(cloud, fill(cloud)))
            expect_live(page, cloud, rate="143")
        expect(page.locator("#link-text")).to_have_text("Reconnecting")
        expect(page.locator("#stale-banner")).to_be_visible()
        now = utc_now()
        cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, now, "101", BEATS).observation])
        with serve():
            expect(page.locator("#tile-hr .value")).to_have_text("101")
            expect_live(page, cloud, rate="101")
            expect(page.locator(".event")).to_have_count(2)
            expect(page.locator("#stale-banner")).to_be_hidden()
    assert [one for one in complaints if "net::" not in one] == []


def test_an_ambulance_out_of_coverage_is_said_to_be_silent(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        encounter_id = cloud.open_encounter(VEHICLE, seconds_ago=300)
        old = utc_now() - timedelta(seconds=45)
        cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, old, "70", BEATS).observation])
        with page_of(browser, complaints=complaints) as page:
            page.goto(opened(cloud, encounter_id))
            expect(page.locator("#link-text")).to_contain_text("No data since")
            expect(page.locator("#stale-banner")).to_contain_text("nothing is lost")
            expect(page.locator("#tile-hr")).to_have_attribute("data-state", "stale")
    assert complaints == []


def test_another_encounter_is_chosen_by_keyboard_and_a_handed_over_one_says_so(
    browser: Browser, tmp_path: Path
) -> None:
    complaints: list[str] = []
    with served_cloud(tmp_path) as cloud:
        fill(cloud)
        other = cloud.open_encounter("NEF-3", seconds_ago=60)
        now = utc_now()
        cloud.send("NEF-3", [numeric(OXIMETER, SPO2, now, "98", PERCENT).observation])
        with page_of(browser, complaints=complaints) as page:
            page.goto(opened(cloud))
            expect(page.locator("#count")).to_have_text("2")
            expect(page.locator(".arrival-vehicle")).to_have_text([VEHICLE, "NEF-3"])
            card = page.locator(".arrival", has_text="NEF-3").get_by_role("link")
            card.focus()
            page.keyboard.press("Enter")
            expect(page.locator("#vehicle")).to_have_text("NEF-3")
            expect(page.locator("#tile-spo2 .value")).to_have_text("98")
            expect(page.locator("#acuity")).to_have_attribute("data-severity", "none")
            with cloud.parts.database.begin(now=utc_now()) as work:
                handing_over.hand_over(
                    work, cloud.caller, other, facility_id="general", received_by="ward"
                )
            expect(page.locator("#fact-state")).to_have_text("handed over")
            expect(page.locator("#handover-state")).to_contain_text("to general")
            expect(page.locator("#elapsed")).to_have_text(re.compile(r"\d+:\d\d:\d\d"))
            page.get_by_role("link", name="All arrivals").click()
            expect(page.locator("#count")).to_have_text("1")
    assert complaints == []
