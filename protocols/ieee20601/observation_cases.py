"""One decoded value on its way to an observation, and the makers: attribute -> observation.

Identity: see `model.identifiers.name_reading`. Nothing a device says tells one run of its tick
counter from the next, so live readings with ticks alone are identified like those of a device
without a clock. The price: one that is sent again in a later association counts twice. The tick
is kept in the stamp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Generic, TypedDict, TypeVar
from uuid import UUID

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BatteryMeasure,
    EnumChoice,
    ObservedEnumeration,
    ObservedNumber,
)
from protocols.ieee20601.attributes import Attribute, find_readable
from protocols.ieee20601.device_clock import observe_time, read_stamps
from protocols.ieee20601.reading_facts import duration_us_of, is_device_test, status_of
from protocols.ieee20601.reading_records import Reading, Reception
from protocols.ieee20601.sample_arrays import SampleDecoder, sample_period_us
from protocols.ieee20601.tolerances import MISSING_UNIT, NON_SIGNIFICANT_BITS
from protocols.mder.numbers import Number
from protocols.mder.sequences import text_of
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Naming, name_reading
from protocols.model.observation import (
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

DIMENSIONLESS: Final = UnitCode(512)
_PERCENT: Final = UnitCode(544)

T = TypeVar("T")


class _Facts(TypedDict):
    """The fields all observations share."""

    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId
    status: MeasurementStatus
    supplements: tuple[MdcCode, ...]
    named_by: Naming | None


@dataclass(frozen=True, slots=True)
class Case(Generic[T]):
    """One decoded value on its way to an observation."""

    value: T
    type: MdcCode
    reading: Reading
    reception: Reception
    notes: list[str]

    @property
    def unit(self) -> UnitCode:
        """The object's unit, dimensionless without one; DecodeError where that is not forgiven."""
        # 20601 6.3.4, Unit-Code: an object without one is dimensionless. What it measures may
        # suggest a unit; it is not ours to guess. `lacks_unit` lets the manager say so.
        unit = self.reading.subject.unit
        if unit is None and not self.reception.tolerances.allow(MISSING_UNIT):
            raise DecodeError("no unit is named", clause=MISSING_UNIT.clause)
        return unit or DIMENSIONLESS

    def facts(
        self, *, type_code: MdcCode | None = None, duration_us: int = 0, status: int | None = None
    ) -> _Facts:
        """Identity, time and status."""
        reception, reading = self.reception, self.reading
        type_code = type_code or self.type
        duration_us = duration_us or self._duration_us()
        supplements = reading.subject.supplements
        stamps = read_stamps(reading.values, self.notes, reception.tolerances)
        observed_at = observe_time(
            stamps,
            reception.clock,
            received_at=reception.received_at,
            stored=reading.stored,
            oldest_live=reception.oldest_live,
            zone=reception.zone,
            adjustment=reading.adjustment,
        )
        named = name_reading(
            system_id=reception.device,
            type_code=type_code,
            device_time=observed_at.device_time,
            stored=reading.stored,
            received_at=reception.received_at,
            report_counter=reception.report_counter,
            position=reading.position,
            duration_us=duration_us,
            supplements=supplements,
            apart=reading.apart,
        )
        return _Facts(
            observation_id=named.observation_id,
            type=type_code,
            observed_at=observed_at,
            device=reception.device,
            status=self._status(status, type_code),
            supplements=supplements,
            named_by=named.named_by,
        )

    def _status(self, own: int | None, type_code: MdcCode) -> MeasurementStatus:
        bits = find_readable(self.reading.values, at.MSMT_STAT, self.notes) if own is None else own
        return status_of(bits or 0, self.reception.test or is_device_test(type_code))

    def _duration_us(self) -> int:
        return duration_us_of(
            find_readable(self.reading.values, at.TIME_PD_MSMT_ACTIVE, self.notes)
        )


def _number(case: Case[Number]) -> Observation:
    return NumericObservation(value=Quantity(case.value, case.unit), **case.facts())


def _compound(case: Case[tuple[Number, ...]]) -> Observation:
    values = case.value
    parts = case.reading.subject.parts
    if len(values) != len(parts):
        raise DecodeError(f"{len(values)} values for {len(parts)} components", clause="20601 6.3.4")
    unit = case.unit
    return CompoundNumericObservation(
        components=tuple(
            (part, Quantity(value, unit)) for part, value in zip(parts, values, strict=True)
        ),
        **case.facts(),
    )


def _observed_number(case: Case[ObservedNumber]) -> Observation:
    value = case.value
    type_code = MdcCode(case.type.partition, value.metric) if value.metric else case.type
    return NumericObservation(
        value=Quantity(value.value, value.unit),
        **case.facts(type_code=type_code, status=value.status),
    )


def _observed_numbers(case: Case[tuple[ObservedNumber, ...]]) -> Observation:
    values = case.value
    status = 0
    for value in values:
        status |= value.status
    return CompoundNumericObservation(
        components=tuple(
            (MdcCode(case.type.partition, value.metric), Quantity(value.value, value.unit))
            for value in values
        ),
        **case.facts(status=status),
    )


