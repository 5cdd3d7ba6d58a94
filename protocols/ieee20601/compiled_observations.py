"""Decoded values of a layout -> observations, equal to those of the interpreted path.

What is the same in every report is worked out once: types, units, identities without their
time, sample scales. A report then costs its times, its ids and the records themselves. Objects
that share a stamp, as they do in most reports, share its reading too.

    maker = ObservationMaker(layout, device)        DecodeError: leave it to the interpreted path
    values = maker.decode(event_info)               None: another shape
    observations = maker.observations(values, reception)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from operator import itemgetter
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime
from protocols.ieee20601.compiled_layouts import (
    Layout,
    Meanings,
    ReadingFields,
    Table,
    Value,
    Values,
    value_at,
)
from protocols.ieee20601.compiled_makers import MAKERS, Maker, type_of
from protocols.ieee20601.device_clock import Stamps, observe_time
from protocols.ieee20601.observation_cases import DIMENSIONLESS, NEED_UNIT
from protocols.ieee20601.reading_facts import duration_us_of, is_device_test, status_of
from protocols.ieee20601.reading_records import Reception
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import SystemId, UnitCode
from protocols.model.identifiers import Identity, Naming
from protocols.model.observation import Observation
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime

_MOST_QUANTITIES: Final = 1 << 12
"""How many quantities of one layout are kept made; those of one unit and form are kept together."""
_NUMBERS: Final = {
    at.NU_VAL_OBS_BASIC.attribute_id,
    at.NU_VAL_OBS_SIMP.attribute_id,
    at.NU_CMPD_VAL_OBS_BASIC.attribute_id,
    at.NU_CMPD_VAL_OBS_SIMP.attribute_id,
}


@dataclass(frozen=True, slots=True)
class _Stamping:
    """Where a reading's time stamps stand among the values; None for one it has not."""

    absolute: int | None
    base_offset: int | None
    relative: int | None
    high_resolution: int | None

    def read(self, values: Values) -> Stamps:
        """The stamps as their device wrote them."""
        base: BaseOffsetTime | None = None
        if self.base_offset is not None:
            places = range(self.base_offset, self.base_offset + 3)
            base = BaseOffsetTime(*(value_at(values, place, int) for place in places))
        return Stamps.of(
            absolute=(
                None
                if self.absolute is None
                else AbsoluteTime(value_at(values, self.absolute, bytes))
            ),
            base_offset=base,
            relative=None if self.relative is None else value_at(values, self.relative, int),
            high_resolution=(
                None
                if self.high_resolution is None
                else value_at(values, self.high_resolution, int)
            ),
        )

    @property
    def positions(self) -> tuple[int, ...]:
        """Every position that belongs to a stamp."""
        base = () if self.base_offset is None else range(self.base_offset, self.base_offset + 3)
        others = (self.absolute, self.relative, self.high_resolution)
        return (*(place for place in others if place is not None), *base)


@dataclass(frozen=True, slots=True)
class _Plan:
    """One object of the report: where its time and state are, and what to make of its values.

    `same_kinds_as_before`: its stamps are of the kinds of the reading's before it, so that equal
    octets mean the same time. `is_device_test` see `reading_facts`.
    """

    identity: Identity
    position: int
    stamping: _Stamping
    stamp_octets: Callable[[Values], object]
    same_kinds_as_before: bool
    status: int | None
    is_device_test: bool
    active: int | None
    makers: tuple[tuple[int, Maker], ...]


