"""Pictures of the crew page as a crew sees it: `python -m tests.crew_screenshots FOLDER`.

A live arrest, a dead oximeter and no uplink, on a tablet upright and lying, by day and by night.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from edge.commands.encounter import Binding
from protocols.model.codes import MdcCode
from protocols.model.observation import Observation
from protocols.model.quantity import SpecialValue
from protocols.nomenclature.private import SHOCK_DELIVERED
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import PIN, ServedCrew, device, link, served_crew, status
from tests.integration.test_board_browser import CHROMIUM, FLAGS

SIZES = {"768x1024": (768, 1024), "1280x800": (1280, 800)}
SECONDS = 2.5


class Playing:
    """Curves that go on while pictures are taken."""

    def __init__(
        self,
        crew: ServedCrew,
        *,
        is_arrest: bool,
        with_pleth: bool,
        top: float,
        with_paddles: bool = False,
    ) -> None:
        self._stop = threading.Event()
        self._with_paddles = with_paddles
        self._thread = threading.Thread(
            target=self._play, args=(crew, is_arrest, with_pleth, top), daemon=True
        )
        self._thread.start()

    def _play(self, crew: ServedCrew, is_arrest: bool, with_pleth: bool, top: float) -> None:
        at = make.utc_now() - timedelta(milliseconds=250)
        hr = "0" if is_arrest else "84"
        beats = 0
        while not self._stop.wait(max(0.0, (at - make.utc_now()).total_seconds() + 0.25)):
            curves = list(make.chunk(at, 0.25, is_arrest=is_arrest, with_pleth=with_pleth, top=top))
            crew.append(make.with_paddles(curves) if self._with_paddles else curves)
            at += timedelta(milliseconds=250)
            beats += 1
            if beats % 4 == 0:
                now = make.utc_now()
                numbers: list[Observation] = [
                    make.number(147842, now, hr, make.BEATS),
                    make.number(151728, now, f"{top:.0f}", make.MMHG, make.CAPNOMETER),
                    make.number(151594, now, "12", make.BEATS, make.CAPNOMETER),
                ]
                if with_pleth and not is_arrest:
                    numbers += [
                        make.number(150456, now, "97", make.PERCENT, make.OXIMETER),
                        make.number(149530, now, "84", make.BEATS, make.OXIMETER),
                    ]
                crew.append(numbers)

    def end(self) -> None:
        """Stop them."""
        self._stop.set()
        self._thread.join(5)


def deed(client: httpx.Client, kind: str, text: str, seconds_ago: float) -> None:
    """A button pressed a while ago."""
    answer = client.post(
        "/events", json={"id": str(uuid4()), "kind": kind, "text": text, "ago": seconds_ago}
    )
    assert answer.status_code == 201, answer.text


def arrest(crew: ServedCrew, client: httpx.Client) -> Playing:
    """Ventricular fibrillation, compressions under way."""
    now = make.utc_now()

    def ago(seconds: float) -> datetime:
        return now - timedelta(seconds=seconds)

    crew.append(list(make.DESCRIBED))
    crew.bind(
        Binding(
            encounter_id="enc_9c1f", started_at=ago(1260), number="INC-2026-004711",
            complaint="Collapse", sex="male",
        )
    )  # fmt: skip
    client.post("/encounter/confirm")
    client.post("/shift", json={"id": str(uuid4()), "members": ["crew-11", "crew-12"]})
    crew.status = status(
        devices=[
            device("Acme Rescue 4"),
            device("Acme OX-1", "receiving"),
            device("Acme Cuff 2", "receiving", seconds_ago=95),
            device("Acme Capno"),
        ],
        buffer={"waiting": {"events": 2, "numerics": 41, "waveforms": 18}, "oldest_seconds": 0.4},
    )
    numbers: list[Observation] = [
        make.pressure(ago(95), "71", "38", "49"),
        make.pressure(ago(420), "104", "66", "79"),
        make.pressure(ago(900), "128", "81", "97"),
        make.number(150364, ago(300), "36.1", make.CELSIUS, make.CUFF),
        make.number(160184, ago(500), "6.4", make.MMOL, make.CUFF),
        make.number(150456, ago(3), SpecialValue.NAN, make.PERCENT, make.OXIMETER),
        make.finding(ago(212), MdcCode(3, 3198)),
        make.finding(ago(64), SHOCK_DELIVERED),
    ]
    for step in range(70):
        at = ago(70 * 15 - step * 15)
        numbers += [
            make.number(147842, at, str(80 + step // 2 if step < 55 else 0), make.BEATS),
            make.number(150456, at, str(97 - step // 6), make.PERCENT, make.OXIMETER),
            make.number(151728, at, str(38 - step // 4), make.MMHG, make.CAPNOMETER),
        ]
    numbers.sort(key=lambda one: one.observed_at.at)
    crew.append(numbers)
    deed(client, "note", "Collapsed in the kitchen, wife began compressions", 250)
    deed(client, "cpr_started", "", 205)
    deed(client, "airway", "Supraglottic (i-gel)", 160)
    deed(client, "drug", "Adrenaline 1 mg IV", 120)
    deed(client, "shock", "200 J", 64)
    crew.append(make.curves_until(make.utc_now(), 8, is_arrest=True, hole=(3.5, 2.75), top=14))
    return Playing(crew, is_arrest=True, with_pleth=True, top=14)


def dead_oximeter(crew: ServedCrew, client: httpx.Client) -> Playing:
    """The oximeter fell silent a minute ago; dispatch's encounter is not confirmed."""
    now = make.utc_now()
    crew.append(list(make.DESCRIBED))
    crew.bind(
        Binding(
            encounter_id="enc_77", started_at=now - timedelta(seconds=540),
            number="INC-2026-004712", complaint="Breathing difficulty", sex="female",
        )
    )  # fmt: skip
    crew.status = status(
        devices=[
            device("Acme Rescue 4"),
            device("Acme OX-1", "stale", seconds_ago=64),
            device("Acme Cuff 2", "receiving", seconds_ago=130),
            device("Acme Capno"),
        ]
    )
    client.post("/assessment", json={"consciousness": "A", "on_oxygen": True, "scale": 1})
    numbers: list[Observation] = [
        make.number(150456, now - timedelta(seconds=64), "89", make.PERCENT, make.OXIMETER),
        make.number(149530, now - timedelta(seconds=64), "112", make.BEATS, make.OXIMETER),
        make.pressure(now - timedelta(seconds=130), "148", "92", "111"),
        make.number(150364, now - timedelta(seconds=240), "38.4", make.CELSIUS, make.CUFF),
    ]
    crew.append(numbers)
    deed(client, "drug", "Salbutamol 5 mg NEB", 200)
    crew.append(make.curves_until(make.utc_now(), 8, is_arrest=False, with_pleth=False))
    crew.append(make.curves_until(make.utc_now() - timedelta(seconds=64), 3, is_arrest=False))
    return Playing(crew, is_arrest=False, with_pleth=False, top=44)


