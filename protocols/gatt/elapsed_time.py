"""Elapsed Time Service (ETS 1.0): a clock of any kind, and whether it needs to be set.

One field of nine octets says what the clock counts (ticks, UTC or local time), in what steps, and
whether a stamp is of the timeline that still runs. Generic Health Sensors stamp with it too: see
`stamp_with`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from protocols.gatt import time_sources
from protocols.gatt.base import Characteristic, GattProfile, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.model.clock_mapping import ClockFacts, Coincident, DeviceStamp, Timeline

_TICKS: Final = 0x01
_UTC: Final = 0x02
_RESOLUTION_PLACES: Final = 2
_RESOLUTION: Final = 0x03
_OFFSET_USED: Final = 0x10
_CURRENT: Final = 0x20
_STEPS_US: Final = (1_000_000, 100_000, 1_000, 100)
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # of UTC or of local time, as the flags say
_LONGEST: Final = (datetime(9999, 1, 1) - _EPOCH) // timedelta(microseconds=1)  # noqa: DTZ001  # as above
"""A year before the calendar ends, so that any offset may be added."""
_MODULUS: Final = 1 << 48
_NEEDS_SETTING: Final = 0x01


@dataclass(frozen=True, slots=True, kw_only=True)
class ElapsedTime:
    """An Elapsed Time field (GSS, Elapsed Time).

    `value` counts steps of `step_us` microseconds, since 2000 or, for `timeline` TICK, since
    whenever. `resolution` is the step's number, 0 to 3. `offset_quarters`: zone and daylight
    saving together, meant only where `has_offset`. `source` as in `time_sources`.
    """

    value: int
    timeline: Timeline
    resolution: int = 0
    has_offset: bool = False
    offset_quarters: int = 0
    source: int = time_sources.UNKNOWN
    is_current: bool = True

    @property
    def step_us(self) -> int:
        """The clock's step in microseconds."""
        return _STEPS_US[self.resolution]

    @property
    def at(self) -> datetime | int | None:
        """Naive UTC, naive local time or ticks; None for a date beyond the calendar."""
        if self.timeline is Timeline.TICK:
            return self.value
        microseconds = self.value * self.step_us
        return _EPOCH + timedelta(microseconds=microseconds) if microseconds < _LONGEST else None

    @property
    def offset(self) -> timedelta | None:
        """Local time minus UTC, None where the device does not say it."""
        if not self.has_offset or self.timeline is Timeline.TICK:
            return None
        return time_sources.local_offset(self.offset_quarters)

    @property
    def local(self) -> datetime | None:
        """The naive local time, None where the device does not say it."""
        match self.timeline, self.at, self.offset:
            case Timeline.LOCAL, datetime() as at, _:
                return at
            case Timeline.UTC, datetime() as at, timedelta() as offset:
                return at + offset
        return None

    @property
    def stamp(self) -> DeviceStamp | None:
        """The time as a stamp of a measurement; None for a date beyond the calendar."""
        match self.at:
            case int() as ticks:
                return DeviceStamp.of_ticks(ticks, current=self.is_current)
            case datetime() as at if self.timeline is Timeline.UTC:
                return DeviceStamp.of_utc(at, offset=self.offset, current=self.is_current)
            case datetime() as at:
                return DeviceStamp.of_local(at, offset=self.offset, current=self.is_current)
        return None

    def clock(self, utc: datetime) -> ClockFacts | None:
        """What a reading received at `utc` (aware) tells of the clock; None for no date."""
        at = self.at
        if at is None:
            return None
        return ClockFacts(
            timeline=self.timeline,
            synchronised=time_sources.is_synchronised(self.source),
            coincident=Coincident(device=at, gateway=utc),
            tick_us=self.step_us,
            modulus=_MODULUS,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """The two octets a device adds to its own time, and a client leaves out when it writes."""

    status: int
    capabilities: int

    @property
    def needs_setting(self) -> bool:
        """The device asks to have its clock set."""
        return bool(self.status & _NEEDS_SETTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentElapsedTime:
    """Current Elapsed Time: with `state` as a device sends it, without as a client writes it."""

    time: ElapsedTime
    state: ClockState | None = None


def read_elapsed_time(reader: FieldReader) -> ElapsedTime:
    """The nine octets of an Elapsed Time field."""
    flags = reader.u8()
    timeline = Timeline.UTC if flags & _UTC else Timeline.LOCAL
    if flags & _TICKS:
        timeline = Timeline.TICK  # the bit of UTC then has no meaning
    return ElapsedTime(
        timeline=timeline,
        resolution=(flags >> _RESOLUTION_PLACES) & _RESOLUTION,
        has_offset=bool(flags & _OFFSET_USED),
        is_current=bool(flags & _CURRENT),
        value=reader.u48(),
        source=reader.u8(),
        offset_quarters=reader.s8(),
    )


def write_elapsed_time(record: ElapsedTime, writer: FieldWriter) -> None:
    """The mirror of `read_elapsed_time`."""
    kinds = {Timeline.TICK: _TICKS, Timeline.UTC: _UTC, Timeline.LOCAL: 0}
    writer.u8(
        kinds[record.timeline]
        | (record.resolution << _RESOLUTION_PLACES)
        | (_OFFSET_USED if record.has_offset else 0)
        | (_CURRENT if record.is_current else 0)
    )
    writer.u48(record.value)
    writer.u8(record.source)
    writer.s8(record.offset_quarters)


def _read(reader: FieldReader) -> CurrentElapsedTime:
    time = read_elapsed_time(reader)
    if not reader.remaining:
        return CurrentElapsedTime(time=time)
    state = ClockState(status=reader.u8(), capabilities=reader.u8())
    return CurrentElapsedTime(time=time, state=state)


def _write(record: CurrentElapsedTime, writer: FieldWriter) -> None:
    write_elapsed_time(record.time, writer)
    if record.state is not None:
        writer.u8(record.state.status)
        writer.u8(record.state.capabilities)


def _transcribe(record: CurrentElapsedTime, draft: Draft) -> None:
    time = record.time
    clock = time.clock(draft.received_at)
    if clock is not None:
        draft.transcriber.elapsed_clock = clock
    if time.local is not None:
        draft.clock_read(time.local, synchronised=time_sources.is_synchronised(time.source))
    if clock is None or (record.state is not None and record.state.needs_setting):
        draft.warn(f"a clock that needs to be set ({CURRENT_ELAPSED_TIME.clause})")


def stamp_with(time: ElapsedTime, draft: Draft) -> None:
    """Stamp what follows with an Elapsed Time of the device.

    It is mapped by the reading of the device's clock where that counts the same. Whether the
    clock was synchronised is what the stamp itself says.
    """
    draft.stamp(time.stamp, clock=_clock_of(time, draft.transcriber.elapsed_clock))


def _clock_of(time: ElapsedTime, read: ClockFacts | None) -> ClockFacts:
    clock = ClockFacts(timeline=time.timeline, tick_us=time.step_us, modulus=_MODULUS)
    if read is not None and (read.timeline, read.tick_us) == (time.timeline, time.step_us):
        clock = read
    return replace(clock, synchronised=time_sources.is_synchronised(time.source))


CURRENT_ELAPSED_TIME: Final = Characteristic(
    uuid=assigned_uuid(0x2BF2),
    name="Current Elapsed Time",
    properties=Property.READ | Property.WRITE | Property.INDICATE,
    clause="ETS 1.0, Current Elapsed Time",
    read=_read,
    write=_write,
    transcribe=_transcribe,
    decode_as=("ets", "elapsed_time"),
)

PROFILE: Final = GattProfile(
    name="elapsed_time",
    service=assigned_uuid(0x183F),
    specification="Elapsed Time Service",
    version="1.0",
    characteristics=(CURRENT_ELAPSED_TIME,),
)
