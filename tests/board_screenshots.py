"""Pictures of the hospital board as people see it: `python -m tests.board_screenshots FOLDER`.

Eight arrivals and one live arrest; out of coverage, with the line lost, after the handover; on a
phone and on a wall, in dark and in light.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import Browser, Page, sync_playwright

from cloud.core.authorization.facilities import place_application
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters.handing_over import PreAlert, acknowledge, hand_over, pre_alert
from cloud.core.encounters.patients import ToldPatient, identify
from cloud.core.encounters.record import PatientIdentity
from cloud.core.kernel.work import utc_now
from protocols.model.codes import MdcCode
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.observation import Observation
from protocols.nomenclature.private import SHOCK_DELIVERED
from simulators.incident.listening import free_port
from tests.fixtures import crew_patient as make
from tests.fixtures.served_cloud import ServedCloud, installed_cloud
from tests.integration.test_board_browser import CHROMIUM, FLAGS

SIZES = {"1920x1080": (1920, 1080), "390x844": (390, 844)}
HOSPITAL = "St Elsewhere"
SECONDS = 2.5
ARREST = "RTW-7"
SHOWN = (131330, make.PLETH, make.CAPNOGRAM)


@dataclass(slots=True)
class Playing:
    """Curves and numbers of the arrest that go on while pictures are taken."""

    cloud: ServedCloud
    stop: threading.Event

    def play(self) -> None:
        at = utc_now() - timedelta(milliseconds=250)
        beats = 0
        while not self.stop.wait(max(0.0, (at - utc_now()).total_seconds() + 0.25)):
            curves: list[Observation] = [
                one
                for one in make.chunk(at, 0.25, is_arrest=True, top=14)
                if one.type.cf_code in SHOWN
            ]
            if beats % 4 == 0:
                now = utc_now()
                curves += [
                    make.number(147842, now, "0", make.BEATS),
                    make.number(151728, now, "14", make.MMHG, make.CAPNOMETER),
                    make.number(151594, now, "10", make.BEATS, make.CAPNOMETER),
                    make.number(150456, now, "71", make.PERCENT, make.OXIMETER),
                ]
            self.cloud.send(ARREST, curves)
            at += timedelta(milliseconds=250)
            beats += 1


def ago(seconds: float) -> datetime:
    return utc_now() - timedelta(seconds=seconds)


def deed(kind: CrewEventKind, seconds: float, text: str = "", **details: str) -> CrewEvent:
    """A button pressed on board a while ago."""
    return CrewEvent(
        event_id=uuid4(),
        kind=kind,
        at=ago(seconds),
        by="crew-11",
        vehicle_id=ARREST,
        text=text,
        details=tuple(details.items()),
    )


def announce(
    cloud: ServedCloud, encounter_id: str, minutes: float, summary: str, to: str = HOSPITAL
) -> None:
    """The crew's pre-alert."""
    with cloud.parts.database.begin(now=utc_now()) as work:
        alert = PreAlert(
            facility_id=to,
            eta_at=utc_now() + timedelta(minutes=minutes),
            summary=summary,
            resources=("resuscitation team", "anaesthetist") if "arrest" in summary else (),
        )
        pre_alert(work, cloud.caller, encounter_id, alert)


