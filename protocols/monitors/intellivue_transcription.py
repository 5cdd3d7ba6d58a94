"""IntelliVue's polled objects -> observations: what was measured, in which unit, when.

Terms are those of 10101: what is measured in partition 2, units in partition 4; Philips' own lie
above 0xF000 and survive as numbers. Labels, layouts and scales come with an object's first result
and are kept for the later ones. A measurement that carries its own time (a cuff reading) is told
once, though the monitor shows it until the next.

Patient demographics are never asked for and never read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_values import SampleSpecification, ScaleAndRange
from protocols.ieee20601.sample_arrays import SampleDecoder
from protocols.mder.times import ABSOLUTE_TIME_OCTETS, TICK_US, AbsoluteTime
from protocols.model.clock_mapping import ClockFacts, Coincident, DeviceStamp, Timeline, observe
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import Named, name_reading
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime
from protocols.monitors.intellivue_pdus import CLAUSE, MdsCreate, PolledObject, PollResult
from protocols.monitors.octets import OctetReader

_LABEL, _MODEL, _PRODUCTION, _SYSTEM_ID = 0x0924, 0x0928, 0x092D, 0x0984
_NUMERIC, _COMPOUND_NUMERIC = 0x0950, 0x094B
_SAMPLES, _COMPOUND_SAMPLES, _SAMPLE_LAYOUT, _SCALE = 0x096E, 0x0967, 0x096D, 0x096F
_SAMPLE_PERIOD, _UNIT, _STAMP, _LOCAL_TIME, _TICKS = 0x098D, 0x0996, 0x0990, 0x0987, 0x098F
_SERIAL_NUMBER, _SOFTWARE_REVISION = 1, 4
_KEPT: Final = frozenset({_LABEL, _SAMPLE_LAYOUT, _SCALE, _SAMPLE_PERIOD, _UNIT})
_PARTITION: Final = 2
_STATUS: Final = sum(status.value for status in MeasurementStatus)
_MOST_OBJECTS: Final = 1024
_MANUFACTURER: Final = "Philips"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one result says, and what was wrong with it."""

    observations: tuple[Observation, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """One observed number."""

    type: MdcCode
    status: MeasurementStatus
    quantity: Quantity


def describe(event: MdsCreate) -> DeviceInfo:
    """Who the monitor says it is; DecodeError without an identity."""
    identity = event.attributes.get(_SYSTEM_ID)
    if identity is None:
        raise DecodeError("the MDS names no system id", clause=CLAUSE)
    texts = {_MODEL: b"", _PRODUCTION: b""} | event.attributes
    maker, model = _texts(texts[_MODEL], 2)
    parts = _production(texts[_PRODUCTION])
    return DeviceInfo(
        system_id=SystemId(OctetReader(identity, clause=CLAUSE).sized().rest()),
        manufacturer=maker or _MANUFACTURER,
        model=model,
        serial_number=parts.get(_SERIAL_NUMBER, ""),
        software=parts.get(_SOFTWARE_REVISION, ""),
    )


def _texts(octets: bytes, count: int) -> list[str]:
    reader = OctetReader(octets, clause=CLAUSE)
    return [_text(reader) if reader.left else "" for _ in range(count)]


def _text(reader: OctetReader) -> str:
    return reader.sized().rest().decode("ascii", "replace").strip("\0 ")


def _production(octets: bytes) -> dict[int, str]:
    """The first text of each kind."""
    found: dict[int, str] = {}
    if octets:
        count, entries = OctetReader(octets, clause=CLAUSE).counted()
        for _ in range(count):
            kind = entries.u16()
            entries.u16()
            found.setdefault(kind, _text(entries))
    return found


@dataclass(slots=True)
class Transcriber:
    """One association's memory: the clock, and what each object said of itself."""

    device: SystemId
    _clocks: tuple[ClockFacts | None, ClockFacts]
    _objects: dict[tuple[int, int], dict[int, bytes]] = field(default_factory=dict)
    _told: dict[tuple[int, int], bytes] = field(default_factory=dict)
    _results: int = 0

    @classmethod
    def begin(cls, event: MdsCreate, device: SystemId, *, utc: datetime) -> Transcriber:
        """With both clocks of the monitor read at `utc` (aware)."""
        local = None
        octets = event.attributes.get(_LOCAL_TIME, b"")
        at = AbsoluteTime(octets).at if len(octets) == ABSOLUTE_TIME_OCTETS else None
        if at is not None:
            local = ClockFacts(
                timeline=Timeline.LOCAL, coincident=Coincident(device=at, gateway=utc)
            )
        ticks = ClockFacts(
            timeline=Timeline.TICK, coincident=Coincident(device=event.event_ticks, gateway=utc)
        )
        return cls(device, (local, ticks))

    def transcribe(self, result: PollResult, *, utc: datetime) -> Transcript:
        """What a result that arrived at `utc` (aware) says; nothing in it raises."""
        self._results += 1
        stamp = DeviceStamp.of_ticks(result.ticks)
        at = observe(stamp, self._clocks[1], received_at=utc, stored=False)
        draft = _Draft(self.device, at, utc, self._results)
        for polled in result.objects:
            try:
                self._read(polled, draft)
            except DecodeError as exc:
                draft.notes.append(f"object {polled.context}:{polled.handle}: {exc}")
        return Transcript(tuple(draft.observations), tuple(draft.notes))

    def _read(self, polled: PolledObject, draft: _Draft) -> None:
        attributes, known = polled.attributes, self._remember(polled)
        own = attributes.get(_STAMP)
        if own is not None:
            key = (polled.context, polled.handle)
            if self._told.get(key) == own:
                return
            self._told[key] = own
        at = self._own_time(own, draft)
        if _NUMERIC in attributes:
            draft.add_numeric(_value(OctetReader(attributes[_NUMERIC], clause=CLAUSE)), at)
        if _COMPOUND_NUMERIC in attributes:
            draft.add_compound(_label(known), _numerics(attributes[_COMPOUND_NUMERIC]), at)
        if _SAMPLES in attributes:
            draft.add_wave(OctetReader(attributes[_SAMPLES], clause=CLAUSE), known)
        if _COMPOUND_SAMPLES in attributes:
            count, waves = OctetReader(attributes[_COMPOUND_SAMPLES], clause=CLAUSE).counted()
            for _ in range(count):
                draft.add_wave(waves, known)

    def _remember(self, polled: PolledObject) -> dict[int, bytes]:
        key = (polled.context, polled.handle)
        if key not in self._objects and len(self._objects) >= _MOST_OBJECTS:
            raise DecodeError("more objects than can be remembered", clause=CLAUSE)
        known = self._objects.setdefault(key, {})
        known.update((code, polled.attributes[code]) for code in _KEPT & polled.attributes.keys())
        return known

    def _own_time(self, own: bytes | None, draft: _Draft) -> ObservedTime:
        """The measurement's own local time where it carries one, else the result's."""
        local = None if own is None else AbsoluteTime(own).at
        if local is None:
            return draft.at
        stamp = DeviceStamp.of_local(local)
        return observe(stamp, self._clocks[0], received_at=draft.utc, stored=False)


@dataclass(slots=True)
class _Draft:
    """The observations of one result while it is read."""

    device: SystemId
    at: ObservedTime
    utc: datetime
    result: int
    observations: list[Observation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add_numeric(self, value: _Value, at: ObservedTime) -> None:
        """One number."""
        identity, named_by = self._name(value.type, at)
        self.observations.append(
            NumericObservation(
                observation_id=identity,
                named_by=named_by,
                type=value.type,
                observed_at=at,
                device=self.device,
                status=value.status,
                value=value.quantity,
            )
        )

    def add_compound(
        self, label: MdcCode | None, values: tuple[_Value, ...], at: ObservedTime
    ) -> None:
        """Numbers that belong together; each for itself where the object has no label yet."""
        if label is None:
            for value in values:
                self.add_numeric(value, at)
            return
        status = MeasurementStatus.VALID
        for value in values:
            status |= value.status
        identity, named_by = self._name(label, at)
        self.observations.append(
            CompoundNumericObservation(
                observation_id=identity,
                named_by=named_by,
                type=label,
                observed_at=at,
                device=self.device,
                status=status,
                components=tuple((value.type, value.quantity) for value in values),
            )
        )

    def add_wave(self, reader: OctetReader, known: dict[int, bytes]) -> None:
        """A stretch of samples; DecodeError until layout, scale and period of it are known."""
        type_code, status = MdcCode(_PARTITION, reader.u16()), _status(reader.u16())
        octets = reader.sized().rest()
        layout, scale, period, unit = _wave_facts(known)
        announced = layout.count * period * TICK_US
        count = len(octets) // max(1, layout.sample_octets)
        if not count or announced % count:
            raise DecodeError("the samples do not fit their layout", clause=CLAUSE)
        # A monitor may send fewer samples than announced for the same stretch of time.
        sent = SampleSpecification(count, layout.bits, layout.significant, layout.flags)
        samples = SampleDecoder(sent, scale).decode(octets)
        identity, named_by = self._name(type_code, self.at, announced)
        self.observations.append(
            SampleArrayObservation(
                observation_id=identity,
                named_by=named_by,
                type=type_code,
                observed_at=self.at,
                device=self.device,
                status=status,
                samples=samples.octets,
                scale=samples.scale,
                offset=samples.offset,
                period_us=announced // count,
                unit=unit,
            )
        )

    def _name(self, type_code: MdcCode, at: ObservedTime, duration_us: int = 0) -> Named:
        return name_reading(
            system_id=self.device,
            type_code=type_code,
            device_time=at.device_time,
            stored=False,
            received_at=self.utc,
            report_counter=self.result,
            position=len(self.observations),
            duration_us=duration_us,
        )


def _value(reader: OctetReader) -> _Value:
    type_code, status = MdcCode(_PARTITION, reader.u16()), _status(reader.u16())
    unit = UnitCode(reader.u16())
    return _Value(type_code, status, Quantity(reader.number(), unit))


def _numerics(octets: bytes) -> tuple[_Value, ...]:
    count, values = OctetReader(octets, clause=CLAUSE).counted()
    return tuple(_value(values) for _ in range(count))


def _status(bits: int) -> MeasurementStatus:
    """The bits 20601 shares; those about alarms say nothing of the value."""
    return MeasurementStatus(bits & _STATUS)


def _label(known: dict[int, bytes]) -> MdcCode | None:
    octets = known.get(_LABEL)
    if octets is None:
        return None
    return MdcCode.from_cf_code(OctetReader(octets, clause=CLAUSE).u32())


def _wave_facts(
    known: dict[int, bytes],
) -> tuple[SampleSpecification, ScaleAndRange, int, UnitCode]:
    if missing := {_SAMPLE_LAYOUT, _SCALE, _SAMPLE_PERIOD, _UNIT} - known.keys():
        raise DecodeError(f"samples without attribute {min(missing):#06x}", clause=CLAUSE)
    layout, scale, period, unit = (
        OctetReader(known[code], clause=CLAUSE)
        for code in (_SAMPLE_LAYOUT, _SCALE, _SAMPLE_PERIOD, _UNIT)
    )
    return (
        SampleSpecification(layout.u16(), layout.u8(), layout.u8(), layout.u16()),
        ScaleAndRange(scale.number(), scale.number(), scale.u16(), scale.u16()),
        period.u32(),
        UnitCode(unit.u16()),
    )
