"""The incident with simulated devices, told step by step, up to the ledger."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from simulators.incident.cloud_client import Page
from simulators.incident.incident import FACILITY, NURSE, Incident
from simulators.incident.ledger import Ledger
from simulators.incident.ledger_table import as_object, delay_lines, table
from simulators.incident.narration import Narrator
from simulators.incident.plan import Plan
from simulators.incident.progress import Progress
from simulators.incident.tablet import Tablet

STEPS: Final = 8
BOARD_SCOPE: Final = "argus:epcr:read"
_STEP_SECONDS: Final = 0.1


def play_incident(
    plan: Plan,
    progress: Progress,
    *,
    show_board: Callable[[str], None],
    stay: bool,
    with_token: bool = True,
) -> bool:
    """Play the plan; whether its ledger reconciles.

    `stay` keeps the board up until Ctrl-C. Its address is said with a token for whoever sits
    there, without one where the words end in somebody's log.
    """
    progress.begin(STEPS)
    progress.lines([f"This run's data: {plan.data}"])
    with Incident(plan) as incident:
        start_everything(incident, progress)
        address = board_address(incident)
        progress.note("The hospital's live board:")
        progress.lines([address if with_token else bare(address)])
        show_board(address)
        tablet = Tablet(
            incident.client, incident.encounter_id, facility=FACILITY, say=progress.note
        )
        _play(incident, tablet, progress)
        pages = hand_over(incident, tablet, progress)
        progress.step("Drawing up the ledger")
        ledger = incident.ledger(pages)
        report(ledger, plan, progress)
        if stay:
            keep_board(incident, progress, address)
    return ledger.reconciles


def start_everything(incident: Incident, progress: Progress) -> None:
    """Cloud, enrolment, encounter, devices, gateway."""
    progress.step("Starting the cloud")
    # The devices and the gateway need nothing of what is done meanwhile: they load in its shadow.
    incident.launch_devices()
    cloud = incident.start_cloud()
    incident.launch_edge()
    progress.note(f"API at {cloud.http}, broker at {cloud.mqtt}")
    progress.step("Enrolling four devices")
    incident.enrol_devices()
    for name, device_id in incident.device_ids.items():
        progress.note(f"{name:<15} {device_id}")
    progress.step("Dispatch opens the encounter")
    progress.note(f"encounter {incident.open_encounter()}")
    progress.step("Waiting until the devices are on")
    incident.start_devices()
    progress.note(f"three dial TCP port {incident.agents_port}, the defibrillator is a serial line")
    progress.step("Starting the gateway in the vehicle")
    incident.start_edge()
    incident.wait_associated()
    progress.note("all four devices have associated")


def board_address(incident: Incident) -> str:
    """The patient on the board, with a token that can only read, in the fragment, which no browser
    sends on: the page shows it to the service once, for a session.
    """
    token = incident.client.token_for(BOARD_SCOPE)
    return f"{incident.cloud.http}/board/{incident.encounter_id}#access_token={token}"


def bare(address: str) -> str:
    """The address without its token; the page asks for a sign-in then."""
    return address.partition("#")[0]


def _play(incident: Incident, tablet: Tablet, progress: Progress) -> None:
    progress.step(f"The patient, {incident.plan.seconds:g} seconds of them")
    start_at = incident.begin()
    tablet.arrive(datetime.fromisoformat(incident.encounter()["started_at"]))
    narrator = Narrator(
        incident.patient, incident.client, list(incident.device_ids.values()), progress.note
    )
    while incident.patient_time < incident.plan.seconds:
        incident.processes.check()
        narrator.tell(start_at, incident.patient_time)
        tablet.tell(incident.patient.events, start_at, incident.patient_time)
        time.sleep(_STEP_SECONDS)


def hand_over(incident: Incident, tablet: Tablet, progress: Progress) -> list[Page]:
    """End of the ride: everything sent, the patient handed over, the bundle pulled."""
    progress.step("At the hospital: handing over")
    incident.finish_devices()
    progress.note("the devices have everything confirmed and are switched off")
    incident.settle()
    progress.note("the gateway has nothing left to send")
    tablet.hand_over(NURSE)
    pages = incident.pull_bundle()
    path = incident.plan.data / "handover-bundle.json"
    write_bundle(path, pages)
    resources = sum(len(page.content["entry"]) for page in pages)
    many = f" on {len(pages)} pages" if len(pages) > 1 else ""
    progress.note(f"the hospital pulled {resources} FHIR resources{many}: {path}")
    document = incident.plan.data / "handover-document.json"
    document.write_bytes(incident.document())
    progress.note(f"and the signed report a clinician reads: {document}")
    return pages


def write_bundle(path: Path, pages: Sequence[Page]) -> None:
    """One page as it came; several as an array of bundles. No digit is touched."""
    texts = [page.text for page in pages]
    whole = texts[0] if len(texts) == 1 else "[\n" + ",\n".join(texts) + "\n]"
    path.write_text(whole + "\n", encoding="utf-8")


def report(ledger: Ledger, plan: Plan, progress: Progress) -> None:
    """The table, the delays, the verdict; also as ledger.json."""
    (plan.data / "ledger.json").write_text(json.dumps(as_object(ledger), indent=1) + "\n")
    progress.lines(["", *table(ledger), "", *delay_lines(ledger.delays), ""])
    if ledger.reconciles:
        progress.lines(
            ["The ledger reconciles: made = confirmed = stored = in the bundle, nothing twice."]
        )
        return
    progress.lines(["The ledger does NOT reconcile:"])
    for device in ledger.devices:
        progress.lines(f"  {sentence}" for sentence in device.differences)
        if not device.reconciles and not device.differences:
            progress.lines([f"  {device.name}: {device.duplicates} readings are there twice."])


def keep_board(incident: Incident, progress: Progress, address: str) -> None:
    """Keep everything running for whoever looks at the board, until Ctrl-C."""
    progress.lines(["", "The board stays up, Ctrl-C ends everything:", address])
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            incident.processes.check()
            time.sleep(1)
