"""However often a transfer is cut, every entry is stored in the end; what was noted came once."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.events import ObservationsReported, StoredDataFinished, StoredPageKept
from tests.unit.protocols.ieee20601.kept_oximetry import CONFIGURATION, segment, store
from tests.unit.protocols.ieee20601.pair import Pair

ENTRIES = 11
PORTION = 61
"""Octets a step: no whole number of pages, nor of anything else."""


class Gateway:
    """What outlives a cut: the readings that are durable, and the marks that were noted."""

    def __init__(self) -> None:
        self.durable: Counter[UUID] = Counter()
        self.marks: set[bytes] = set()

    def associate(self, kept: AgentStore, steps: int | None = None) -> bool:
        """One association, cut after so many steps; whether every segment came whole."""
        ends = Pair(
            configuration=CONFIGURATION,
            stores=(kept,),
            stored_pages=lambda _system_id, mark: mark in self.marks,
        )
        ends.connect()
        ends.agent.associate(now=0.0)
        stored = 0
        while (steps is None or steps > 0) and (ends.deliver(most=PORTION) or ends.confirm_all()):
            steps = None if steps is None else steps - 1
            for event in ends.manager_events[stored:]:
                if isinstance(event, ObservationsReported):
                    self.durable.update(item.observation_id for item in event.observations)
            stored = len(ends.manager_events)
            ends.confirm_all()
        ends.agent.transport_closed(now=0.0)
        ends.manager.transport_closed(now=0.0)
        ends.drain()
        for event in ends.manager_events:
            if isinstance(event, StoredPageKept):
                self.marks.add(event.mark)
        return StoredDataFinished(complete=True) in ends.manager_events


@settings(max_examples=25)
@given(cuts=st.lists(st.integers(0, 60), max_size=4), page_entries=st.integers(1, 5))
def test_a_transfer_that_is_cut_anywhere_is_whole_in_the_end(
    cuts: list[int], page_entries: int
) -> None:
    kept = store(segment(1, ENTRIES), segment(2, 3), page_entries=page_entries)
    gateway = Gateway()
    for steps in cuts:
        gateway.associate(kept, steps)
    assert gateway.associate(kept)
    assert len(gateway.durable) == 2 * (ENTRIES + 3)
    # At most the one page that was reported and not yet confirmed comes again, at each cut.
    assert gateway.durable.total() - len(gateway.durable) <= 2 * page_entries * len(cuts)
    # From now on nothing is reported again.
    before = gateway.durable.total()
    assert gateway.associate(kept)
    assert gateway.durable.total() == before
