"""Decoded values -> observations: the only place of this room that makes them.

    transcriber = Transcriber(DeviceInfo(system_id=...))      one a connection
    draft = transcriber.begin(utc=utc, stored=False)          one a characteristic value
    draft.stamp(record.time.at, is_trusted=not record.clock_not_set)
    draft.number(SPO2, record.spo2, PERCENT, supplements=(SPOT,))
    transcript = draft.finish()

Sessions of one connection share the transcriber, and with it the device's identity, its clock
and the count of values. Identity follows 20601's side: a calendar stamp identifies a
measurement; without one (or with one from a clock that was never set) a live measurement is
identified by its reception. See `protocols.model.identifiers`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypedDict
from uuid import UUID

from protocols.errors import LocalProtocolError
from protocols.ieee20601.device_clock import (
    NO_CLOCK,
    OLDEST_LIVE,
    DeviceClock,
    Stamps,
    observe_time,
)
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import clockless_observation_id, observation_id
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ClockOffset, ObservedTime

_NO_STAMP: Final = Stamps()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What one characteristic value says.

    `warnings` are sentences without measured values. `device` is what is now known of the
    device where the value told something of it, else None.
    """

    observations: tuple[Observation, ...] = ()
    warnings: tuple[str, ...] = ()
    device: DeviceInfo | None = None


class _Facts(TypedDict):
    """The fields all observations share."""

    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId
    status: MeasurementStatus
    supplements: tuple[MdcCode, ...]


class Transcriber:
    """One connection's device, clock and count of values; times are arguments.

    `device` says at least how the device is identified; services that tell more change it.
    `oldest_live`: how old a stamp may be that still counts as live.
    """

    def __init__(
        self,
        device: DeviceInfo,
        *,
        clock: DeviceClock = NO_CLOCK,
        oldest_live: timedelta = OLDEST_LIVE,
    ) -> None:
        self.device = device
        self.clock = clock
        self.oldest_live = oldest_live
        self._values = 0

    def clock_read(self, local: datetime, *, utc: datetime) -> None:
        """A coincident reading: the device's clock showed `local` (naive) at `utc` (aware)."""
        offset = ClockOffset.measure(device_local=local, gateway_utc=utc)
        self.clock = replace(self.clock, absolute=offset)

    def begin(self, *, utc: datetime, stored: bool = False) -> Draft:
        """The draft of a value received at `utc` (aware); `stored` when it came from a store."""
        if utc.utcoffset() is None:
            raise LocalProtocolError("a reception time carries its zone")
        self._values += 1
        return Draft(self, received_at=utc, stored=stored, number=self._values)


class Draft:
    """The transcript of one characteristic value being written; see the module.

    `status` goes into every observation that is added after it was set.
    """

    def __init__(
        self, transcriber: Transcriber, *, received_at: datetime, stored: bool, number: int
    ) -> None:
        self.transcriber = transcriber
        self.received_at = received_at
        self.stored = stored
        self.status = MeasurementStatus.VALID
        self._number = number
        self._stamps = _NO_STAMP
        self._is_trusted = True
        self._observations: list[Observation] = []
        self._warnings: list[str] = []
        self._device: DeviceInfo | None = None

    def stamp(self, local: datetime | None, *, is_trusted: bool = True) -> None:
        """The device's naive local time of what follows; None for none.

        `is_trusted` False: the device says that its clock was never set. The stamp is kept,
        and nothing is worked out from it.
        """
        self._stamps = Stamps(absolute=local)
        self._is_trusted = is_trusted

    def number(
        self,
        type_code: MdcCode,
        value: Number,
        unit: UnitCode,
        *,
        supplements: Iterable[MdcCode] = (),
        duration_us: int = 0,
    ) -> None:
        """One measured number; a special value is absent data, never a number."""
        facts = self._facts(type_code, tuple(supplements), duration_us)
        self._observations.append(NumericObservation(value=Quantity(value, unit), **facts))

    def compound(
        self,
        type_code: MdcCode,
        components: Iterable[tuple[MdcCode, Number]],
        unit: UnitCode,
        *,
        supplements: Iterable[MdcCode] = (),
    ) -> None:
        """Numbers of one measurement in one unit."""
        parts = tuple((part, Quantity(value, unit)) for part, value in components)
        facts = self._facts(type_code, tuple(supplements))
        self._observations.append(CompoundNumericObservation(components=parts, **facts))

    def bits(
        self, type_code: MdcCode, bits: int, width: int, *, supplements: Iterable[MdcCode] = ()
    ) -> None:
        """State bits; bit 0 is the highest of `width` (as `BitsObservation`)."""
        facts = self._facts(type_code, tuple(supplements))
        self._observations.append(BitsObservation(bits=bits, width=width, **facts))

    def code(
        self, type_code: MdcCode, value: MdcCode, *, supplements: Iterable[MdcCode] = ()
    ) -> None:
        """A coded finding."""
        facts = self._facts(type_code, tuple(supplements))
        self._observations.append(CodedObservation(value=value, **facts))

    def text(self, type_code: MdcCode, text: str, *, supplements: Iterable[MdcCode] = ()) -> None:
        """A text finding."""
        facts = self._facts(type_code, tuple(supplements))
        self._observations.append(TextObservation(text=text, **facts))

    def clock_read(self, local: datetime) -> None:
        """The device's clock showed `local` (naive) when the value was received."""
        self.transcriber.clock_read(local, utc=self.received_at)

    def describe(self, device: DeviceInfo) -> None:
        """What is known of the device from now on, for all sessions of the connection."""
        self.transcriber.device = self._device = device

    def warn(self, *sentences: str) -> None:
        """Say what was odd; no measured value belongs in it."""
        self._warnings.extend(sentences)

    def finish(self) -> Transcript:
        """The transcript; every sentence once."""
        return Transcript(
            observations=tuple(self._observations),
            warnings=tuple(dict.fromkeys(self._warnings)),
            device=self._device,
        )

    def _facts(
        self, type_code: MdcCode, supplements: tuple[MdcCode, ...], duration_us: int = 0
    ) -> _Facts:
        device = self.transcriber.device.system_id
        observed_at = self._observed_at()
        stamp = observed_at.device_time
        if stamp is not None and (self.stored or self._is_trusted):
            identity = observation_id(
                system_id=device,
                type_code=type_code,
                device_time=stamp,
                duration_us=duration_us,
                supplements=supplements,
            )
        else:
            identity = clockless_observation_id(
                system_id=device,
                type_code=type_code,
                received_at=self.received_at.astimezone(UTC).isoformat(),
                report_counter=(self._number << 16) + len(self._observations),
                duration_us=duration_us,
                supplements=supplements,
            )
        return _Facts(
            observation_id=identity,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=self.status,
            supplements=supplements,
        )

    def _observed_at(self) -> ObservedTime:
        return observe_time(
            self._stamps,
            self.transcriber.clock if self._is_trusted else NO_CLOCK,
            received_at=self.received_at,
            stored=self.stored,
            oldest_live=self.transcriber.oldest_live,
        )
