"""A short incident that loses one of its programs in the middle, for the kill tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulators.incident.incident import Incident
from simulators.incident.ledger import Ledger
from simulators.incident.ledger_table import table
from simulators.incident.plan import Plan

SECONDS = 20.0
KILL_AT = 4.0
AGAIN_AT = 6.5


def ledger_after(
    folder: Path, kill: Callable[[Incident], Callable[[], None]], *, separate_broker: bool = False
) -> Ledger:
    """Play 20 s of patient; at second 4 `kill` ends something, what it gives back starts it again.

    Two and a half seconds pass in between; the long rest is for a start on a busy machine. The
    ledger is drawn up after everything has settled.
    """
    plan = Plan(folder / "data", seconds=SECONDS, separate_broker=separate_broker)
    with Incident(plan) as incident:
        incident.start_cloud()
        incident.enrol_devices()
        incident.open_encounter()
        incident.start_devices()
        incident.start_edge()
        incident.wait_associated()
        incident.begin()
        incident.wait_until_patient_time(KILL_AT)
        start_again = kill(incident)
        incident.wait_until_patient_time(AGAIN_AT)
        start_again()
        incident.finish_devices()
        incident.settle()
        incident.hand_over()
        return incident.ledger(incident.pull_bundle())


def assert_reconciles(ledger: Ledger) -> None:
    """Every confirmed-class reading everywhere, once; missing live samples are the gap shown."""
    words = "\n".join([*table(ledger), *(d for line in ledger.devices for d in line.differences)])
    assert ledger.reconciles, words
    assert all(line.made > 0 for line in ledger.devices), words


def missing_samples(ledger: Ledger) -> int:
    """Live samples that never reached the cloud."""
    return sum(line.live_missing for line in ledger.devices)
