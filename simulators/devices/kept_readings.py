"""What a device measured before it was switched on, kept in its PM-stores.

device.stores = empty_stores(configuration)
keep(configuration, store, measurements)   one segment with an entry for each
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.attributes import find_readable
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.segment_building import build_entry, segment_map
from protocols.ieee20601.segment_selection import StoreCapability
from protocols.ieee20601.stored_segment import StoredSegment
from simulators.devices.base import Reading
from simulators.devices.wire_reports import wire_value

PAGE_ENTRIES: Final = 10
_SEGMENT: Final = 1


def empty_stores(configuration: Configuration) -> tuple[AgentStore, ...]:
    """A store for every PM-store object, able to do what the object says."""
    return tuple(
        AgentStore(
            handle,
            capability=StoreCapability(
                find_readable(configuration.objects[handle].attributes, at.PM_STORE_CAPAB, []) or 0
            ),
            page_entries=PAGE_ENTRIES,
        )
        for handle in configuration.pm_stores
    )


def keep(
    configuration: Configuration,
    store: AgentStore,
    measurements: Iterable[tuple[datetime, tuple[Reading, ...]]],
) -> None:
    """Fill the store with one segment: local time and readings of the same objects, oldest first.

    EncodeError when the readings do not fit their objects.
    """
    taken = list(measurements)
    handles = [reading.handle for reading in taken[0][1]]
    entry_map = segment_map(configuration, handles)
    segment = StoredSegment(instance=_SEGMENT, entry_map=entry_map)
    for local, readings in taken:
        values = {reading.handle: wire_value(reading.observation) for reading in readings}
        segment.add(build_entry(configuration, entry_map, values, local=local))
    store.segments = {_SEGMENT: segment}
