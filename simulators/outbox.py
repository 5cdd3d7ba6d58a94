"""What a device still has to say: reports that need an answer, and live ones that do not wait."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Final

from simulators.devices.base import Report
from simulators.journal import Journal

MEMORY_REPORTS: Final = 5_000
"""Unconfirmed-for reports a device remembers; at two a second more than half an hour."""
LIVE_REPORTS: Final = 10
"""Live reports that wait for a slow wire; two seconds of waveform."""


class Outbox:
    """A device's memory. Every decision it takes is written to the journal."""

    def __init__(self, journal: Journal, *, memory: int = MEMORY_REPORTS) -> None:
        self._journal = journal
        self._memory = memory
        self._kept: deque[Report] = deque()
        self._live: deque[Report] = deque()
        self.listening = False

    def put(self, report: Report, *, at: datetime) -> None:
        """A report was made. Live ones are lost unless a manager listens."""
        for reading in report.readings:
            self._journal.made(reading.observation, live=report.live, at=at)
        if not report.live:
            self._kept.append(report)
            if len(self._kept) > self._memory:
                self._journal.about("dropped", self._kept.popleft().ids, at=at)
        elif self.listening:
            self._live.append(report)
            if len(self._live) > LIVE_REPORTS:
                self._journal.about("unheard", self._live.popleft().ids, at=at)
        else:
            self._journal.about("unheard", report.ids, at=at)

    def next_live(self) -> Report | None:
        """The oldest live report, taken out."""
        return self._live.popleft() if self._live else None

    def oldest_kept(self) -> Report | None:
        """The oldest report without an answer; it stays until `confirmed`."""
        return self._kept[0] if self._kept else None

    def confirmed(self, report: Report, *, at: datetime) -> None:
        """The manager has it for good."""
        if report in self._kept:
            self._kept.remove(report)
        self._journal.about("confirmed", report.ids, at=at)

    def fell_silent(self, *, at: datetime) -> None:
        """Nobody listens any more: live reports that still waited are lost."""
        self.listening = False
        while self._live:
            self._journal.about("unheard", self._live.popleft().ids, at=at)

    @property
    def empty(self) -> bool:
        """Whether everything that needs an answer has one and nothing live waits."""
        return not (self._kept or self._live)
