"""A PM-store that serves a manager well, until a fault is switched on.

    store.fault = StoreFault.ABORTED

Faults of the line are in `misbehaving`; these are of the store itself, behind an agent that keeps
the rules. A fault that spoils a transfer does so once: the next one is whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.persistent_store import SegmentData, SegmentInfo, SegmentStatus
from protocols.ieee20601.stored_segment import StoredSegment

_GOOD_PAGES: Final = 2
"""Pages before a fault of a transfer shows."""
_UNTOLD: Final = 3
"""Entries a wrong usage count has too many."""


class StoreFault(Enum):
    """What a store may do wrong."""

    ABORTED = "segment-aborted"
    GAP = "gap-in-segment"
    TRY_LATER = "try-later-twice"
    WRONG_COUNT = "wrong-usage-count"


class MisbehavingStore(AgentStore):
    """A store with one `fault`, or none."""

    fault: StoreFault | None = None

    def spoil(self, fault: StoreFault) -> None:
        """Switch a fault on."""
        self.fault = fault
        if fault is StoreFault.TRY_LATER:
            self.put_off(2)

    def segment_info(self, segment: StoredSegment) -> SegmentInfo:
        """The truth, or a usage count that promises more."""
        info = segment.info()
        if self.fault is not StoreFault.WRONG_COUNT:
            return info
        wrong = at.SEG_USAGE_CNT.of(len(segment) + _UNTOLD)
        others = (item for item in info.attributes if item.attribute_id != wrong.attribute_id)
        return replace(info, attributes=(*others, wrong))

    def pages(self, segment: StoredSegment) -> Iterator[SegmentData]:
        """Every page, or what the fault makes of them."""
        spoils, pages = self.fault, super().pages(segment)
        if spoils not in (StoreFault.ABORTED, StoreFault.GAP):
            yield from pages
            return
        self.fault = None
        for number, page in enumerate(pages):
            if number == _GOOD_PAGES and spoils is StoreFault.ABORTED:
                abort = int(SegmentStatus.AGENT_ABORT)
                yield SegmentData(page.instance, page.first, 0, abort, b"")
                return
            if number != _GOOD_PAGES:
                yield page
