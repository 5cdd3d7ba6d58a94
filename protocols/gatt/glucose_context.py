"""Glucose Measurement Context of the Glucose Service (GLS 1.0.1, 3.2).

Meal, medicine, exercise and health around one measurement, which has the same sequence number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from protocols.gatt import glucose_terms as terms
from protocols.gatt.base import Characteristic, Property
from protocols.gatt.fields import FieldReader, FieldWriter
from protocols.gatt.glucose_measurement import shifted
from protocols.gatt.transcriber import Draft
from protocols.gatt.uuids import assigned_uuid
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature import units

_CARBOHYDRATE: Final = 0x01
_MEAL: Final = 0x02
_TESTER_HEALTH: Final = 0x04
_EXERCISE: Final = 0x08
_MEDICATION: Final = 0x10
_LITRES: Final = 0x20
_HBA1C: Final = 0x40
_EXTENDED: Final = 0x80

_NOT_AVAILABLE: Final = 15
_DURATION_OVERRUN: Final = 0xFFFF
_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Carbohydrate:
    """What was eaten: a code of the kind of meal and kilograms of carbohydrate."""

    kind: int
    kilograms: Number


@dataclass(frozen=True, slots=True)
class Exercise:
    """`seconds` of exercise (65535: longer than can be said) at `percent` intensity."""

    seconds: int
    percent: int


@dataclass(frozen=True, slots=True)
class Medication:
    """What was taken: a code of the insulin and its amount, in litres or kilograms."""

    kind: int
    amount: Number
    in_litres: bool

    @property
    def unit(self) -> UnitCode:
        """The unit of `amount`."""
        return units.LITRES if self.in_litres else units.KILOGRAMS


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseContext:
    """The context of the measurement with this sequence number. None for what was not sent.

    `extended_flags` are reserved bits, kept as they came; codes too. `hba1c` in %.
    """

    sequence_number: int
    extended_flags: int | None = None
    carbohydrate: Carbohydrate | None = None
    meal: int | None = None
    tester: int | None = None
    health: int | None = None
    exercise: Exercise | None = None
    medication: Medication | None = None
    hba1c: Number | None = None


def _read(reader: FieldReader) -> GlucoseContext:
    flags = reader.u8()
    sequence_number = reader.u16()
    extended = reader.u8() if flags & _EXTENDED else None
    carbohydrate = Carbohydrate(reader.u8(), reader.sfloat()) if flags & _CARBOHYDRATE else None
    meal = reader.u8() if flags & _MEAL else None
    people = reader.u8() if flags & _TESTER_HEALTH else None
    return GlucoseContext(
        sequence_number=sequence_number,
        extended_flags=extended,
        carbohydrate=carbohydrate,
        meal=meal,
        tester=None if people is None else people & 0x0F,
        health=None if people is None else people >> 4,
        exercise=Exercise(reader.u16(), reader.u8()) if flags & _EXERCISE else None,
        medication=_read_medication(flags, reader) if flags & _MEDICATION else None,
        hba1c=reader.sfloat() if flags & _HBA1C else None,
    )


def _read_medication(flags: int, reader: FieldReader) -> Medication:
    return Medication(reader.u8(), reader.sfloat(), bool(flags & _LITRES))


def _write(record: GlucoseContext, writer: FieldWriter) -> None:
    medication = record.medication
    has_people = record.tester is not None or record.health is not None
    writer.u8(
        (_CARBOHYDRATE if record.carbohydrate is not None else 0)
        | (_MEAL if record.meal is not None else 0)
        | (_TESTER_HEALTH if has_people else 0)
        | (_EXERCISE if record.exercise is not None else 0)
        | (_MEDICATION if medication is not None else 0)
        | (_LITRES if medication is not None and medication.in_litres else 0)
        | (_HBA1C if record.hba1c is not None else 0)
        | (_EXTENDED if record.extended_flags is not None else 0)
    )
    writer.u16(record.sequence_number)
    if record.extended_flags is not None:
        writer.u8(record.extended_flags)
    if record.carbohydrate is not None:
        writer.u8(record.carbohydrate.kind)
        writer.sfloat(record.carbohydrate.kilograms)
    if record.meal is not None:
        writer.u8(record.meal)
    if has_people:
        writer.u8((record.health or 0) << 4 | (record.tester or 0))
    _write_rest(record, writer)


def _write_rest(record: GlucoseContext, writer: FieldWriter) -> None:
    if record.exercise is not None:
        writer.u16(record.exercise.seconds)
        writer.u8(record.exercise.percent)
    if record.medication is not None:
        writer.u8(record.medication.kind)
        writer.sfloat(record.medication.amount)
    if record.hba1c is not None:
        writer.sfloat(record.hba1c)


def transcribe_context(record: GlucoseContext, draft: Draft) -> None:
    """The observations of a context; the draft already has the measurement's time."""
    _add_carbohydrate(record, draft)
    _add_code(terms.MEAL, terms.MEALS, record.meal, "meal", draft)
    _add_code(terms.TESTER, terms.TESTERS, record.tester, "tester", draft)
    _add_code(terms.HEALTH, terms.HEALTHS, record.health, "health", draft)
    _add_exercise(record, draft)
    _add_medication(record, draft)
    if record.hba1c is not None:
        draft.number(terms.HBA1C, record.hba1c, units.PERCENT)


def _add_code(
    subject: MdcCode, codes: Mapping[int, MdcCode], code: int | None, name: str, draft: Draft
) -> None:
    found = codes.get(code or 0)
    if found is not None:
        draft.code(subject, found)
    elif code not in (None, 0, _NOT_AVAILABLE):
        draft.warn(f"a glucose context with a reserved {name}")


def _add_carbohydrate(record: GlucoseContext, draft: Draft) -> None:
    carbohydrate = record.carbohydrate
    if carbohydrate is None:
        return
    code = terms.CARBOHYDRATES.get(carbohydrate.kind)
    if code is None:
        draft.warn("a glucose context with a reserved carbohydrate")
        return
    draft.number(code, shifted(carbohydrate.kilograms, 3), terms.GRAMS)


def _add_exercise(record: GlucoseContext, draft: Draft) -> None:
    exercise = record.exercise
    if exercise is None:
        return
    overrun = exercise.seconds == _DURATION_OVERRUN
    if overrun:
        draft.warn("an exercise longer than the meter can say")
    draft.number(
        terms.EXERCISE,
        Decimal(exercise.percent),
        units.PERCENT,
        duration_us=0 if overrun else exercise.seconds * _MICROSECONDS,
    )


def _add_medication(record: GlucoseContext, draft: Draft) -> None:
    medication = record.medication
    if medication is None:
        return
    code = terms.MEDICATIONS.get(medication.kind)
    if code is None:
        draft.warn("a glucose context with a reserved medication")
    elif medication.in_litres:
        draft.number(code, shifted(medication.amount, 3), units.MILLILITRES)
    else:
        draft.number(code, shifted(medication.amount, 6), units.MILLIGRAMS)


CONTEXT: Final = Characteristic(
    uuid=assigned_uuid(0x2A34),
    name="Glucose Measurement Context",
    properties=Property.NOTIFY,
    clause="GLS 1.0.1, 3.2, Glucose Measurement Context",
    read=_read,
    write=_write,
    transcribe=transcribe_context,
    decode_as=("glucose_context",),
)
