"""What was found of one device: a verdict a check, and the octets it rests on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

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
class Record:
    """What passed between device and runner, and what came of it.

    The first failure of a check stands; a pass never takes one back.
    """

    messages: list[CapturedMessage] = field(default_factory=list)
    system_id: str = ""
    manufacturer: str = ""
    model: str = ""
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

    def is_judged(self, check_id: str) -> bool:
        """Whether the check has a verdict already."""
        return check_id in self._findings

    def leave_out(self, check_id: str, why: str) -> None:
        """Say why a check is not tried."""
        BY_ID[check_id]  # a check that does not exist is a mistake of ours
        self._reasons.setdefault(check_id, why)

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
