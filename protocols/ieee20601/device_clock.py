"""The clocks of a 20601 device against ours: measured once an association, and when they change.

The MDS attributes and the gateway's time of the Get answer are one coincident reading; so is a
clock that a device reports because it was set (see `clock_eras`). How a stamp is mapped stands in
`protocols.model.clock_mapping`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, MdsTimeInfo
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.clock_eras import Era, likeliest, moved, next_eras
from protocols.ieee20601.quirks import tick_us
from protocols.ieee20601.segment_facts import read_adjustment
from protocols.ieee20601.time_info import CalendarClock, is_synchronised
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, UNSET_CLOCK, Tolerances
from protocols.mder.times import NO_RELATIVE_TIME, TICK_US, AbsoluteTime
from protocols.model.clock_mapping import (
    OLDEST_LIVE,
    ClockFacts,
    Coincident,
    DeviceStamp,
    Timeline,
    map_stamp,
    observe,
)
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

_U32: Final = 1 << 32
_U64: Final = 1 << 64
_DAY_MINUTES: Final = 24 * 60
EPOCH_1900: Final = datetime(1900, 1, 1)  # noqa: DTZ001  # BaseOffsetTime's own timeline
STAMPS: Final = frozenset(
    kind.attribute_id
    for kind in (
        at.TIME_STAMP_ABS,
        at.TIME_STAMP_REL,
        at.TIME_STAMP_REL_HI_RES,
        at.TIME_STAMP_BO,
    )
)
"""The attributes that say when a value was measured."""
_NONE_MOVED: Final = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """What is known of a device's clocks; empty or None for one it has not or does not know.

    The calendar clocks have their eras, the latest last. `info` is its MDS-Time-Info.
    """

    absolute: tuple[Era, ...] = ()
    base_offset: tuple[Era, ...] = ()
    relative: ClockFacts | None = None
    high_resolution: ClockFacts | None = None
    tick_us: int = TICK_US
    info: MdsTimeInfo | None = None

    def eras(self, clock: CalendarClock) -> tuple[Era, ...]:
        """The timelines of one calendar clock."""
        return self.absolute if clock is CalendarClock.ABSOLUTE else self.base_offset

    def shows(self, clock: CalendarClock, utc: datetime) -> datetime | None:
        """What a calendar clock shows at `utc`, naive; None where nobody read it."""
        eras = self.eras(clock)
        return eras[-1].shows(utc) if eras else None

    def was_read(self, clock: CalendarClock, shown: datetime, *, utc: datetime) -> DeviceClock:
        """The clocks after one was found, or set, to show `shown` (naive) at `utc` (aware)."""
        is_absolute = clock is CalendarClock.ABSOLUTE
        era = Era(
            timeline=Timeline.LOCAL if is_absolute else Timeline.UTC,
            shown=shown,
            read_at=utc,
            synchronised=is_synchronised(self.info, clock),
        )
        if is_absolute:
            return replace(self, absolute=next_eras(self.absolute, era))
        return replace(self, base_offset=next_eras(self.base_offset, era))


NO_CLOCK: Final = DeviceClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """The time stamps one observation carries, as its device wrote them.

    `base_offset` is naive UTC and `offset` what local time is ahead of it.
    """

    absolute: datetime | None = None
    base_offset: datetime | None = None
    offset: timedelta | None = None
    relative: int | None = None
    high_resolution: int | None = None

    @classmethod
    def of(
        cls,
        *,
        absolute: AbsoluteTime | None,
        base_offset: BaseOffsetTime | None,
        relative: int | None,
        high_resolution: int | None,
    ) -> Stamps:
        """From the values on the wire; an unknown time counts as none."""
        return cls(
            absolute=absolute.at if absolute else None,
            base_offset=base_offset_utc(base_offset),
            offset=_offset_of(base_offset),
            relative=None if relative == NO_RELATIVE_TIME else relative,
            high_resolution=high_resolution,
        )

    @property
    def device_time(self) -> DeviceTime | None:
        """The stamp that identifies the measurement: calendar before counters."""
        if self.absolute is not None:
            return DeviceTime.absolute(self.absolute)
        if self.base_offset is not None:
            return DeviceStamp.of_utc(self.base_offset, offset=self.offset).kept
        for ticks in (self.relative, self.high_resolution):
            if ticks is not None:
                return DeviceTime.relative(ticks)
        return None


def read_clock(
    attributes: Iterable[AttributeValue],
    *,
    utc: datetime,
    notes: list[str],
    info: MdsTimeInfo | None = None,
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> DeviceClock:
    """The clocks of an MDS whose attributes arrived at `utc` (aware); nothing raises.

    `info` is the MDS-Time-Info known from before, for attributes that come without one.
    """
    attributes = tuple(attributes)
    model = find_readable(attributes, at.ID_MODEL, notes)
    info = find_readable(attributes, at.MDS_TIME_INFO, notes) or info
    step = tick_us(
        model.texts[0] if model else "",
        info.relative_resolution if info else None,
        notes,
        tolerances,
    )
    clock = DeviceClock(
        relative=tick_clock(find_readable(attributes, at.TIME_REL, notes), utc, step, _U32),
        high_resolution=tick_clock(
            find_readable(attributes, at.TIME_REL_HI_RES, notes), utc, 1, _U64
        ),
        tick_us=step,
        info=info,
    )
    return _with_calendar(clock, attributes, utc, notes, tolerances)


def refresh_clock(
    clock: DeviceClock,
    attributes: Iterable[AttributeValue],
    *,
    utc: datetime,
    notes: list[str],
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> DeviceClock:
    """The clocks after a report of `utc` that tells how they are now, or how they were adjusted.

    A clock in the report is a new coincident reading. An adjustment alone (Date-and-Time-
    Adjustment) moves the clock that was known.
    """
    attributes = tuple(attributes)
    info = find_readable(attributes, at.MDS_TIME_INFO, notes) or clock.info
    octets = find_readable(attributes, at.TIME_ABS_ADJUST, notes)
    shown = clock.shows(CalendarClock.ABSOLUTE, utc)
    told = _with_calendar(replace(clock, info=info), attributes, utc, notes, tolerances)
    if told.absolute != clock.absolute or octets is None or shown is None:
        return told
    return told.was_read(CalendarClock.ABSOLUTE, moved(shown, read_adjustment(octets)), utc=utc)


def _with_calendar(
    clock: DeviceClock,
    attributes: tuple[AttributeValue, ...],
    utc: datetime,
    notes: list[str],
    tolerances: Tolerances,
) -> DeviceClock:
    absolute = find_readable(attributes, at.TIME_ABS, notes)
    if absolute is not None and absolute.at is not None:
        clock = clock.was_read(CalendarClock.ABSOLUTE, absolute.at, utc=utc)
    elif absolute is not None:
        try:
            tolerances.forgive(UNSET_CLOCK, notes)
        except DecodeError as exc:
            notes.append(f"{at.TIME_ABS.ref_id} cannot be read: {exc}")
    base_offset = base_offset_utc(find_readable(attributes, at.TIME_BO, notes))
    if base_offset is not None:
        clock = clock.was_read(CalendarClock.BASE_OFFSET, base_offset, utc=utc)
    return clock


def tick_clock(ticks: int | None, utc: datetime, step: int, modulus: int) -> ClockFacts | None:
    """A counter read at `utc`, in steps of microseconds; one at zero or all ones is no clock."""
    if ticks is None or ticks in (0, modulus - 1):
        return None
    return ClockFacts(
        timeline=Timeline.TICK,
        coincident=Coincident(device=ticks, gateway=utc),
        tick_us=step,
        modulus=modulus,
    )


def base_offset_utc(time: BaseOffsetTime | None) -> datetime | None:
    """The naive UTC time of a base-offset time; None for none or for an unset clock (zero)."""
    if time is None or not time.seconds:
        return None
    return EPOCH_1900 + timedelta(
        seconds=time.seconds, microseconds=time.fraction * 1_000_000 // 65536
    )


def base_offset_time(utc: datetime, offset_minutes: int) -> BaseOffsetTime:
    """A naive UTC time as base-offset time; its seconds begin anew in 2036."""
    since = utc - EPOCH_1900
    return BaseOffsetTime(
        seconds=since // timedelta(seconds=1) % _U32,
        fraction=since.microseconds * 65536 // 1_000_000,
        offset_minutes=offset_minutes,
    )


def read_stamps(
    attributes: Iterable[AttributeValue],
    notes: list[str],
    tolerances: Tolerances = DEFAULT_TOLERANCES,
) -> Stamps:
    """The time stamps among an observation's attributes; an unknown one counts as none.

    Raises DecodeError for one that is no date where that is not forgiven.
    """
    attributes = tuple(attributes)
    absolute = find_readable(attributes, at.TIME_STAMP_ABS, notes)
    if absolute is not None and absolute.at is None:
        tolerances.forgive(UNSET_CLOCK, notes)
    return Stamps.of(
        absolute=absolute,
        base_offset=find_readable(attributes, at.TIME_STAMP_BO, notes),
        relative=find_readable(attributes, at.TIME_STAMP_REL, notes),
        high_resolution=find_readable(attributes, at.TIME_STAMP_REL_HI_RES, notes),
    )


def observe_time(
    stamps: Stamps,
    clock: DeviceClock,
    *,
    received_at: datetime,
    stored: bool,
    oldest_live: timedelta = OLDEST_LIVE,
    zone: tzinfo = UTC,
    adjustment: timedelta = _NONE_MOVED,
) -> ObservedTime:
    """When an observation was made; `received_at` aware UTC, `stored` for entries of a store.

    `oldest_live`: how far before its reception the stamp of a live report may lie. `zone` is the
    gateway's. `adjustment`: what the device says to add to the absolute stamps of a segment.
    """
    kept = stamps.device_time
    if kept is not None:
        for stamp, facts in _readings(stamps, kept, clock, stored, adjustment):
            observed = observe(
                stamp,
                facts,
                received_at=received_at,
                stored=stored,
                oldest_live=oldest_live,
                zone=zone,
            )
            if observed.quality is TimeQuality.DEVICE:
                return observed
    quality = TimeQuality.UNKNOWN if stored else TimeQuality.RECEIVED
    return ObservedTime(received_at, quality, kept)


def _readings(
    stamps: Stamps, kept: DeviceTime, clock: DeviceClock, stored: bool, adjustment: timedelta
) -> Iterator[tuple[DeviceStamp, ClockFacts]]:
    """Every stamp with every clock that may explain it, the likeliest first."""
    if stamps.absolute is not None:
        stamp = DeviceStamp(at=moved(stamps.absolute, adjustment), kept=kept)
        for era in likeliest(clock.absolute, stamps.absolute):
            yield stamp, era.facts
    if stamps.base_offset is not None:
        stamp = DeviceStamp(at=stamps.base_offset, kept=kept, offset=stamps.offset)
        for era in likeliest(clock.base_offset, stamps.base_offset):
            yield stamp, era.facts
    for ticks, facts in (
        (stamps.relative, clock.relative),
        (stamps.high_resolution, clock.high_resolution),
    ):
        if ticks is not None and facts is not None:
            current = not (stored and _is_ahead(ticks, facts))
            yield DeviceStamp(at=ticks, kept=kept, current=current), facts


def _is_ahead(ticks: int, facts: ClockFacts) -> bool:
    """The count lies after the reading: for a stored entry, another run of the counter."""
    mapped = map_stamp(DeviceStamp.of_ticks(ticks), facts)
    return mapped is not None and facts.coincident is not None and mapped > facts.coincident.gateway


def _offset_of(time: BaseOffsetTime | None) -> timedelta | None:
    """Local time minus UTC of a base-offset time; None where it is none of this earth."""
    if time is None or abs(time.offset_minutes) >= _DAY_MINUTES:
        return None
    return timedelta(minutes=time.offset_minutes)