def no_uplink(crew: ServedCrew, client: httpx.Client) -> Playing:
    """No connection for twenty minutes; the patient is well."""
    now = make.utc_now()
    crew.append(list(make.DESCRIBED))
    client.post("/encounter/begin", json={"id": str(uuid4())})
    crew.status = status(
        devices=[
            device("Acme Rescue 4"),
            device("Acme OX-1"),
            device("Acme Cuff 2", "receiving", seconds_ago=40),
            device("Acme Capno"),
        ],
        uplink={"links": [link(is_up=False)]},
        buffer={
            "waiting": {"events": 9, "numerics": 14_210, "waveforms": 5_204},
            "oldest_seconds": 1210.0,
        },
    )
    client.post("/assessment", json={"consciousness": "A", "on_oxygen": False, "scale": 1})
    client.post(
        "/patient",
        json={
            "id": str(uuid4()), "nhs_number": "943 476 5919", "family_name": "Example",
            "given_name": "Ada", "age_years": 67, "sex": "female", "complaint": "Chest pain",
            "mechanism": "At rest, for 40 minutes", "injuries": "Suspected ACS",
            "allergies": "Penicillin",
        },
    )  # fmt: skip
    crew.append(
        [
            make.pressure(now - timedelta(seconds=40), "132", "84", "100"),
            make.number(150364, now - timedelta(seconds=240), "36.7", make.CELSIUS, make.CUFF),
            make.number(160184, now - timedelta(seconds=300), "5.8", make.MMOL, make.CUFF),
        ]
    )
    deed(client, "drug", "Aspirin 300 mg PO", 300)
    deed(client, "drug", "GTN 400 mcg SL", 240)
    deed(client, "ecg_taken", "", 180)
    crew.append(make.curves_until(make.utc_now(), 8, is_arrest=False))
    return Playing(crew, is_arrest=False, with_pleth=True, top=36)


