"""A device's stored records over many links: what to ask for, what came, what is durable.

`RecordAccess` knows the control point; this knows the mark on disk and when to ask. The order
that everything stands on: a record is durable, then the mark moves.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from edge.drivers.record_marks import RecordMark, RecordMarks
from edge.transports.ble.base import ReceivedValue
from protocols.gatt.pulse_oximeter import SPOT_CHECK
from protocols.gatt.racp import RecordAccess
from protocols.gatt.racp_events import Outcome, RecordAccessEnded
from protocols.gatt.racp_retrieval import KINDS, RecordAccessPolicy
from protocols.gatt.racp_table import RacpState
from protocols.gatt.transcriber import Transcript
from protocols.model.codes import SystemId

log = logging.getLogger(__name__)

_WORKED: Final = frozenset({Outcome.COMPLETE, Outcome.NOTHING_NEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Seconds. Records are asked for at every link, and again `again_seconds` after they came.

    A retrieval that failed is repeated after `retry_seconds`, then after twice as long each time.
    """

    again_seconds: float = 60.0
    retry_seconds: float = 5.0
    most_retry_seconds: float = 300.0
    access: RecordAccessPolicy = field(default_factory=RecordAccessPolicy)


class StoredRecords:
    """One record access control point of one device; lives as long as the device is enrolled."""

    def __init__(self, service: UUID, marks: RecordMarks, policy: FetchPolicy) -> None:
        self._service = service
        self._marks = marks
        self._policy = policy
        self._kind = KINDS[service]
        self.access = RecordAccess(self._kind, policy.access)
        self._device: SystemId | None = None
        self._proof: RecordMark | None = None
        self._waiting: list[RecordMark] = []
        self._newest: RecordMark | None = None
        self._fetch_at: float | None = None
        self._retry = policy.retry_seconds
        self.gaps = 0

    @property
    def is_busy(self) -> bool:
        """Whether a retrieval runs."""
        return self.access.state not in (RacpState.IDLE, RacpState.DISCONNECTED)

    def link_up(self, device: SystemId, *, now: float) -> None:
        """The point's indications are on; what a lost link interrupted goes on, else a new one."""
        self._device = device
        self.access.transport_connected(now=now)
        if not self.is_busy:
            self._fetch(now)

    def link_down(self, *, now: float) -> None:
        """The link is gone."""
        self.access.transport_closed(now=now)
        self._waiting.clear()
        self._fetch_at = None

    def claimed(self, transcript: Transcript, value: ReceivedValue) -> Transcript:
        """The transcript with the record it must be, where its service gives records no number.

        An oximeter marks a stored spot check by a bit that some leave out; while it reports its
        store, a spot check is a record.
        """
        is_reporting = self.access.state is RacpState.REPORTING and not self._kind.octets
        if transcript.records or not is_reporting or value.attribute.uuid != SPOT_CHECK.uuid:
            return transcript
        return replace(transcript, records=(None,))

    def take(self, transcript: Transcript, *, now: float) -> None:
        """Its records, if there are any, came; they are not durable yet."""
        last = len(transcript.records) - 1
        for place, number in enumerate(transcript.records):
            self.access.record_received(number, now=now)
            if number is None or not transcript.observations:
                continue
            source = transcript.observations[-1 if place else 0]
            mark = RecordMark(number, source.observation_id)
            if mark == self._proof:
                self._proof = None
            if place == last:
                self._waiting.append(mark)

    def durable(self) -> None:
        """Everything that was taken is durable."""
        for mark in self._waiting:
            self.access.confirm(mark.number)
            if mark.number == self.access.last_durable:
                self._newest = mark
        self._waiting.clear()

    def handle_time(self, *, now: float, device: str) -> None:
        """Ask when it is time to, and look at how the last retrieval ended."""
        self.access.handle_deadline(now=now)
        while (event := self.access.next_event()) is not None:
            if isinstance(event, RecordAccessEnded):
                self._ended(event, now=now, device=device)
        if self._fetch_at is not None and now >= self._fetch_at and not self.is_busy:
            self._fetch(now)

    def next_deadline(self) -> float | None:
        """When `handle_time` is to be called, monotonic seconds."""
        known = [at for at in (self.access.next_deadline(), self._fetch_at) if at is not None]
        return min(known, default=None)

    def data_to_send(self) -> Sequence[bytes]:
        """What to write to the point."""
        return self.access.data_to_send()

    def _fetch(self, now: float) -> None:
        if self.access.state is not RacpState.IDLE:
            return
        self._fetch_at = None
        mark = None
        if self._device is not None and self._kind.octets:
            mark = self._marks.find(self._device, self._service)
        self._proof = mark
        # From the marked record on, not behind it: it must come again and be the same.
        self.access.retrieve(now=now, after=mark.number - 1 if mark else None)

    def _ended(self, event: RecordAccessEnded, *, now: float, device: str) -> None:
        log.info(
            "stored records device=%s outcome=%r received=%d announced=%s",
            device,
            event.outcome.value,
            event.received,
            event.announced,
        )
        if event.outcome is Outcome.INTERRUPTED:
            return
        if event.outcome not in _WORKED:
            self.gaps += 1
            self._fetch_at = now + self._retry
            self._retry = min(self._retry * 2, self._policy.most_retry_seconds)
            return
        self._retry = self._policy.retry_seconds
        if self._proof is not None and self._device is not None:
            # The marked record is not there, or is another reading: the store began anew.
            log.warning("stored records numbered anew device=%s", device)
            self._marks.drop(self._device, self._service)
            self._fetch(now)
            return
        self._fetch_at = now + self._policy.again_seconds
        self._keep_mark(event.last_durable)

    def _keep_mark(self, last: int | None) -> None:
        """Only now: in a retrieval that came short a record below the last one may be missing."""
        newest = self._newest
        if newest is None or newest.number != last or self._device is None:
            return
        if self._marks.find(self._device, self._service) != newest:
            self._marks.keep(self._device, self._service, newest)
