"""The crew page in a real browser: what it says and draws in the rarer states of a vehicle."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge.clock import SYSTEM_CLOCK
from edge.commands.encounter import Binding
from edge.commands.inbox import CommandInbox
from edge.crew.policy import CrewPolicy
from edge.transports.ble.pairing import PairingDesk
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation, SampleArrayObservation
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import ServedCrew, events, press, served_crew
from tests.integration.test_crew_browser import UPRIGHT, browser, screen, unlock
from tests.waiting import wait_until

__all__ = ["browser"]
SPILLS = """() => [...document.querySelectorAll(".bar, .bar > *")].some(
  (one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)"""
"""Whether anything at the page's head does not fit."""
LEVELS = """() => {
  const canvas = document.querySelector('.strip-ecg canvas');
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  const is_green = (i) => data[i + 1] > 180 && data[i] < 120;
  const found = [];
  for (let y = 0; y < height; y++) {
    let count = 0;
    for (let x = 0; x < width; x++) count += is_green(4 * (y * width + x));
    if (count > 40 && !(found.at(-1) > y - 4)) found.push(y);
  }
  return found;
}"""
"""The rows of the ECG strip on which a level line stands."""


def test_a_disk_that_refuses_an_encounter_is_told_in_words(
    browser: Browser, tmp_path: Path
) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew) as (page, _):
        unlock(page)
        good = crew.encounter.inbox
        (tmp_path / "full").mkdir()
        crew.encounter.inbox = CommandInbox(tmp_path / "full")
        crew.encounter.inbox.close()
        for words in ("disk does not take it", "Encounter begun"):
            page.locator("#encounter-chip").click()
            page.get_by_role("button", name="Begin an encounter").click()
            expect(page.locator(".toast", has_text=words)).to_be_visible()
            crew.encounter.inbox = good
        expect(page.locator("#encounter-head")).to_have_text("Begun on board")
        begun = [event for event in events(crew.held()) if event.kind == "encounter_begun"]
        assert [event.encounter for event in begun] == [
            crew.encounter.current and crew.encounter.current.encounter_id
        ]


def test_all_times_are_the_vehicles_whatever_the_tablet_thinks(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        served_crew(tmp_path, time_zone="Asia/Kathmandu") as crew,
        crew.client() as client,
        screen(browser, crew) as (page, complaints),
    ):
        started = make.utc_now() - timedelta(minutes=7)
        crew.bind(Binding(encounter_id="enc_1", started_at=started, number="INC-7"))
        press(client, "shock", ago=300)
        (shock,) = [one.at for one in events(crew.held()) if one.kind == "shock"]
        at = [f"{time + timedelta(minutes=345):%H:%M}" for time in (started, shock)]
        unlock(page)
        expect(page.locator("#zone")).to_have_text("UTC+05:45")
        expect(page.locator(".event .by")).to_contain_text(f"{at[1]}:")
        page.locator("#encounter-chip").click()
        expect(page.locator("#sheet-body")).to_contain_text(f"Since {at[0]}:")
        page.locator("#sheet-close").click()
        page.keyboard.press("Alt+6")
        expect(page.locator("#atmist")).to_contain_text(f"{at[0]} (all times UTC+05:45)")
        expect(page.locator("#atmist")).to_contain_text(f"{at[1]} Shock given")
        assert page.evaluate(SPILLS) is False
    assert complaints == []


@pytest.mark.parametrize(("hours", "locks"), [(1.9, False), (2.1, True)])
def test_compressions_nobody_stopped_do_not_keep_the_page_open_for_ever(
    browser: Browser, tmp_path: Path, hours: float, *, locks: bool
) -> None:
    policy = CrewPolicy(members=("crew-11",), lock_seconds=30)
    with (
        served_crew(tmp_path, policy=policy) as crew,
        crew.client() as client,
        screen(browser, crew) as (page, _),
    ):
        page.clock.install()
        page.reload()
        press(client, "cpr_started", ago=hours * 3600)
        unlock(page)
        expect(page.locator("#cpr-head")).to_have_text("CPR stop")
        for _ in range(3):
            page.clock.run_for(11_000)
        expect(page.locator("#lock" if locks else "#page")).to_be_visible()
        expect(page.locator("#page" if locks else "#lock")).to_be_hidden()


