"""A device's clocks against ours: measured once an association, used for every stamp.

The MDS attributes and the gateway's time of the Get answer are one coincident reading. A live
stamp that cannot be mapped takes the reception time (RECEIVED); a stored one stays UNKNOWN at
the reception time. The device's own stamp is kept either way.

A live stamp is usable between a week before its reception and a minute after. A report sent
again after an outage is hours old and keeps its time; one a year back or ahead was stamped
before the device's clock was set, or after. Entries of a store have no such age.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.quirks import tick_us
from protocols.mder.times import NO_RELATIVE_TIME, TICK_US
from protocols.model.timestamps import ClockOffset, DeviceTime, ObservedTime, TimeQuality

_U32: Final = 1 << 32
_U64: Final = 1 << 64
_EPOCH_1900: Final = datetime(1900, 1, 1)  # noqa: DTZ001  # BaseOffsetTime's own timeline
# A live reading cannot lie ahead of its reception; more than this and the device's clock was set.
_AHEAD: Final = timedelta(seconds=60)
OLDEST_LIVE: Final = timedelta(days=7)
"""How old a report may be that a device still sends, where the policy says nothing."""


@dataclass(frozen=True, slots=True)
class TickAnchor:
    """One coincident reading of a tick counter: `ticks` at `utc`, steps of `tick_us`."""

    ticks: int
    utc: datetime
    tick_us: int
    modulus: int = _U32

    def to_utc(self, ticks: int) -> datetime:
        """The aware UTC time of a tick, over at most one wrap of the counter."""
        return self.utc + timedelta(microseconds=self._steps(ticks) * self.tick_us)

    def is_ahead(self, ticks: int) -> bool:
        """The tick lies after the reading: for a stored entry, another timeline."""
        return self._steps(ticks) > 0

    def _steps(self, ticks: int) -> int:
        steps = (ticks - self.ticks) % self.modulus
        return steps - self.modulus if steps >= self.modulus // 2 else steps


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClock:
    """What is known of a device's clocks; None for a clock it has not or does not know."""

    absolute: ClockOffset | None = None
    base_offset: ClockOffset | None = None
    relative: TickAnchor | None = None
    high_resolution: TickAnchor | None = None
    tick_us: int = TICK_US

    def adjusted(self, adjustment: timedelta) -> DeviceClock:
        """The clocks for absolute stamps that are to be moved by `adjustment`."""
        if self.absolute is None:
            return self
        return replace(self, absolute=ClockOffset(self.absolute.offset + adjustment))


NO_CLOCK: Final = DeviceClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """The time stamps one observation carries, as its device wrote them."""

    absolute: datetime | None = None
    base_offset: datetime | None = None
    relative: int | None = None
    high_resolution: int | None = None

    @property
    def device_time(self) -> DeviceTime | None:
        """The stamp that identifies the measurement: calendar before counters."""
        if self.absolute is not None:
            return DeviceTime.absolute(self.absolute)
        if self.base_offset is not None:
            return DeviceTime.absolute(self.base_offset)
        for ticks in (self.relative, self.high_resolution):
            if ticks is not None:
                return DeviceTime.relative(ticks)
        return None


def read_clock(
    attributes: Iterable[AttributeValue], *, utc: datetime, notes: list[str]
) -> DeviceClock:
    """The clocks of an MDS whose attributes arrived at `utc` (aware)."""
    attributes = tuple(attributes)
    model = find_readable(attributes, at.ID_MODEL, notes)
    info = find_readable(attributes, at.MDS_TIME_INFO, notes)
    step = tick_us(model.texts[0] if model else "", info.relative_resolution if info else None)
    absolute = find_readable(attributes, at.TIME_ABS, notes)
    local = absolute.at if absolute else None
    base = base_offset_utc(find_readable(attributes, at.TIME_BO, notes))
    ticks = find_readable(attributes, at.TIME_REL, notes)
    high = find_readable(attributes, at.TIME_REL_HI_RES, notes)
    return DeviceClock(
        absolute=ClockOffset.measure(device_local=local, gateway_utc=utc) if local else None,
        base_offset=ClockOffset.measure(device_local=base, gateway_utc=utc) if base else None,
        relative=_anchor(ticks, utc, step, _U32),
        high_resolution=_anchor(high, utc, 1, _U64),
        tick_us=step,
    )


def _anchor(ticks: int | None, utc: datetime, step: int, modulus: int) -> TickAnchor | None:
    """The coincident reading of a counter; one at zero or at all ones is no clock."""
    if ticks is None or ticks in (0, modulus - 1):
        return None
    return TickAnchor(ticks, utc, step, modulus)


def base_offset_utc(time: BaseOffsetTime | None) -> datetime | None:
    """The naive UTC time of a base-offset time; None for none or for an unset clock (zero)."""
    if time is None or not time.seconds:
        return None
    return _EPOCH_1900 + timedelta(
        seconds=time.seconds, microseconds=time.fraction * 1_000_000 // 65536
    )


def read_stamps(attributes: Iterable[AttributeValue], notes: list[str]) -> Stamps:
    """The time stamps among an observation's attributes; an unknown one counts as none."""
    attributes = tuple(attributes)
    absolute = find_readable(attributes, at.TIME_STAMP_ABS, notes)
    relative = find_readable(attributes, at.TIME_STAMP_REL, notes)
    return Stamps(
        absolute=absolute.at if absolute else None,
        base_offset=base_offset_utc(find_readable(attributes, at.TIME_STAMP_BO, notes)),
        relative=None if relative == NO_RELATIVE_TIME else relative,
        high_resolution=find_readable(attributes, at.TIME_STAMP_REL_HI_RES, notes),
    )


def observe_time(
    stamps: Stamps,
    clock: DeviceClock,
    *,
    received_at: datetime,
    stored: bool,
    oldest_live: timedelta = OLDEST_LIVE,
) -> ObservedTime:
    """When an observation was made; `received_at` aware UTC, `stored` for entries of a store.

    `oldest_live`: how far before its reception the stamp of a live report may lie.
    """
    mapped = _mapped(stamps, clock, stored)
    if mapped is not None and _is_possible(mapped, received_at, None if stored else oldest_live):
        return ObservedTime(mapped, TimeQuality.DEVICE, stamps.device_time)
    quality = TimeQuality.UNKNOWN if stored else TimeQuality.RECEIVED
    return ObservedTime(received_at, quality, stamps.device_time)


def _is_possible(mapped: datetime, received_at: datetime, oldest: timedelta | None) -> bool:
    age = received_at - mapped
    return age >= -_AHEAD and (oldest is None or age <= oldest)


def _mapped(stamps: Stamps, clock: DeviceClock, stored: bool) -> datetime | None:
    try:
        if stamps.absolute is not None and clock.absolute is not None:
            return clock.absolute.to_utc(stamps.absolute)
        if stamps.base_offset is not None and clock.base_offset is not None:
            return clock.base_offset.to_utc(stamps.base_offset)
        for ticks, anchor in (
            (stamps.relative, clock.relative),
            (stamps.high_resolution, clock.high_resolution),
        ):
            if ticks is not None and anchor is not None:
                return None if stored and anchor.is_ahead(ticks) else anchor.to_utc(ticks)
    except OverflowError:
        return None  # a stamp at the edge of the calendar has no UTC form
    return None
