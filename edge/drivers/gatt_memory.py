"""How GATT devices are treated, and what is known of one from link to link."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from edge.drivers.gatt_clock import ClockPolicy
from edge.drivers.gatt_records import FetchPolicy, StoredRecords
from edge.drivers.gatt_watch import Patience, WatchPolicy
from edge.drivers.record_marks import RecordMarks
from edge.transports.ble.base import Attribute
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class GattPolicy:
    """How GATT devices are treated; `oldest_live` as for the transcriber."""

    clock: ClockPolicy = field(default_factory=ClockPolicy)
    watch: WatchPolicy = field(default_factory=WatchPolicy)
    fetch: FetchPolicy = field(default_factory=FetchPolicy)
    oldest_live: timedelta = timedelta(days=7)


@dataclass(slots=True)
class GattMemory:
    """What is known of one device from link to link.

    `table`: what tells its table of services from another one, its hash or the firmware; `rows`:
    the table itself, as the host gave it; `renewals`: how often in a row the host was made to read
    it anew, in vain so far. `known_as` the device told of itself; `by_address` is for one that
    tells nothing.
    """

    info: DeviceInfo
    marks: RecordMarks
    patience: Patience = field(default_factory=Patience)
    table: bytes = b""
    rows: frozenset[tuple[int, UUID, UUID]] = frozenset()
    renewals: int = 0
    known_as: SystemId | None = None
    by_address: SystemId = field(init=False)
    records: dict[UUID, StoredRecords] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_address = self.info.system_id

    def forget_table(self) -> None:
        """The host reads it anew: whatever the device is now, it is."""
        self.table, self.rows, self.known_as = b"", frozenset(), None

    def records_of(self, service: UUID, policy: FetchPolicy) -> StoredRecords:
        """The store behind a service's record access control point."""
        if service not in self.records:
            self.records[service] = StoredRecords(service, self.marks, policy)
        return self.records[service]


@dataclass(slots=True)
class Probe:
    """What is read to see whether the device still answers, and what it said last."""

    attribute: Attribute
    octets: bytes
