"""What every simulated device is: an identity, a clock of its own, and reports on a schedule."""

from __future__ import annotations

import heapq
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from protocols.ieee20601.agent_store import AgentStore
from protocols.ieee20601.configuration import Configuration
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import observation_id
from protocols.model.observation import (
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.specializations.base import Specialization
from simulators.patient.vital_signs import Patient

_RIGHT_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NONE: Final = timedelta(0)


class Form(Enum):
    """The shape of a report on the wire (20601 scan reports)."""

    FIXED = "fixed"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class Reading:
    """One measurement of the object with this handle."""

    handle: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class Report:
    """What a device sends in one go, `due` seconds into the patient's time.

    A `live` report is sent unconfirmed and never again; any other is kept until the manager
    has confirmed it.
    """

    due: float
    form: Form
    live: bool
    readings: tuple[Reading, ...]

    @property
    def ids(self) -> tuple[UUID, ...]:
        """The readings' ids."""
        return tuple(reading.observation.observation_id for reading in self.readings)


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """A device's own clock: how far its face is ahead of UTC, zone and error together.

    It runs `drift_ppm` millionths too fast, and was exactly so far ahead at `right_at` (aware).
    """

    ahead: timedelta
    drift_ppm: float = 0.0
    right_at: datetime = _RIGHT_AT

    def local(self, utc: datetime) -> datetime:
        """The naive local time it shows at `utc`, hundredths of a second."""
        drifted = (utc - self.right_at) * (self.drift_ppm / 1_000_000) if self.drift_ppm else _NONE
        shown = (utc + self.ahead + drifted).replace(tzinfo=None)
        return shown.replace(microsecond=shown.microsecond // 10_000 * 10_000)


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """What is printed on the back, and the class the device is enrolled under.

    `device_class` is None for a kind of device the cloud has no class for.
    """

    name: str
    device_class: str | None
    info: DeviceInfo
    clock: DeviceClock


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment as device `identity` writes it down."""

    identity: DeviceIdentity
    utc: datetime

    @property
    def system_id(self) -> SystemId:
        """Whose moment it is."""
        return self.identity.info.system_id

    @property
    def device_time(self) -> DeviceTime:
        """The device's own stamp."""
        return DeviceTime.absolute(self.identity.clock.local(self.utc))

    @property
    def observed_at(self) -> ObservedTime:
        """The true time with the device's stamp."""
        return ObservedTime(self.utc, TimeQuality.DEVICE, self.device_time)

    def identify(
        self, type_code: MdcCode, *, duration_us: int = 0, supplements: tuple[MdcCode, ...] = ()
    ) -> UUID:
        """The id of a measurement of this type at this moment."""
        return observation_id(
            system_id=self.system_id,
            type_code=type_code,
            device_time=self.device_time,
            duration_us=duration_us,
            supplements=supplements,
        )


class SimulatedDevice(ABC):
    """One device at one patient. Subclasses say which streams of reports it has.

    `clock_can_be_set`: it asks its manager for the time (Set-Time).
    `stores`: its PM-stores; what they hold outlives every association.
    """

    def __init__(
        self, identity: DeviceIdentity, configuration: Configuration, patient: Patient
    ) -> None:
        self.identity = identity
        self.configuration = configuration
        self.patient = patient
        self.clock_can_be_set = False
        self.stores: tuple[AgentStore, ...] = ()

    @property
    def name(self) -> str:
        """The registry's name."""
        return self.identity.name

    def set_clock(self, clock: DeviceClock) -> None:
        """Show another time from now on; what is written down keeps its stamp."""
        self.identity = replace(self.identity, clock=clock)

    def reports(self, start_at: datetime) -> Iterator[Report]:
        """Everything it reports, in the order it falls due; patient time 0 is `start_at` (UTC).

        Between two patients of a shift nobody is measured: those reports have no readings.
        """
        for report in heapq.merge(*self.streams(start_at), key=lambda report: report.due):
            is_about_somebody = self._has_patient(report, start_at)
            yield report if is_about_somebody else replace(report, readings=())

    def _has_patient(self, report: Report, start_at: datetime) -> bool:
        """Whether one patient was there from the first sample of a report to its end."""
        if len(self.patient.calls) == 1 and self.patient.is_on_board(0.0):
            return True
        begun = min(reading.observation.observed_at.at for reading in report.readings)
        since = self.patient.stretch_at((begun - start_at).total_seconds())
        return since.is_somebody and self.patient.is_on_board(report.due)

    @abstractmethod
    def streams(self, start_at: datetime) -> Iterable[Iterator[Report]]:
        """One endless or finite stream per kind of report, each in time order."""

    def stamp(self, start_at: datetime, t: float) -> Stamp:
        """The moment `t` seconds into the patient's time."""
        return Stamp(self.identity, start_at + timedelta(milliseconds=round(t * 1000)))


def identify(
    number: int, model: str, serial_number: str, specialization: Specialization
) -> DeviceInfo:
    """What is printed on a device of this kind; `number` tells its System-Id from the others."""
    return DeviceInfo(
        system_id=SystemId.parse(f"0A4D5600{number:08X}"),
        manufacturer="Vitalwire Simulators",
        model=model,
        serial_number=serial_number,
        firmware="1.0.0",
        specializations=specialization.type_versions,
    )


def measured(value: int | Decimal | None) -> Decimal | SpecialValue:
    """A measured number, or NaN where there was nothing to measure."""
    return SpecialValue.NAN if value is None else Decimal(value)


def numeric(
    stamp: Stamp, type_code: MdcCode, value: int | Decimal | None, unit: UnitCode
) -> Observation:
    """A numeric reading."""
    return NumericObservation(
        observation_id=stamp.identify(type_code),
        type=type_code,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        value=Quantity(measured(value), unit),
    )


def compound(
    stamp: Stamp, type_code: MdcCode, parts: Iterable[tuple[MdcCode, int | None]], unit: UnitCode
) -> Observation:
    """A compound reading with one unit for all its parts."""
    return CompoundNumericObservation(
        observation_id=stamp.identify(type_code),
        type=type_code,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        components=tuple((code, Quantity(measured(value), unit)) for code, value in parts),
    )


def coded(stamp: Stamp, type_code: MdcCode, value: MdcCode) -> Observation:
    """A coded finding."""
    return CodedObservation(
        observation_id=stamp.identify(type_code),
        type=type_code,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        value=value,
    )


def text(stamp: Stamp, type_code: MdcCode, words: str) -> Observation:
    """A finding in words."""
    return TextObservation(
        observation_id=stamp.identify(type_code),
        type=type_code,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        text=words,
    )


def every(seconds: float, *, first: float = 0.0) -> Iterator[float]:
    """The moments first, first + seconds, ... without adding up rounding errors."""
    count = 0
    while True:
        yield round(first + count * seconds, 3)
        count += 1