def arrest(cloud: ServedCloud) -> str:
    """Ventricular fibrillation, compressions under way, one shock."""
    encounter_id = cloud.open_encounter(ARREST, seconds_ago=1260)
    cloud.send(ARREST, list(make.DESCRIBED))
    numbers: list[Observation] = [
        make.pressure(ago(95), "71", "38", "49"),
        make.pressure(ago(420), "104", "66", "79"),
        make.pressure(ago(900), "128", "81", "97"),
        make.number(150364, ago(300), "36.1", make.CELSIUS, make.CUFF),
        make.finding(ago(212), MdcCode(3, 3198)),
        make.finding(ago(64), SHOCK_DELIVERED),
    ]
    for step in range(240):
        at = ago(1200 - step * 5)
        if 130 < step < 150:
            continue  # out of coverage, and never sent
        numbers += [
            make.number(147842, at, str(80 + step // 8 if step < 196 else 0), make.BEATS),
            make.number(150456, at, str(97 - step // 9), make.PERCENT, make.OXIMETER),
            make.number(151728, at, str(38 - step // 10), make.MMHG, make.CAPNOMETER),
            make.number(151594, at, str(16 + step // 40), make.BEATS, make.CAPNOMETER),
        ]
    cloud.send(ARREST, numbers)
    cloud.send(
        ARREST,
        [
            deed(
                CrewEventKind.PATIENT_DETAILS,
                1100,
                sex="male",
                age_years="67",
                allergies="Penicillin",
            ),
            deed(CrewEventKind.CPR_STARTED, 205),
            deed(CrewEventKind.AIRWAY, 160, "Supraglottic (i-gel)", device="i-gel"),
            deed(
                CrewEventKind.DRUG,
                120,
                "Adrenaline 1 mg IV",
                drug="Adrenaline",
                dose="1",
                unit="mg",
                route="IV",
            ),
            deed(CrewEventKind.SHOCK, 64, "200 J", energy="200"),
        ],
    )
    with cloud.parts.database.begin(now=utc_now()) as work:
        told = PatientIdentity(
            family_name="Example",
            given_name="Ada",
            birth_date="1959-02-11",
            nhs_number="9434765919",
        )
        identify(work, cloud.parts.vault, cloud.caller, encounter_id, ToldPatient(identity=told))
    announce(
        cloud, encounter_id, 6.5, "Witnessed arrest in the kitchen, VF, one shock, CPR ongoing"
    )
    cloud.send(ARREST, make.curves_until(utc_now(), 14, is_arrest=True, hole=(6, 5), top=14))
    return encounter_id


def others(cloud: ServedCloud) -> None:
    """Seven more, each as it comes: well, late, silent, unknown, to elsewhere."""
    rows = (
        ("RTW-2", ("84", "97", "132", "84", "15"), 3, 14, "Chest pain, STEMI on ECG"),
        (
            "RTW-11",
            ("118", "91", "96", "58", "26"),
            2,
            -4,
            "Sepsis suspected, febrile since yesterday",
        ),
        ("NEF-3", ("72", "98", "124", "78", "14"), 4, 22, "Fall from ladder, ankle"),
        ("KTW-5", ("66", "96", "141", "88", "16"), 75, 9, ""),
        ("RTW-9", ("", "", "", "", ""), 0, 31, "Headache"),
        (
            "rescue-ambulance-north-07",
            ("131", "88", "104", "66", "29"),
            5,
            3,
            "Asthma, silent chest",
        ),
        ("RTW-14", ("90", "95", "118", "70", "18"), 3, None, ""),
    )
    for vehicle, (hr, spo2, systolic, diastolic, breaths), age, minutes, summary in rows:
        encounter_id = cloud.open_encounter(vehicle, seconds_ago=900)
        if hr:
            cloud.send(
                vehicle,
                [
                    make.number(147842, ago(age), hr, make.BEATS),
                    make.number(150456, ago(age), spo2, make.PERCENT, make.OXIMETER),
                    make.pressure(ago(age + 60), systolic, diastolic, "80"),
                    make.number(151594, ago(age), breaths, make.BEATS, make.CAPNOMETER),
                ],
            )
        if minutes is not None:
            to = "County General" if vehicle == "NEF-3" else HOSPITAL
            announce(cloud, encounter_id, minutes, summary, to)


def may_know(cloud: ServedCloud) -> None:
    """The hospital's own application: it may know who comes."""
    with cloud.parts.database.begin(now=utc_now()) as work:
        row = work.session.get_one(ApplicationRow, cloud.client_id)
        row.approved_scopes = [*row.approved_scopes, "argus:epcr:handover"]
        place_application(work, cloud.caller, cloud.client_id, HOSPITAL)


def take(folder: Path) -> None:
    """All pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        sync_playwright() as playwright,
        tempfile.TemporaryDirectory() as data,
        installed_cloud(Path(data), port=free_port()) as (cloud, serve),
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        with ExitStack() as served:
            served.enter_context(serve())
            empty(browser, cloud, folder)
            may_know(cloud)
            encounter_id = arrest(cloud)
            others(cloud)
            stop = threading.Event()
            thread = threading.Thread(target=Playing(cloud, stop).play, daemon=True)
            thread.start()
            pages = [
                (name, theme, *open_both(browser, cloud, encounter_id, size, theme))
                for name, size in SIZES.items()
                for theme in ("dark", "light")
            ]
            shoot(pages, folder, "live")
            stop.set()
            thread.join(5)
            pages[0][2].wait_for_timeout(20_000)
            shoot(pages, folder, "silent")
            finish(cloud, encounter_id)
            shoot(pages, folder, "handed-over")
        shoot(pages, folder, "lost")
        browser.close()


Pages = list[tuple[str, str, Page, Page]]


def open_both(
    browser: Browser, cloud: ServedCloud, encounter_id: str, size: tuple[int, int], theme: str
) -> tuple[Page, Page]:
    """The list and the patient, side by side in one browser's session."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if theme == "dark" else "light",
    )
    token = cloud.token("argus:epcr:read argus:epcr:handover")
    arrivals = context.new_page()
    arrivals.goto(f"{cloud.base_url}/board#access_token={token}")
    arrivals.locator(".arrival").first.wait_for()
    patient = context.new_page()
    patient.goto(f"{cloud.base_url}/board/{encounter_id}")
    patient.locator("#patient").wait_for()
    return arrivals, patient


def shoot(pages: Pages, folder: Path, state: str) -> None:
    """Both pages as a screen shows them, and the patient's whole."""
    for name, theme, arrivals, patient in pages:
        for what, page in (("list", arrivals), ("patient", patient)):
            page.bring_to_front()
            page.wait_for_timeout(SECONDS * 1000)
            page.screenshot(path=folder / f"{what}-{name}-{theme}-{state}.png")
            if state == "live":
                page.screenshot(path=folder / f"{what}-{name}-{theme}-whole.png", full_page=True)


def empty(browser: Browser, cloud: ServedCloud, folder: Path) -> None:
    """Before anybody is signed in, and when nobody comes."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="light")
    page = context.new_page()
    page.goto(f"{cloud.base_url}/board")
    page.screenshot(path=folder / "entrance.png")
    page.goto("about:blank")
    page.goto(f"{cloud.base_url}/board#access_token={cloud.token()}")
    page.locator("#count").wait_for()
    page.wait_for_timeout(1500)
    page.screenshot(path=folder / "empty.png")
    page.goto(f"{cloud.base_url}/board/enc_0")
    page.screenshot(path=folder / "gone.png")
    context.close()


def finish(cloud: ServedCloud, encounter_id: str) -> None:
    """Handed over and acknowledged."""
    steps: tuple[Callable[..., object], ...] = (hand_over, acknowledge)
    for step in steps:
        names = {"facility_id": HOSPITAL, "received_by": "Dr Osei"}
        with cloud.parts.database.begin(now=utc_now()) as work:
            given = names if step is hand_over else {"acknowledged_by": "Dr Osei"}
            step(work, cloud.caller, encounter_id, **given)


if __name__ == "__main__":
    take(Path(sys.argv[1]))
