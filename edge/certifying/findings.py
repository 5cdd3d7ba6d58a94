"""What was found of one device: a verdict a check, and the octets it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from edge.certifying.checks import BY_ID, CHECKS, Check, Verdict
from protocols.captures import Capture, CapturedMessage


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's outcome; `evidence` are positions of messages in the record."""

    check: Check
    verdict: Verdict
    detail: str
    evidence: tuple[int, ...] = ()


@dataclass(slots=True)
class DeviceFacts:
    """What the device said of itself; empty where it did not.

    `objects`: handle and name of everything in its configuration.
    """

    system_id: str = ""
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    firmware: str = ""
    config_id: int | None = None
    objects: tuple[tuple[int, str], ...] = ()


@dataclass(slots=True)
class Record:
    """What passed between device and runner, and what came of it.

    `began`: when the run did (aware), `program`: what ran it, for the report. `interrupted`:
    somebody stopped the run before its end.

    The first failure of a check stands; a pass never takes one back.
    """

    messages: list[CapturedMessage] = field(default_factory=list)
    device: DeviceFacts = field(default_factory=DeviceFacts)
    began: datetime | None = None
    program: str = ""
    interrupted: bool = False
    _stray_octets: int = 0
    _findings: dict[str, Finding] = field(default_factory=dict)
    _reasons: dict[str, str] = field(default_factory=dict)

    def add(self, direction: str, octets: bytes, *, seconds: float) -> int:
        """Keep a message; its position."""
        self.messages.append(CapturedMessage(direction, seconds, octets))
        return len(self.messages) - 1

    def judge(self, check_id: str, passed: bool, detail: str = "", *evidence: int) -> None:
        """A check's verdict: its first failure, or its first pass where none failed."""
        found = self._findings.get(check_id)
        if found is not None and (passed or found.verdict is Verdict.FAIL):
            return
        verdict = Verdict.PASS if passed else Verdict.FAIL
        self._findings[check_id] = Finding(BY_ID[check_id], verdict, detail, evidence)

    def count_stray(self, octets: int, *evidence: int) -> None:
        """LINE-1: octets that belong to no APDU; the sum of the run is what is told."""
        if not octets:
            return
        self._stray_octets += octets
        first = self._findings.get("LINE-1")
        known = first is not None and first.verdict is Verdict.FAIL
        self._findings["LINE-1"] = Finding(
            BY_ID["LINE-1"],
            Verdict.FAIL,
            f"{self._stray_octets} octets on the line belong to no APDU",
            first.evidence if first is not None and known else evidence,
        )

    def is_judged(self, check_id: str) -> bool:
        """Whether the check has a verdict already."""
        return check_id in self._findings

    def leave_out(self, check_id: str, why: str) -> None:
        """Say why a check is not tried."""
        BY_ID[check_id]  # a check that does not exist is a mistake of ours
        self._reasons.setdefault(check_id, why)

    def leave_out_group(self, group: str, why: str) -> None:
        """Say why no check of a group is tried."""
        for check in CHECKS:
            if check.group == group:
                self.leave_out(check.id, why)

    def seconds_between(self, first: int, last: int) -> float:
        """How long after one message another one passed."""
        begin, end = self.messages[first].seconds, self.messages[last].seconds
        return 0.0 if begin is None or end is None else end - begin

    def findings(self) -> tuple[Finding, ...]:
        """Every check's outcome, in the order of the catalogue."""
        return tuple(
            self._findings.get(check.id)
            or Finding(check, Verdict.NOT_TRIED, self._reasons.get(check.id, "not reached"))
            for check in CHECKS
        )

    def counts(self) -> Counter[Verdict]:
        """How many checks came to which verdict."""
        return Counter(finding.verdict for finding in self.findings())

    def capture(self, name: str) -> Capture:
        """All messages as a capture."""
        return Capture(name, tuple(self.messages))
