"""Decoded values -> observations: the only place of this room that makes them.

    transcriber = Transcriber(DeviceInfo(system_id=...))      one a connection
    draft = transcriber.begin(utc=utc, stored=False)          one a characteristic value
    draft.stamp(record.time.at, is_trusted=not record.clock_not_set)
    draft.number(SPO2, record.spo2, PERCENT, supplements=(SPOT,))
    transcript = draft.finish()

Sessions of one connection share the transcriber, and with it the device's identity, its clock
and the count of values. Identity and time are those of the model, so that all families agree: a
calendar stamp identifies a measurement; without one, or with one of a clock that was never set,
a live measurement is identified by its reception.

Blood pressure monitors, scales and thermometers send what they kept when somebody connects, and
no octet tells it from a live value. A stamp that the clock maps to before `oldest_live` is such a
record. It has its own time, unless the clock was set in this connection: then the stamp may be of
the timeline that ended, and its time is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, TypedDict
from uuid import UUID

from protocols.errors import LocalProtocolError
from protocols.mder.numbers import Number
from protocols.model.clock_mapping import (
    OLDEST_LIVE,
    ClockFacts,
    Coincident,
    DeviceStamp,
    Timeline,
    is_possible,
    map_stamp,
    observe,
)
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import Naming, name_reading
from protocols.model.observation import (
    SAMPLE_OCTETS,
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime

UNKNOWN_USER: Final = 0xFF
"""The index by which a multi-user device says that it does not know (GSS, User Index)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What one characteristic value says.

    `warnings` are sentences without measured values. `device` is what is now known of the
    device where the value told something of it, else None. `records`: the numbers of the stored
    records in the value, as their service names them, for `RecordAccess.record_received`; None
    for a record without a number.
    """

    observations: tuple[Observation, ...] = ()
    warnings: tuple[str, ...] = ()
    device: DeviceInfo | None = None
    records: tuple[int | None, ...] = ()


class _Facts(TypedDict):
    """The fields all observations share."""

    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId
    status: MeasurementStatus
    supplements: tuple[MdcCode, ...]
    named_by: Naming | None


class Transcriber:
    """One connection's device, clock and count of values; times are arguments.

    `device` says at least how the device is identified; services that tell more change it.
    `clock` is what is known of the clock of its local stamps, None while nobody read it;
    `elapsed_clock` the same of stamps in Elapsed Time. `oldest_live`: how old a stamp may be
    that still counts as live. `zone` is the gateway's.
    """

    def __init__(
        self,
        device: DeviceInfo,
        *,
        clock: ClockFacts | None = None,
        oldest_live: timedelta = OLDEST_LIVE,
        zone: tzinfo = UTC,
    ) -> None:
        self.device = device
        self.clock = clock
        self.elapsed_clock: ClockFacts | None = None
        self.oldest_live = oldest_live
        self.zone = zone
        self.clock_was_set = False
        self._values = 0

    def clock_read(
        self, local: datetime, *, utc: datetime, synchronised: bool | None = None
    ) -> None:
        """A coincident reading: the device's clock showed `local` (naive) at `utc` (aware).

        `synchronised`: the device says whether it follows an outside source; None when it does
        not say, and what was known stays.
        """
        if synchronised is None:
            synchronised = self.clock is not None and self.clock.synchronised
        self.clock = ClockFacts(
            timeline=Timeline.LOCAL,
            synchronised=synchronised,
            coincident=Coincident(device=local, gateway=utc),
        )

    def clock_written(self, local: datetime, *, utc: datetime) -> None:
        """The gateway set the device's clock to `local` (naive) at `utc` (aware)."""
        self.clock_read(local, utc=utc)
        self.clock_was_set = True

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
        self._stamp: DeviceStamp | None = None
        self._clock: ClockFacts | None = None
        self._is_trusted = True
        self._observations: list[Observation] = []
        self._warnings: list[str] = []
        self._device: DeviceInfo | None = None
        self._records: list[int | None] = []

    def stamp(
        self,
        at: datetime | DeviceStamp | None,
        *,
        is_trusted: bool = True,
        clock: ClockFacts | None = None,
    ) -> None:
        """The device's time of what follows: naive local time, or on another timeline; or none.

        `is_trusted` False: the device says that its clock was never set. The stamp is kept,
        and nothing is worked out from it. `clock`: what a stamp of another timeline is mapped
        by; local time goes by the connection's clock.
        """
        self._is_trusted = is_trusted
        if isinstance(at, datetime):
            self._stamp, self._clock = DeviceStamp.of_local(at), clock or self.transcriber.clock
        else:
            self._stamp, self._clock = at, clock

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

    def samples(
        self,
        type_code: MdcCode,
        samples: Iterable[int],
        unit: UnitCode,
        *,
        period_us: int,
        scale: Decimal = Decimal(1),
        offset: Decimal = Decimal(0),
        sequence: int | None = None,
    ) -> None:
        """A stretch of waveform: integers of 32 bits, `period_us` apart, the first one now.

        The physical value is `sample x scale + offset`; `sequence` counts the stretches where
        the device does.
        """
        packed = b"".join(
            sample.to_bytes(SAMPLE_OCTETS, "little", signed=True) for sample in samples
        )
        facts = self._facts(type_code, ())
        self._observations.append(
            SampleArrayObservation(
                samples=packed,
                scale=scale,
                offset=offset,
                period_us=period_us,
                unit=unit,
                sequence=sequence,
                **facts,
            )
        )

    def clock_read(self, local: datetime, *, synchronised: bool | None = None) -> None:
        """The device's clock showed `local` (naive) when the value was received."""
        self.transcriber.clock_read(local, utc=self.received_at, synchronised=synchronised)

    def describe(self, device: DeviceInfo) -> None:
        """What is known of the device from now on, for all sessions of the connection."""
        self.transcriber.device = self._device = device

    def note_user(self, user: int | None) -> None:
        """Say whose reading a shared device takes it for; an observation has no place for it."""
        if user is not None and user != UNKNOWN_USER:
            self.warn(f"a multi-user device: readings of user {user} are taken as the patient's")

    def record(self, number: int | None) -> None:
        """The value holds a stored record of this number; None where records have none."""
        self._records.append(number)

    def warn(self, *sentences: str) -> None:
        """Say what was odd; no measured value belongs in it."""
        self._warnings.extend(sentences)

    def finish(self) -> Transcript:
        """The transcript; every sentence once."""
        return Transcript(
            observations=tuple(self._observations),
            warnings=tuple(dict.fromkeys(self._warnings)),
            device=self._device,
            records=tuple(self._records),
        )

    def _facts(
        self, type_code: MdcCode, supplements: tuple[MdcCode, ...], duration_us: int = 0
    ) -> _Facts:
        device = self.transcriber.device.system_id
        observed_at = self._observed_at()
        identifies = self.stored or self._is_trusted
        named = name_reading(
            system_id=device,
            type_code=type_code,
            device_time=observed_at.device_time if identifies else None,
            stored=self.stored,
            received_at=self.received_at,
            report_counter=self._number,
            position=len(self._observations),
            duration_us=duration_us,
            supplements=supplements,
        )
        return _Facts(
            observation_id=named.observation_id,
            type=type_code,
            observed_at=observed_at,
            device=device,
            status=self.status,
            supplements=supplements,
            named_by=named.named_by,
        )

    def _observed_at(self) -> ObservedTime:
        link = self.transcriber
        is_old = self._is_old()
        is_known = self._is_trusted and not (is_old and link.clock_was_set)
        return observe(
            self._stamp,
            self._clock if is_known else None,
            received_at=self.received_at,
            stored=self.stored or is_old,
            oldest_live=link.oldest_live,
            zone=link.zone,
        )

    def _is_old(self) -> bool:
        """Whether the stamp is possible, but not for something measured just now."""
        if self._stamp is None or self._clock is None or not self._is_trusted:
            return False
        mapped = map_stamp(self._stamp, self._clock, zone=self.transcriber.zone)
        return (
            mapped is not None
            and is_possible(mapped, self.received_at, None)
            and not is_possible(mapped, self.received_at, self.transcriber.oldest_live)
        )
