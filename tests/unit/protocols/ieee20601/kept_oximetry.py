"""An oximeter that kept a night in its PM-store: its objects, segments and store."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.metric_objects import persistent_store
from protocols.ieee20601.segment_building import build_entry, segment_map
from protocols.ieee20601.segment_selection import StoreCapability
from protocols.ieee20601.stored_segment import StoredSegment
from tests.unit.protocols.ieee20601.pair import OXIMETER, START, local_clock

STORE: Final = 0x0100
EVERYTHING: Final = StoreCapability(0xF7F8)
"""All that a store can do."""


def configuration(*attributes: AttributeValue, config_id: int = 0x4001) -> Configuration:
    store = persistent_store(
        STORE, *attributes, label="night", capacity=1_000, capabilities=EVERYTHING
    )
    return build_configuration(config_id, (*OXIMETER.configuration.report.objects, store))


CONFIGURATION: Final = configuration()
ENTRY_MAP: Final = segment_map(CONFIGURATION, (1, 10))


def segment(instance: int, entries: int, *attributes: AttributeValue) -> StoredSegment:
    """Saturations 50, 51 ... a minute apart, the first two hours before START times `instance`."""
    kept = StoredSegment(
        instance=instance, entry_map=ENTRY_MAP, label="night", attributes=attributes
    )
    for number in range(entries):
        at = START - timedelta(hours=2 * instance) + timedelta(minutes=number)
        values = {1: Decimal(50 + number), 10: Decimal(60)}
        kept.add(build_entry(CONFIGURATION, ENTRY_MAP, values, local=local_clock(at)))
    return kept


def store(*segments: StoredSegment, page_entries: int = 3) -> AgentStore:
    return AgentStore(STORE, segments, capability=EVERYTHING, page_entries=page_entries)
