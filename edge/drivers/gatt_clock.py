"""A GATT device's clock: read against ours in one moment, and set where the policy allows it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from edge.clock import Clock
from edge.drivers.gatt_conversation import Conversation
from edge.drivers.gatt_reception import GattReception
from edge.errors import AttributeRefusedError
from edge.transports.ble.base import Attribute, GattTransport
from protocols.errors import DecodeError
from protocols.gatt import current_time, date_time, elapsed_time, time_sources
from protocols.gatt.base import Property
from protocols.gatt.current_time import CurrentTime
from protocols.gatt.elapsed_time import CurrentElapsedTime, ElapsedTime
from protocols.gatt.fields import DateTime
from protocols.model.clock_mapping import Timeline

log = logging.getLogger(__name__)

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPolicy:
    """`set_clocks`: whether a clock is set that is more than `tolerance_seconds` wrong.

    Never while our own is not known to be right: the device's may be the better one.
    """

    set_clocks: bool = False
    tolerance_seconds: float = 30.0
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What one look at a device's clock told. `off`: how far it is ahead; None: it has no date."""

    off: timedelta | None
    octets: bytes

    def fault(self, policy: ClockPolicy) -> str:
        """What is wrong with it in words; empty when nothing is."""
        if self.off is None:
            return "the device's clock has no date"
        seconds = self.off.total_seconds()
        if abs(seconds) <= policy.tolerance_seconds:
            return ""
        return f"the device's clock is {abs(seconds):.0f} s {'fast' if seconds > 0 else 'slow'}"


class ClockKeeper:
    """The clock of one link's device: looked at when the link is set up, set when it is quiet."""

    def __init__(
        self,
        link: GattTransport,
        conversation: Conversation,
        reception: GattReception,
        *,
        clock: Clock,
        policy: ClockPolicy,
        knows_time: Callable[[], bool],
    ) -> None:
        self._link = link
        self._conversation = conversation
        self._reception = reception
        self._clock = clock
        self._policy = policy
        self._knows_time = knows_time
        self._due: tuple[Attribute, bytes] | None = None
        self._always_set: bool | None = None

    @property
    def is_due(self) -> bool:
        """Whether the clock is to be set, or looked at again, as soon as nothing else goes on."""
        return self._knows_time() and (self._due is not None or self._always_set is not None)

    async def look(self, *, always_set: bool = False) -> None:
        """Read the first clock that answers. `always_set`: the device wants to be told anyway.

        While our own clock is not known to be right this says little: `set` looks again then.
        """
        knows_time = self._knows_time()
        self._always_set = None if knows_time else always_set
        for attribute in self._conversation.clocks:
            try:
                reading = await self._read(attribute)
            except AttributeRefusedError as exc:
                self._reception.warn(str(exc))
            except DecodeError as exc:
                self._reception.warn(f"a clock that cannot be read ({exc})")
            else:
                wished = reading.fault(self._policy) or always_set
                if self._policy.set_clocks and knows_time and wished:
                    self._due = attribute, reading.octets
                return

    async def set(self) -> None:
        """Set it, if that is due, and look again: the two clocks are compared anew."""
        if not self._knows_time():
            return
        if self._always_set is not None:
            await self.look(always_set=self._always_set)
        if self._due is None:
            return
        (attribute, shown), self._due = self._due, None
        health, was = self._reception.health, self._reception.health.clock_fault
        try:
            if await self._write(attribute, shown):
                health.counts.clock_sets += 1
                log.warning("clock set device=%s was=%r", health.name, was)
                await self._read(attribute)
        except (AttributeRefusedError, DecodeError) as exc:
            self._reception.warn(f"the clock cannot be set ({exc})")

    async def _read(self, attribute: Attribute) -> ClockReading:
        """The middle of question and answer is the moment both clocks are compared at."""
        asked = self._clock.utc()
        value = await self._link.read(attribute)
        octets, utc = value.octets, asked + (value.utc - asked) / 2
        transcript = self._conversation.hear(attribute, octets, now=value.received_at, utc=utc)
        reading = ClockReading(_difference(attribute, octets, utc, self._policy.zone), octets)
        fault = reading.fault(self._policy)
        if fault and fault != self._reception.health.clock_fault:
            self._reception.warn(fault)
        self._reception.warn(*transcript.warnings)
        self._reception.health.clock_fault = fault
        return reading

    async def _write(self, attribute: Attribute, shown: bytes) -> bool:
        """Write our time in the attribute's own form; False where it cannot be written."""
        if not attribute.properties & Property.WRITE:
            return False
        utc = self._clock.utc()
        octets = _encode(attribute, utc, self._policy.zone, shown)
        if octets is None:
            return False
        await self._link.write(attribute, octets)
        local = utc.astimezone(self._policy.zone).replace(tzinfo=None)
        self._conversation.transcriber.clock_written(local, utc=utc)
        return True


def _difference(
    attribute: Attribute, octets: bytes, utc: datetime, zone: tzinfo
) -> timedelta | None:
    """How far the clock is ahead of ours; a counter of ticks is never wrong."""
    local = utc.astimezone(zone).replace(tzinfo=None)
    at: datetime | None
    match attribute.uuid:
        case current_time.CURRENT_TIME.uuid:
            at = current_time.CURRENT_TIME.decode(octets).at
        case date_time.DATE_TIME.uuid:
            at = date_time.DATE_TIME.decode(octets).at
        case _:
            time = elapsed_time.CURRENT_ELAPSED_TIME.decode(octets).time
            match time.timeline, time.at:
                case Timeline.UTC, datetime() as at:
                    return at - utc.astimezone(UTC).replace(tzinfo=None)
                case Timeline.TICK, _:
                    return timedelta(0)
                case _:
                    at = time.local
    return None if at is None else at - local


def _encode(attribute: Attribute, utc: datetime, zone: tzinfo, shown: bytes) -> bytes | None:
    local = utc.astimezone(zone)
    naive = local.replace(tzinfo=None)
    match attribute.uuid:
        case current_time.CURRENT_TIME.uuid:
            return current_time.CURRENT_TIME.encode(CurrentTime.of(naive))
        case date_time.DATE_TIME.uuid:
            return date_time.DATE_TIME.encode(DateTime.of(naive))
    time = elapsed_time.CURRENT_ELAPSED_TIME.decode(shown).time
    if time.timeline is Timeline.TICK:
        return None
    written = _elapsed(time, utc if time.timeline is Timeline.UTC else naive.replace(tzinfo=UTC))
    if written.has_offset:
        quarters = (local.utcoffset() or timedelta(0)) // timedelta(minutes=15)
        written = replace(written, offset_quarters=quarters)
    return elapsed_time.CURRENT_ELAPSED_TIME.encode(CurrentElapsedTime(time=written))


def _elapsed(time: ElapsedTime, at: datetime) -> ElapsedTime:
    steps = (at - _EPOCH) // timedelta(microseconds=time.step_us)
    return replace(time, value=steps, source=time_sources.NETWORK, is_current=True)
