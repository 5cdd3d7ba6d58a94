"""A reading on its way to an observation: where it came from, what it holds, what is left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.device_clock import DeviceClock
from protocols.ieee20601.objects import ConfiguredObject
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, Tolerances
from protocols.model.clock_mapping import OLDEST_LIVE
from protocols.model.codes import SystemId

UNKNOWN_PERSON: Final = 0xFFFF
"""The person-id of a device that does not know whom it measured (20601 PersonId)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Where and when a report arrived.

    `received_at` is aware UTC; `report_counter` counts the reports of the association (it tells
    apart readings of devices without a clock); `test` marks a test association: its readings
    carry TEST_DATA. `oldest_live`: how old the stamp of a live report may be; `zone`: the
    gateway's, for clocks that follow local time; `tolerances`: what the device is forgiven.
    """

    device: SystemId
    received_at: datetime
    report_counter: int
    clock: DeviceClock
    test: bool = False
    oldest_live: timedelta = OLDEST_LIVE
    zone: tzinfo = UTC
    tolerances: Tolerances = DEFAULT_TOLERANCES


@dataclass(frozen=True, slots=True)
class Unread:
    """A value nobody could turn into an observation: kept as it came, with the reason.

    `is_vendor`: an attribute we do not know, which is no fault of the report.
    """

    handle: int
    attribute_id: int | None
    octets: bytes
    reason: str
    is_vendor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One object's values in one report; `position` counts the readings of the report.

    `adjustment`: what the device says to add to the calendar stamps of a stored segment. `person`:
    which of its users the device says it measured, None where it says nothing.
    """

    subject: ConfiguredObject
    values: tuple[AttributeValue, ...]
    position: int
    sequence: int | None
    stored: bool = False
    adjustment: timedelta = timedelta(0)
    person: int | None = None

    @property
    def apart(self) -> str:
        """What tells it from a reading of the same kind and time (see `Identity.of`)."""
        if self.person is None or self.person == UNKNOWN_PERSON:
            return self.subject.apart
        return f"{self.subject.apart}/person={self.person}"