class ObservationMaker:
    """Makes the observations of one layout for one device."""

    def __init__(self, layout: Layout, device: SystemId) -> None:
        """DecodeError when samples do not say how they are to be read."""
        self.layout = _with_quantities(layout)
        plans: list[_Plan] = []
        for number, reading in enumerate(layout.readings, start=1):
            plans.append(_plan(reading, number, device, plans[-1] if plans else None))
        self._plans = tuple(plans)
        identities = {plan.identity for plan in plans if plan.makers}
        self._may_meet = len(identities) < sum(bool(plan.makers) for plan in plans)
        without = (item.subject.handle for item in layout.readings if _lacks_unit(item))
        self.without_unit: Final = tuple(dict.fromkeys(without))

    def observations(self, values: Values, reception: Reception) -> tuple[Observation, ...] | None:
        """The observations of one report in its order; `values` decoded by `self.layout`.

        None for a stamp that is no date and for samples with odd bits, for the interpreted path
        has the warning for them; and for two readings of one identity, which it tells apart.
        """
        received = ""
        counter = reception.report_counter << 16
        made: list[Observation] = []
        octets: object = None
        observed_at: ObservedTime | None = None
        stamped: DeviceTime | None = None
        for plan in self._plans:
            stamp = plan.stamp_octets(values)
            if observed_at is None or stamp != octets or not plan.same_kinds_as_before:
                octets = stamp
                stamps = plan.stamping.read(values)
                if stamps.absolute is None and plan.stamping.absolute is not None:
                    return None
                observed_at = observe_time(
                    stamps,
                    reception.clock,
                    received_at=reception.received_at,
                    stored=False,
                    oldest_live=reception.oldest_live,
                    zone=reception.zone,
                )
                stamped = observed_at.device_time
                if stamped is not None and stamped.is_relative:
                    stamped = None
            status = 0 if plan.status is None else value_at(values, plan.status, int)
            state = status_of(status, reception.test or plan.is_device_test)
            active = 0 if plan.active is None else _duration_us(values[plan.active])
            for own_us, make in plan.makers:
                duration_us = own_us or active
                if stamped is None:
                    received = received or reception.received_at.astimezone(UTC).isoformat()
                    named_by = Naming(reception.received_at, counter + plan.position)
                    identity = plan.identity.clockless(received, named_by.counter, duration_us)
                else:
                    named_by = None
                    identity = plan.identity.stamped(stamped, duration_us)
                observation = make(values, identity, named_by, observed_at, state)
                if observation is None:
                    return None
                made.append(observation)
        if self._may_meet and len({item.observation_id for item in made}) < len(made):
            return None
        return tuple(made)


def _duration_us(active: Value) -> int:
    return duration_us_of(active if isinstance(active, Decimal) else None)


def _no_stamp(_: Values) -> object:
    return None


def _plan(reading: ReadingFields, position: int, device: SystemId, before: _Plan | None) -> _Plan:
    subject = reading.subject
    places = {item.attribute_id: item.first for item in reading.fields}
    stamping = _Stamping(
        absolute=places.get(at.TIME_STAMP_ABS.attribute_id),
        base_offset=places.get(at.TIME_STAMP_BO.attribute_id),
        relative=places.get(at.TIME_STAMP_REL.attribute_id),
        high_resolution=places.get(at.TIME_STAMP_REL_HI_RES.attribute_id),
    )
    return _Plan(
        identity=Identity.of(device, type_of(reading), subject.supplements, apart=subject.apart),
        position=position,
        stamping=stamping,
        stamp_octets=itemgetter(*stamping.positions) if stamping.positions else _no_stamp,
        same_kinds_as_before=before is not None and _kinds(before.stamping) == _kinds(stamping),
        status=places.get(at.MSMT_STAT.attribute_id),
        is_device_test=is_device_test(type_of(reading)),
        active=places.get(at.TIME_PD_MSMT_ACTIVE.attribute_id),
        makers=tuple(_makers(reading, device)),
    )


def _kinds(stamping: _Stamping) -> tuple[bool, ...]:
    return tuple(
        place is not None
        for place in (
            stamping.absolute,
            stamping.base_offset,
            stamping.relative,
            stamping.high_resolution,
        )
    )


def _lacks_unit(reading: ReadingFields) -> bool:
    return reading.subject.unit is None and any(
        item.attribute_id in NEED_UNIT for item in reading.fields
    )


def _with_quantities(layout: Layout) -> Layout:
    """The same layout whose numbers come out with their unit."""
    units: dict[int, UnitCode] = {}
    for reading in layout.readings:
        for item in reading.fields:
            if item.attribute_id in _NUMBERS:
                places = range(item.first, item.first + item.count)
                units.update(dict.fromkeys(places, reading.subject.unit or DIMENSIONLESS))
    most = max(1, _MOST_QUANTITIES // max(1, len(set(units.values()))))
    made: dict[tuple[UnitCode, int], Table[Quantity]] = {}

    def choose(place: int, numbers: Meanings) -> Meanings:
        unit = units.get(place)
        if unit is None:
            return numbers
        return made.setdefault((unit, id(numbers)), _quantities(unit, numbers, most))

    return layout.with_tables(choose)


def _quantities(unit: UnitCode, numbers: Meanings, most: int) -> Table[Quantity]:
    def decode(raw: int) -> Quantity:
        number = numbers[raw]
        if isinstance(number, Decimal | SpecialValue):
            return Quantity(number, unit)
        raise AssertionError("a layout has units for numbers alone")

    return Table(decode, most)


def _makers(reading: ReadingFields, device: SystemId) -> Iterable[tuple[int, Maker]]:
    for item in reading.fields:
        found = MAKERS.get(item.attribute_id)
        if found is not None:
            yield found(reading, item, device)