def _code(case: Case[int]) -> Observation:
    # 20601 6.3.6: without its own partition a code belongs to that of the object's type.
    partition = case.reading.subject.enumeration_partition
    code = MdcCode(case.type.partition if partition is None else partition, case.value)
    return CodedObservation(value=code, **case.facts())


def _text(case: Case[bytes]) -> Observation:
    return TextObservation(text=text_of(case.value), **case.facts())


def _bits_16(case: Case[int]) -> Observation:
    return BitsObservation(bits=case.value, width=16, **case.facts())


def _bits_32(case: Case[int]) -> Observation:
    return BitsObservation(bits=case.value, width=32, **case.facts())


def _observed_enumeration(case: Case[ObservedEnumeration]) -> Observation:
    value = case.value
    status = value.status
    match value.choice, len(value.octets):
        case EnumChoice.CODE, 2:
            partition = case.reading.subject.enumeration_partition
            code = MdcCode(
                case.type.partition if partition is None else partition,
                int.from_bytes(value.octets, "big"),
            )
            return CodedObservation(value=code, **case.facts(status=status))
        case EnumChoice.BITS, 4:
            bits = int.from_bytes(value.octets, "big")
            return BitsObservation(bits=bits, width=32, **case.facts(status=status))
        case EnumChoice.TEXT, length if length >= 2:
            # An OCTET STRING inside ANY: its own length stands before the text.
            return TextObservation(text=text_of(value.octets[2:]), **case.facts(status=status))
    raise DecodeError(f"an enumeration of choice {value.choice}", clause="20601 EnumVal")


def _samples(case: Case[bytes]) -> Observation:
    subject = case.reading.subject
    decoder = SampleDecoder(subject.samples, subject.scale)
    samples = decoder.decode(case.value)
    period_us = sample_period_us(subject.period_ticks)
    if samples.has_odd_bits:
        case.reception.tolerances.forgive(NON_SIGNIFICANT_BITS, case.notes, handle=subject.handle)
    return SampleArrayObservation(
        samples=samples.octets,
        scale=samples.scale,
        offset=samples.offset,
        period_us=period_us,
        unit=case.unit,
        sequence=case.reading.sequence,
        **case.facts(duration_us=decoder.count * period_us),
    )


def _battery_level(case: Case[int]) -> Observation:
    return NumericObservation(value=Quantity(Decimal(case.value), _PERCENT), **case.facts())


def _battery_time(case: Case[BatteryMeasure]) -> Observation:
    measure = case.value
    return NumericObservation(value=Quantity(measure.value, measure.unit), **case.facts())


NEED_UNIT: Final = {
    at.NU_VAL_OBS_SIMP.attribute_id,
    at.NU_VAL_OBS_BASIC.attribute_id,
    at.NU_CMPD_VAL_OBS_SIMP.attribute_id,
    at.NU_CMPD_VAL_OBS_BASIC.attribute_id,
    at.SIMP_SA_OBS_VAL.attribute_id,
}
Maker = Callable[[bytes, MdcCode, Reading, Reception, list[str]], Observation]
"""From an attribute's octets and the object's type to the observation; DecodeError for none."""


def _maker(kind: Attribute[T], make: Callable[[Case[T]], Observation]) -> tuple[int, Maker]:
    """An attribute's code, and what makes an observation of its octets."""

    def made(
        octets: bytes, type_code: MdcCode, reading: Reading, reception: Reception, notes: list[str]
    ) -> Observation:
        return make(Case(kind.decode(octets), type_code, reading, reception, notes))

    return kind.attribute_id, made


MAKERS: Final[dict[int, Maker]] = dict(
    (
        _maker(at.NU_VAL_OBS_SIMP, _number),
        _maker(at.NU_VAL_OBS_BASIC, _number),
        _maker(at.NU_VAL_OBS, _observed_number),
        _maker(at.NU_CMPD_VAL_OBS_SIMP, _compound),
        _maker(at.NU_CMPD_VAL_OBS_BASIC, _compound),
        _maker(at.NU_CMPD_VAL_OBS, _observed_numbers),
        _maker(at.ENUM_OBS_VAL_SIMP_OID, _code),
        _maker(at.ENUM_OBS_VAL_SIMP_STR, _text),
        _maker(at.ENUM_OBS_VAL_SIMP_BIT_STR, _bits_32),
        _maker(at.ENUM_OBS_VAL_BASIC_BIT_STR, _bits_16),
        _maker(at.VAL_ENUM_OBS, _observed_enumeration),
        _maker(at.SIMP_SA_OBS_VAL, _samples),
        _maker(at.VAL_BATT_CHARGE, _battery_level),
        _maker(at.TIME_BATT_REMAIN, _battery_time),
        _maker(at.POWER_STAT, _bits_16),
    )
)
