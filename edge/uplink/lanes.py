"""The lanes as the sender serves them: how many batches of each at once, and how large."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from edge.buffer.claims import Claim
from edge.buffer.rows import Stream
from edge.uplink.contract import FEW_ROWS
from edge.uplink.link import LinkClient
from edge.uplink.policy import SenderPolicy
from edge.uplink.quality import Pace, Quality
from protocols.uplink.messages import Receipt, UplinkAck

_FEW_WAVEFORMS: Final = 2
STREAMS: Final = {stream.label: stream for stream in Stream}
"""The lanes by their names in the contract."""


@dataclass(slots=True)
class Lane:
    """One lane: a window of `in_flight` batches, and a pace counted in rows or in octets.

    `linger_seconds`: how long its rows wait for company. `rests_until`: a batch took all there
    was, and the next one is gathered until then; monotonic seconds. `backlog_out`: how many of its
    batches on the way are of what an outage left behind.
    """

    stream: Stream
    in_flight: int
    linger_seconds: float
    rows: Pace | None = None
    octets: Pace | None = None
    quality: Quality = field(default_factory=Quality)
    claiming: asyncio.Lock = field(default_factory=asyncio.Lock)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    rests_until: float = 0.0
    backlog_out: int = 0
    _is_late: bool = False

    @property
    def pace(self) -> Pace:
        """What its batches are measured by."""
        pace = self.rows or self.octets
        if pace is None:
            raise AssertionError("a lane has a pace")
        return pace

    @property
    def takes_backlog(self) -> bool:
        """Whether the next batch may be of what an outage left behind.

        What is new must not wait for answers to what is old: of numbers and events one place is
        kept free, and all but one while answers are late.
        """
        if self.rows is None or not self.backlog_out:
            return True
        return self.backlog_out < (1 if self._is_late else self.in_flight - 1)

    @contextmanager
    def on_its_way(self, claim: Claim) -> Iterator[None]:
        """A batch of these rows is."""
        self.backlog_out += claim.is_backlog
        try:
            yield
        finally:
            self.backlog_out -= claim.is_backlog
            if claim.is_backlog:
                self.news.set()  # who waits for what is new may take what is old now

    def most_rows(self, link: LinkClient, policy: SenderPolicy) -> int:
        """Rows in the next batch; few while it is not known what the cloud reads."""
        if self.rows is None:
            known = link.health.contract.known
            return most_waveforms(policy) if known else _FEW_WAVEFORMS
        rows = int(self.rows.size)
        return rows if link.health.contract.known else min(rows, FEW_ROWS)

    def most_octets(self, policy: SenderPolicy) -> int:
        """Octets of the next batch, as the buffer counts them."""
        return policy.batch_octets if self.octets is None else int(self.octets.size)

    def note(self, claim: Claim, link: LinkClient, seconds: float) -> None:
        """A batch of this lane was acknowledged after so long."""
        self.quality.note(seconds)
        if self.rows is None:
            was_full = claim.octets >= self.pace.size / 2
        else:
            was_full = len(claim.rows) >= int(self.rows.size)
        beyond = seconds - (link.health.quality.least or seconds)
        self._is_late = beyond > self.pace.late / 2
        self.pace.note(beyond, was_full=was_full)


def next_beat(now: float, seconds: float) -> float:
    """When rows that wait `seconds` for company leave: monotonic, and at most so much later.

    Lanes that wait equally long, or a multiple of it, leave together. The second batch then costs
    less, for all that one needs is at hand, and their answers come and are settled as one.
    """
    if not seconds:
        return now
    beat = (now // seconds + 1.0) * seconds
    return beat if beat > now else beat + seconds  # what 20 of them make may be less than 1.0


def most_waveforms(policy: SenderPolicy) -> int:
    """Stretches of waveform in a batch, which octets are the measure of.

    Twelve leads and two more are 250 in the two seconds they wait for company: with room for no
    more than 200 every batch would have another one of what is left behind it.
    """
    return min(policy.drain_rows, 2 * policy.batch_rows)


@dataclass(slots=True)
class ReceiptBook:
    """Which receipts tell something new: the first of a stream, and those after a lost answer.

    In between every batch is settled by its own acknowledgement, and a receipt frees nothing.
    """

    _seen: set[tuple[str, int]] = field(default_factory=set)

    def doubt(self) -> None:
        """An answer may have been lost."""
        self._seen.clear()

    def take(self, ack: UplinkAck) -> Receipt | None:
        """The receipt of an acknowledgement, when it may free more than the batch itself."""
        receipt = ack.receipt
        if receipt is None or (receipt.stream, receipt.boot_epoch) in self._seen:
            return None
        self._seen.add((receipt.stream, receipt.boot_epoch))
        return receipt if receipt.through else None
