"""Scanners: switched by a Set, heard while they are on, silent while they are off."""

from __future__ import annotations

from decimal import Decimal

from edge.certifying.checks import Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601.apdus import Prst, decode_apdu
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    AgentEvent,
    OctetsDiscarded,
    ScanDue,
    ScannerSwitched,
)
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedSet
from protocols.ieee20601.report_building import Entry, Form, scanner_report
from tests.unit.edge.certifying.examined import Examined, failed, found
from tests.unit.protocols.ieee20601.pair import local_clock
from tests.unit.protocols.ieee20601.scanned import EPISODIC, PERIODIC, episodic, periodic, scanning

WHOLE = SCRIPTS[0]


class Scanning(Examined):
    """An oximeter that reports by its scanners: by the clock, and once when one is switched on."""

    number = 0

    def take(self, event: AgentEvent | OctetsDiscarded) -> None:
        match event:
            case ScanDue(handle=handle):
                self.report(handle)
            case ScannerSwitched(handle=handle, enabled=True) if handle == EPISODIC:
                self.report(handle)

    def report(self, handle: int) -> None:
        entries = [
            Entry(handle=metric, value=Decimal(97), stamp=local_clock(self.utc))
            for metric in (1, 10)
        ]
        built = scanner_report(
            self.configuration, handle, Form.GROUPED, entries, scan_report_no=self.number
        )
        self.number += 1
        self.agent.send_report(built, now=self.now)


def kind_of(octets: bytes) -> object:
    apdu = decode_apdu(octets)
    return apdu.data.message if isinstance(apdu, Prst) else apdu


def test_scanners_that_keep_the_rules_pass_and_are_counted_each_for_itself() -> None:
    class Both(Scanning):
        """Either scanner counts its own reports."""

        def __init__(self, configuration: Configuration) -> None:
            self.numbers: dict[int, int] = {}
            super().__init__(configuration=configuration)

        def report(self, handle: int) -> None:
            self.number = self.numbers.setdefault(handle, 0)
            super().report(handle)
            self.numbers[handle] = self.number

    record = Both(scanning(episodic(), periodic())).run(WHOLE)
    assert failed(record) == {}
    for check_id in ("SCAN-1", "SCAN-2", "SCAN-3", "REP-1", "REP-5"):
        assert found(record, check_id).verdict is Verdict.PASS, check_id


def test_a_set_that_is_not_answered_by_the_new_state_is_told() -> None:
    def swallow(octets: bytes) -> bytes:
        return b"" if isinstance(kind_of(octets), RorsConfirmedSet) else octets

    record = Scanning(configuration=scanning(periodic()), change=swallow).run(WHOLE)
    assert failed(record) == {"SCAN-1": f"scanner {PERIODIC}, enabled: nothing came in time"}


class Quiet(Scanning):
    """Nothing is ever reported by it."""

    def report(self, handle: int) -> None:
        del handle


def test_a_periodic_scanner_that_never_reports_is_told() -> None:
    record = Quiet(configuration=scanning(periodic())).run(WHOLE)
    assert failed(record) == {"SCAN-2": f"scanner {PERIODIC}: nothing came in time"}


def test_an_episodic_scanner_may_have_nothing_to_say() -> None:
    record = Quiet(configuration=scanning(episodic())).run(WHOLE)
    assert failed(record) == {}
    assert found(record, "SCAN-2").detail == "nothing happened within 4 s"
    assert found(record, "SCAN-3").detail == "it did not report before"


def test_a_scanner_that_goes_on_after_it_was_disabled_is_told() -> None:
    class Deaf(Scanning):
        """It says again what it said when it was enabled."""

        kept = b""

        def take(self, event: AgentEvent | OctetsDiscarded) -> None:
            super().take(event)
            if isinstance(event, ScannerSwitched) and not event.enabled:
                self.due = self.now + 1.0

        def speak(self) -> None:
            if self.now >= self.due:
                self.due = 1e9
                self.agent.send_octets(self.kept)

        due = 1e9

    examined = Deaf(configuration=scanning(episodic()))

    def listen(octets: bytes) -> bytes:
        message = kind_of(octets)
        if isinstance(message, EventReport) and message.handle == EPISODIC:
            examined.kept = octets
        return octets

    examined.change = listen
    assert "SCAN-3" in failed(examined.run(WHOLE))