def two_ecgs(crew: ServedCrew, client: httpx.Client) -> Playing:
    """An ECG and a defibrillator, both with lead II; a long list of drugs, one battery low."""
    now = make.utc_now()
    crew.append(list(make.DESCRIBED))
    crew.bind(
        Binding(
            encounter_id="enc_9c20", started_at=now - timedelta(minutes=50),
            number="INC-2026-004713", complaint="Chest pain",
        )
    )  # fmt: skip
    client.post("/encounter/confirm")
    crew.status = status(
        devices=[
            device("Acme Cardio 12"),
            device("Acme Rescue 4") | {"battery_percent": 9, "is_battery_low": True},
            device("Acme OX-1"),
            device("Acme Capno"),
        ],
        crew={"events_outside_buffer": 1, "photographs_outside_buffer": 1},
    )
    client.post(
        "/patient",
        json={"id": str(uuid4()), "age_years": 67, "sex": "male", "allergies": "Penicillin, latex"},
    )
    for number in range(30, 0, -1):
        deed(client, "drug", f"Adrenaline {number} mg IV", 60 * number)
    crew.append(make.with_paddles(make.curves_until(make.utc_now(), 8, is_arrest=False)))
    return Playing(crew, is_arrest=False, with_pleth=True, top=36, with_paddles=True)


SCENES: dict[str, Callable[[ServedCrew, httpx.Client], Playing]] = {
    "arrest": arrest,
    "dead-oximeter": dead_oximeter,
    "no-uplink": no_uplink,
    "two-ecgs": two_ecgs,
}
VIEWS = ("twelve", "trends", "patient", "devices", "handover")


def take(folder: Path, scenes: list[str]) -> None:
    """All pictures of these scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        for name in scenes:
            with (
                tempfile.TemporaryDirectory() as data,
                served_crew(Path(data), time_zone="Europe/London") as crew,
                crew.client() as client,
            ):
                _play(browser, crew, client, folder, name)
        browser.close()


def _play(
    browser: Browser, crew: ServedCrew, client: httpx.Client, folder: Path, name: str
) -> None:
    playing = SCENES[name](crew, client)
    try:
        for size, (width, height) in SIZES.items():
            for theme in ("night", "day"):
                _scene(browser, crew, folder / f"{name}-{size}-{theme}", theme, width, height)
    finally:
        playing.end()


def _scene(
    browser: Browser, crew: ServedCrew, prefix: Path, theme: str, width: int, height: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light" if theme == "day" else "dark",
        has_touch=True,
    )
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(crew.base_url)
    if theme == "night" and prefix.name.startswith("arrest"):
        page.screenshot(path=f"{prefix}-lock.png")
    page.locator('[data-member="crew-11"]').click()
    for digit in PIN:
        page.locator(f'[data-key="{digit}"]').click()
    page.get_by_role("button", name="Open").click()
    page.locator("#tiles").wait_for()
    page.wait_for_timeout(SECONDS * 1000)
    page.screenshot(path=f"{prefix}.png")
    _others(page, prefix, theme)
    context.close()
    if problems:
        raise SystemExit(f"{prefix.name}: {problems}")


def _others(page: Page, prefix: Path, theme: str) -> None:
    scene = prefix.name
    if scene.startswith("two-ecgs"):
        page.locator('[data-choose="ecg"]').click()
        page.wait_for_timeout(300)
        page.screenshot(path=f"{prefix}-leads.png")
        page.locator("#sheet-body button", has_text="Rescue 4").click()
        page.wait_for_timeout(700)
        page.screenshot(path=f"{prefix}-paddles.png")
    if scene.startswith(("no-uplink", "two-ecgs")) or (
        scene.startswith("arrest") and theme == "night"
    ):
        for view in VIEWS:
            page.locator(f'[data-view="{view}"]').click()
            page.wait_for_timeout(700)
            page.screenshot(path=f"{prefix}-{view}.png")
        page.locator('[data-view="handover"]').click()
        page.locator("#show-code").click()
        page.wait_for_timeout(500)
        page.screenshot(path=f"{prefix}-code.png")
        page.locator("#sheet-close").click()
        page.locator('[data-view="live"]').click()
        page.locator('[data-sheet="drugs"]').click()
        page.wait_for_timeout(300)
        page.screenshot(path=f"{prefix}-drugs.png")
        page.locator('[data-drug="Amiodarone"]').click()
        page.wait_for_timeout(500)
        page.screenshot(path=f"{prefix}-saved.png")
        page.locator("#news2").click()
        page.wait_for_timeout(300)
        page.screenshot(path=f"{prefix}-news2.png")
        page.locator("#sheet-close").click()


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2:] or list(SCENES))
