"""The pages of one segment as they come: counted, judged, and known again by their octets.

A page is known durable by its mark: a digest over the segment's identity, the place of the page
and all its octets. 20601 has no transfer from the middle, so an agent begins every time at
entry 0. A page whose mark is known is confirmed and not reported again; any other is reported,
and entries that came before keep their identities. No count, clock or number of the device's
own decides what is passed over (decision 0016).
"""

from __future__ import annotations

import hashlib
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601.persistent_store import SegmentData, SegmentStatus
from protocols.ieee20601.segment_entries import entry_octets
from protocols.ieee20601.segment_facts import SegmentFacts

_MARK_OCTETS: Final = 16


def mark_of(store: int, facts: SegmentFacts, page: SegmentData) -> bytes:
    """The sixteen octets by which a page is known again in a later association.

    Empty where nothing tells the entries from those of a segment that had this number before:
    neither the entries nor the segment's start have a time. Such a page is never known.
    """
    if not facts.has_times:
        return b""
    digest = hashlib.blake2b(facts.identity, digest_size=_MARK_OCTETS)
    digest.update(store.to_bytes(2, "big"))
    digest.update(page.first.to_bytes(4, "big") + page.count.to_bytes(4, "big"))
    digest.update(page.entries)
    return digest.digest()


class SegmentTransfer:
    """One transfer, from the accepted request to its last page."""

    def __init__(self, facts: SegmentFacts) -> None:
        self._facts = facts
        self._unconfirmed = 0
        self.entries = 0
        """How many entries came, those before the last page that came included."""
        self.pages = 0
        """How many pages came."""
        self.complete = True
        """Whether nothing is missing so far."""
        self.durable = True
        """Whether all of it can be read and is durable, as far as it was confirmed."""
        self.has_ended = False
        """Whether the last page came and is confirmed."""

    @property
    def is_kept_whole(self) -> bool:
        """Every entry of the segment came, can be read and is durable."""
        known = self._facts.usage is not None
        return self.has_ended and self.complete and self.durable and known and not self._unconfirmed

    def receive(self, page: SegmentData, *, confirmed: bool, readable: bool) -> tuple[str, ...]:
        """Count a page; sentences about what is missing or odd.

        `confirmed`: the driver will confirm it. `readable`: all its values could be read; what
        could not is kept by the device alone.
        """
        self.pages += 1
        self._unconfirmed += confirmed
        self.durable = self.durable and confirmed and readable
        instance, expected = page.instance, self.entries
        end = page.first + page.count
        self.entries = max(expected, end)
        if page.status & SegmentStatus.AGENT_ABORT:
            return self._miss(f"the agent gave up segment {instance}")
        if end <= expected and page.count:
            return (f"segment {instance}: entries before {expected} came again",)
        if page.first != expected:
            return self._miss(f"segment {instance}: entry {expected} expected, {page.first} came")
        if page.count != self._held(page):
            return self._miss(f"segment {instance}: a page does not hold the entries it counts")
        notes = []
        if bool(page.status & SegmentStatus.FIRST_ENTRY) != (page.first == 0):
            notes.append(f"segment {instance}: the first entry is marked wrongly")
        if page.status & SegmentStatus.LAST_ENTRY:
            notes.extend(self._count_all(instance))
        return tuple(notes)

    def confirm(self, page: SegmentData, *, waited: bool) -> bool:
        """A page is done with; whether it was the last one. `waited`: the driver confirmed it."""
        self._unconfirmed -= waited
        if page.status & (SegmentStatus.LAST_ENTRY | SegmentStatus.AGENT_ABORT):
            self.has_ended = True
        return self.has_ended

    def _count_all(self, instance: int) -> tuple[str, ...]:
        usage = self._facts.usage
        if usage is None or self.entries == usage:
            return ()
        ended = f"segment {instance} ended after {self.entries} of {usage} entries"
        # More than announced: the device went on measuring meanwhile.
        return self._miss(ended) if self.entries < usage else (ended,)

    def _miss(self, sentence: str) -> tuple[str, ...]:
        self.complete = False
        return (sentence,)

    def _held(self, page: SegmentData) -> int:
        entry_map = self._facts.entry_map
        try:
            size = 0 if entry_map is None else entry_octets(entry_map)
        except DecodeError:
            return -1
        return len(page.entries) // size if size else 0
