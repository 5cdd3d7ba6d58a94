"""A device's stamp and what is known of its clock -> when it was, in UTC (all families share it).

    clock = ClockFacts(timeline=Timeline.LOCAL, coincident=Coincident(device=local, gateway=utc))
    observe(DeviceStamp.of_local(local), clock, received_at=utc, stored=False) -> ObservedTime

`MAPPINGS` is the time table of the HL7 PHD guide, one row per line; `map_stamp` does what the row
of a stamp says. `observe` adds what an ambulance needs: nothing is deleted for its time. A live
stamp that cannot be mapped takes the reception time (RECEIVED), a stored one stays UNKNOWN at the
reception time, and the device's own stamp is kept.

A live stamp is usable between a week before its reception and a minute after. A report sent again
after an outage is hours old and keeps its time; one a year back or ahead was stamped before the
device's clock was set, or after. Stored records have no such age.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import Enum
from typing import Final, NamedTuple

from protocols.model.table_keys import TableKey
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

OLDEST_LIVE: Final = timedelta(days=7)
"""How old a report may be that a device still sends, where the policy says nothing."""
SYNCHRONISED_WITHIN: Final = timedelta(seconds=30)
"""A clock that says it is synchronised and is found further off is mapped as one that is not."""
TICK_US: Final = 125
# A live reading cannot lie ahead of its reception; more than this and the device's clock was set.
_AHEAD: Final = timedelta(seconds=60)
_ZONE_STEP: Final = timedelta(minutes=15)
_WIDEST_OFFSET: Final = timedelta(hours=18)


class Timeline(TableKey):
    """What a device counts."""

    UTC = "UTC"
    LOCAL = "local"
    TICK = "tick"


class Mapping(Enum):
    """What becomes of a stamp."""

    KEEP = "keep"
    KEEP_ADD_OFFSET = "keep, add the gateway's offset"
    TO_GATEWAY = "map to the gateway's timeline"
    TO_UTC_AND_OFFSET = "map to UTC and offset"
    NOT_MAPPED = "not mapped"


class MappingRow(NamedTuple):
    """One line of the table; `coincident`: one reading of both clocks at once is needed."""

    timeline: Timeline
    current: bool
    synchronised: bool
    offset_known: bool
    mapping: Mapping
    coincident: bool


T, M = Timeline, Mapping
# fmt: off
MAPPINGS: Final = (
    #          timeline current synced offset mapping              coincident
    MappingRow(T.UTC,   True,   True,  True,  M.KEEP,              False),
    MappingRow(T.UTC,   True,   True,  False, M.KEEP_ADD_OFFSET,   False),
    MappingRow(T.UTC,   True,   False, True,  M.TO_GATEWAY,        True),
    MappingRow(T.UTC,   True,   False, False, M.TO_GATEWAY,        True),
    MappingRow(T.UTC,   False,  True,  True,  M.KEEP,              False),
    MappingRow(T.UTC,   False,  True,  False, M.KEEP_ADD_OFFSET,   False),
    MappingRow(T.UTC,   False,  False, True,  M.NOT_MAPPED,        False),
    MappingRow(T.UTC,   False,  False, False, M.NOT_MAPPED,        False),
    MappingRow(T.LOCAL, True,   True,  True,  M.TO_UTC_AND_OFFSET, True),
    MappingRow(T.LOCAL, True,   True,  False, M.TO_UTC_AND_OFFSET, True),
    MappingRow(T.LOCAL, True,   False, True,  M.TO_GATEWAY,        True),
    MappingRow(T.LOCAL, True,   False, False, M.TO_GATEWAY,        True),
    MappingRow(T.LOCAL, False,  True,  True,  M.TO_UTC_AND_OFFSET, False),
    MappingRow(T.LOCAL, False,  True,  False, M.TO_UTC_AND_OFFSET, False),
    MappingRow(T.LOCAL, False,  False, True,  M.NOT_MAPPED,        False),
    MappingRow(T.LOCAL, False,  False, False, M.NOT_MAPPED,        False),
    MappingRow(T.TICK,  True,   False, False, M.TO_GATEWAY,        True),
    MappingRow(T.TICK,  False,  False, False, M.NOT_MAPPED,        False),
)
# fmt: on
"""The table; for ticks neither synchronisation nor offset has a meaning."""
_ROWS: Final = {row[:4]: row for row in MAPPINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coincident:
    """One reading of both clocks at the same moment.

    `device`: the device's clock as its stamps are, a naive datetime or ticks; `gateway`: aware.
    """

    device: datetime | int
    gateway: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFacts:
    """What is known of one clock of a device.

    `synchronised`: the device says that it follows an outside source. `tick_us`, `modulus`: the
    step of a tick counter in microseconds and where it begins again.
    """

    timeline: Timeline
    synchronised: bool = False
    coincident: Coincident | None = None
    tick_us: int = TICK_US
    modulus: int = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceStamp:
    """A time as a device wrote it.

    `at`: naive UTC, naive local time or ticks, as the clock's timeline is; `kept`: what stays of
    it in the observation. `offset`: local time minus UTC where the device says it. `current`:
    False for a stamp of a timeline that ended (the clock was set since, the counter began again).
    """

    at: datetime | int
    kept: DeviceTime
    offset: timedelta | None = None
    current: bool = True

    @classmethod
    def of_local(
        cls, local: datetime, *, offset: timedelta | None = None, current: bool = True
    ) -> DeviceStamp:
        """A naive local date and time."""
        return cls(at=local, kept=DeviceTime.absolute(local), offset=offset, current=current)

    @classmethod
    def of_utc(
        cls, utc: datetime, *, offset: timedelta | None = None, current: bool = True
    ) -> DeviceStamp:
        """A naive UTC date and time, with the local offset where the device says it."""
        kept = DeviceTime.absolute(utc) if offset is None else DeviceTime.base_offset(utc, offset)
        return cls(at=utc, kept=kept, offset=offset, current=current)

    @classmethod
    def of_ticks(cls, ticks: int, *, current: bool = True) -> DeviceStamp:
        """A tick count."""
        return cls(at=ticks, kept=DeviceTime.relative(ticks), current=current)


def row_of(stamp: DeviceStamp, clock: ClockFacts) -> MappingRow:
    """The line of the table for a stamp of this clock."""
    if clock.timeline is Timeline.TICK:
        return _ROWS[Timeline.TICK, stamp.current, False, False]
    synchronised = clock.synchronised and runs_right(clock)
    return _ROWS[clock.timeline, stamp.current, synchronised, stamp.offset is not None]


def runs_right(clock: ClockFacts) -> bool:
    """Whether a calendar clock was found within `SYNCHRONISED_WITHIN`; True while nobody looked.

    A local clock may be any whole quarter of an hour off: that is its zone.
    """
    difference = _ahead(clock.coincident)
    if difference is None:
        return True
    if clock.timeline is Timeline.LOCAL:
        difference -= _zone(difference)
    return abs(difference) <= SYNCHRONISED_WITHIN


def map_stamp(stamp: DeviceStamp, clock: ClockFacts, *, zone: tzinfo = UTC) -> datetime | None:
    """The aware time of a stamp with its local offset, None where the table does not map it.

    `zone` is the gateway's: it gives the offset that a device does not say, daylight saving
    included. None also for want of a coincident reading, and at the edge of the calendar.
    """
    row = row_of(stamp, clock)
    if row.mapping is Mapping.NOT_MAPPED or (row.coincident and clock.coincident is None):
        return None
    try:
        match row.mapping, stamp.at:
            case Mapping.KEEP | Mapping.KEEP_ADD_OFFSET, datetime() as utc:
                return _in_zone(utc.replace(tzinfo=UTC), stamp.offset, zone)
            case Mapping.TO_UTC_AND_OFFSET, datetime() as local:
                return _local_in_zone(local, stamp.offset, clock.coincident, zone)
            case _:
                at = _gateway_time(stamp.at, clock)
                return None if at is None else at.astimezone(zone)
    except (OverflowError, ValueError):
        return None  # a stamp at the edge of the calendar has no UTC form


def observe(
    stamp: DeviceStamp | None,
    clock: ClockFacts | None,
    *,
    received_at: datetime,
    stored: bool,
    oldest_live: timedelta = OLDEST_LIVE,
    zone: tzinfo = UTC,
) -> ObservedTime:
    """When an observation was made; `received_at` aware, `stored` for records of a memory.

    `oldest_live`: how far before its reception the stamp of a live report may lie.
    """
    mapped = None if stamp is None or clock is None else map_stamp(stamp, clock, zone=zone)
    kept = None if stamp is None else stamp.kept
    if mapped is not None and is_possible(mapped, received_at, None if stored else oldest_live):
        return ObservedTime(mapped.astimezone(UTC), TimeQuality.DEVICE, kept)
    quality = TimeQuality.UNKNOWN if stored else TimeQuality.RECEIVED
    return ObservedTime(received_at, quality, kept)


def is_possible(mapped: datetime, received_at: datetime, oldest: timedelta | None) -> bool:
    """Whether something of this time can have arrived at `received_at`; `oldest` None: any age."""
    age = received_at - mapped
    return age >= -_AHEAD and (oldest is None or age <= oldest)


def steps_between(later: int, earlier: int, modulus: int) -> int:
    """Ticks from one count to another over at most one wrap: negative when `later` is before."""
    steps = (later - earlier) % modulus
    return steps - modulus if steps >= modulus // 2 else steps


def _gateway_time(at: datetime | int, clock: ClockFacts) -> datetime | None:
    """By the difference of the two clocks when both were read."""
    match at, clock.coincident:
        case int() as ticks, Coincident(device=int() as then, gateway=gateway):
            steps = steps_between(ticks, then, clock.modulus)
            return gateway.astimezone(UTC) + timedelta(microseconds=steps * clock.tick_us)
        case datetime() as stamp, Coincident(device=datetime() as then, gateway=gateway):
            return gateway.astimezone(UTC) + (stamp - then)
    return None


def _local_in_zone(
    local: datetime, said: timedelta | None, coincident: Coincident | None, zone: tzinfo
) -> datetime:
    """By the offset the device says, else by the gateway's zone where the device lives in it."""
    offset = said if said is not None else _local_offset(local, coincident, zone)
    return _in_zone((local - offset).replace(tzinfo=UTC), offset, zone)