def level_lines(millivolts: dict[str, int]) -> list[Observation]:
    """Lead II of an ECG and of a defibrillator, each a level line."""
    end = make.utc_now()
    return [
        make.wave(
            131330, end - timedelta(milliseconds=250 * quarter), [1000 * level] * 62,
            scale="0.001", unit=make.MILLIVOLT, period_us=4000,
            device=make.DEFIBRILLATOR if name == "Rescue 4" else make.CUFF,
        )
        for name, level in millivolts.items()
        for quarter in range(24, 0, -1)
    ]  # fmt: skip


def test_questions_of_pairing_wait_for_what_is_typed_and_each_of_them_is_asked(
    browser: Browser, tmp_path: Path
) -> None:
    desk = PairingDesk(SYSTEM_CLOCK)
    desk.is_enrolled = lambda _address: True
    with (
        served_crew(tmp_path, pairing=desk) as crew,
        screen(browser, crew) as (page, complaints),
    ):
        unlock(page)
        page.locator('[data-sheet="note"]').click()
        page.locator("#sheet-body input, #sheet-body textarea").first.fill("half typed")
        asked = [
            asyncio.run_coroutine_threadsafe(desk.passkey(f"F0:00:00:00:00:0{n}"), crew.loop)
            for n in (1, 2)
        ]
        wait_until(lambda: len(desk.open_requests()) == 2, timeout=10, what="both questions")
        press_seen(page, crew)
        typed = page.locator("#sheet-body input, #sheet-body textarea").first
        expect(typed).to_have_value("half typed")
        page.locator("#sheet-close").click()
        for number, question in enumerate(asked, start=1):
            expect(page.locator("#sheet-title")).to_contain_text(f"0{number} wants its number")
            page.get_by_label("The number on the device").fill(f"12345{number}")
            page.get_by_role("button", name="Pair", exact=True).click()
            assert question.result(10) == 123_450 + number
        expect(
            page.locator(".toast", has_text="paired once it stands under Devices")
        ).to_have_count(2)
    assert complaints == []


def press_seen(page: Page, crew: ServedCrew) -> None:
    """Wait until the page has been told of everything up to now."""
    with crew.client() as client:
        press(client)
    expect(page.locator("#shock-count")).to_have_text("1 given")


def twelve_of_cardio() -> list[Observation]:
    return [
        replace(one, device=make.CUFF)
        for one in make.curves_until(make.utc_now(), 2, is_arrest=False)
        if isinstance(one, SampleArrayObservation) and one.device == make.DEFIBRILLATOR
    ]


def test_the_same_lead_of_two_devices_is_never_one_line(browser: Browser, tmp_path: Path) -> None:
    with served_crew(tmp_path) as crew, screen(browser, crew, size=UPRIGHT) as (page, complaints):
        crew.append(
            [
                DeviceInfo(system_id=make.DEFIBRILLATOR, manufacturer="Acme", model="Rescue 4"),
                DeviceInfo(system_id=make.CUFF, manufacturer="Acme", model="Cardio 12"),
            ]
        )
        unlock(page)
        rows = {}
        for name in ("Rescue 4", "Cardio 12"):
            crew.append(level_lines({"Rescue 4": 1, "Cardio 12": -1}))
            page.locator('[data-choose="ecg"]').click()
            page.locator("#sheet-body button", has_text=name).click()
            source = page.locator('[data-choose="ecg"] [data-part="source"]')
            expect(source).to_have_text(f"Acme {name}")
            wait_until(lambda: len(page.evaluate(LEVELS)) == 1, timeout=20, what="one line")
            rows[name] = page.evaluate(LEVELS)[0]
        assert rows["Rescue 4"] < rows["Cardio 12"]
        # All leads are shown of the device that has most of them, whichever the strip shows.
        page.locator('[data-choose="ecg"]').click()
        page.locator("#sheet-body button", has_text="Rescue 4").click()
        crew.append(twelve_of_cardio())
        page.keyboard.press("Alt+2")
        expect(page.locator("#twelve-note")).to_contain_text("Acme Cardio 12")
    # The browser finds it slow that the test reads its canvas.
    assert [one for one in complaints if "readback" not in one] == []