def _local_offset(local: datetime, coincident: Coincident | None, zone: tzinfo) -> timedelta:
    """Local time minus UTC at a local time: as the zone has it, or as it was measured."""
    in_zone = [_offset(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    difference = _ahead(coincident)
    if coincident is None or difference is None:
        return in_zone[0]
    measured = _zone(difference)
    lives_here = _offset(coincident.gateway.astimezone(zone)) == measured
    return in_zone[0] if lives_here and measured not in in_zone else measured


def _in_zone(utc: datetime, said: timedelta | None, zone: tzinfo) -> datetime:
    return utc.astimezone(zone if said is None else timezone(said))


def _offset(at: datetime) -> timedelta:
    return at.utcoffset() or timedelta(0)


def _ahead(coincident: Coincident | None) -> timedelta | None:
    """How far a calendar clock was ahead of UTC; None where nobody looked, or for ticks."""
    match coincident:
        case Coincident(device=datetime() as device, gateway=gateway):
            return device - gateway.astimezone(UTC).replace(tzinfo=None)
    return None


def _zone(difference: timedelta) -> timedelta:
    """The offset of a zone that explains a difference best; none for more than a day's."""
    steps = round(difference / _ZONE_STEP)
    offset = steps * _ZONE_STEP
    return offset if abs(offset) <= _WIDEST_OFFSET else timedelta(0)
