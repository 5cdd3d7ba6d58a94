"""Scan reports of one shape as one `struct.Struct`: what is constant, what is a value.

A shape is the sequence of objects in a fixed report, or the number of groups in a grouped one.
Everything in it but the values is known before: counts, lengths, handles, inner lengths. They
are read as one run of octets each and compared, never believed.

    layout = fixed_layout([object_1, object_10])       None: only the interpreted path can read it
    values = layout.decode(event_info)                 None: the octets have another shape
    values                                             (data_req_id, scan_report_no, value, ...)

Numbers are exact: `Decimal` with the exponent sent, or a `SpecialValue`. An absolute time stays
its eight octets, samples stay as sent, codes, bits and ticks are integers. `layout.readings` says
which position is what.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Final, TypeVar

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.attribute_values import ValueMapEntry, map_octets
from protocols.ieee20601.objects import ConfiguredObject
from protocols.ieee20601.observation_cases import MAKERS
from protocols.ieee20601.readings import DESCRIBING
from protocols.mder.numbers import Number, float_from_raw, sfloat_from_raw
from protocols.model.quantity import Quantity

Value = int | bytes | Number | Quantity
Values = tuple[Value, ...]
"""data-req-id, scan-report-no, then the values; what each is says its `ValueField`."""
Meanings = Mapping[int, Value]
"""Raw codes -> what they mean, as `Table` works it out."""
K = TypeVar("K", int, bytes, Quantity)
_MOST_NUMBERS: Final = 1 << 16
_HEAD: Final = "HH"
"""data-req-id and scan-report-no: the two fields before the list."""


T = TypeVar("T")


def value_at(values: Values, place: int, kind: type[K]) -> K:
    """The value at a place; AssertionError for one of another kind, which no layout has there."""
    value = values[place]
    if isinstance(value, kind):
        return value
    raise AssertionError(f"a layout has no {kind.__name__} at its place {place}")


class Table(dict[int, T]):
    """Raw codes -> what they mean, worked out once each; emptied when it has `most` of them."""

    def __init__(self, decode: Callable[[int], T], most: int = _MOST_NUMBERS) -> None:
        super().__init__()
        self._decode = decode
        self._most = most

    def __missing__(self, raw: int) -> T:
        if len(self) >= self._most:
            self.clear()
        meaning = self[raw] = self._decode(raw)
        return meaning


SFLOATS: Final[Table[Number]] = Table(sfloat_from_raw)
FLOATS: Final[Table[Number]] = Table(float_from_raw)


@dataclass(frozen=True, slots=True)
class ValueField:
    """One attribute's value: `count` of the decoded values from place `first` on.

    `octets`: how many octets samples have.
    """

    attribute_id: int
    first: int
    count: int = 1
    octets: int = 0


@dataclass(frozen=True, slots=True)
class ReadingFields:
    """One object in the report, in order; its values stand at `octets` of the event-info."""

    subject: ConfiguredObject
    fields: tuple[ValueField, ...]
    octets: slice


Decode = Callable[[bytes], Values | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One shape: how many octets it has, what must be constant, where the values are.

    `decode(octets)` gives the values of an event-info of this shape, None when it has another
    one. `form` reads all fields; `constants` picks those that must be `expected`, `values` the
    others from their `places`; `numbers` says which fields are codes of numbers. `groups`: the
    slices of a grouped report's octet strings; empty for a fixed report.
    """

    form: struct.Struct
    constants: Callable[[list[Value]], object]
    expected: object
    numbers: tuple[tuple[int, Meanings], ...]
    places: tuple[int, ...]
    values: Callable[[list[Value]], Values]
    readings: tuple[ReadingFields, ...]
    groups: tuple[slice, ...] = ()
    decode: Decode = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decode", self._decoder())

    def _decoder(self) -> Decode:
        """All that a report is read with bound once: looking it up costs as much as reading."""
        size, unpack = self.form.size, self.form.unpack
        constants, expected = self.constants, self.expected
        numbers, values = self.numbers, self.values

        def decode(octets: bytes) -> Values | None:
            if len(octets) != size:
                return None
            fields = [*unpack(octets)]
            if constants(fields) != expected:
                return None
            for position, table in numbers:
                fields[position] = table[fields[position]]
            return values(fields)

        return decode

    def with_tables(self, choose: Callable[[int, Meanings], Meanings]) -> Layout:
        """The same shape with other meanings of its codes; `choose(place among values, table)`."""
        place_of = {position: place for place, position in enumerate(self.places)}
        numbers = tuple(
            (position, choose(place_of[position], table)) for position, table in self.numbers
        )
        return replace(self, numbers=numbers)


@dataclass(slots=True)
class _Draft:
    """A layout being written: `form` field by field, constants run together."""

    form: str = f">{_HEAD}"
    position: int = 2
    octets: int = 4
    run: bytes = b""
    constants: list[tuple[int, bytes]] = field(default_factory=list)
    numbers: list[tuple[int, Table[Number]]] = field(default_factory=list)
    values: list[int] = field(default_factory=lambda: [0, 1])
    readings: list[ReadingFields] = field(default_factory=list)
    groups: list[slice] = field(default_factory=list)

    def constant(self, *numbers: int) -> None:
        """16-bit numbers that must be so."""
        octets = struct.pack(f">{len(numbers)}H", *numbers)
        self.run += octets
        self.octets += len(octets)

    def end_run(self) -> None:
        if self.run:
            self.constants.append((self.position, self.run))
            self.form += f"{len(self.run)}s"
            self.position += 1
            self.run = b""

    def value(self, form: str, numbers: Table[Number] | None = None) -> int:
        """One field that is a value; its position among the values."""
        self.end_run()
        self.form += form
        self.octets += struct.calcsize(f">{form}")
        if numbers is not None:
            self.numbers.append((self.position, numbers))
        self.values.append(self.position)
        self.position += 1
        return len(self.values) - 1

    def skip(self, octets: int) -> None:
        """Octets nobody reads, at least one."""
        self.end_run()
        self.form += f"{octets}x"
        self.octets += octets

    def finish(self) -> Layout:
        self.end_run()
        positions = [position for position, _ in self.constants]
        expected = tuple(run for _, run in self.constants)
        return Layout(
            form=struct.Struct(self.form),
            constants=itemgetter(*positions),
            expected=expected if len(expected) > 1 else expected[0],
            numbers=tuple(self.numbers),
            places=tuple(self.values),
            values=itemgetter(*self.values),
            readings=tuple(self.readings),
            groups=tuple(self.groups),
        )


_PLAIN: Final[dict[int, tuple[int, tuple[str, ...], Table[Number] | None]]] = {
    at.NU_VAL_OBS_BASIC.attribute_id: (2, ("H",), SFLOATS),
    at.NU_VAL_OBS_SIMP.attribute_id: (4, ("I",), FLOATS),
    at.ENUM_OBS_VAL_SIMP_OID.attribute_id: (2, ("H",), None),
    at.ENUM_OBS_VAL_SIMP_BIT_STR.attribute_id: (4, ("I",), None),
    at.ENUM_OBS_VAL_BASIC_BIT_STR.attribute_id: (2, ("H",), None),
    at.MSMT_STAT.attribute_id: (2, ("H",), None),
    at.TIME_STAMP_ABS.attribute_id: (8, ("8s",), None),
    at.TIME_STAMP_REL.attribute_id: (4, ("I",), None),
    at.TIME_STAMP_REL_HI_RES.attribute_id: (8, ("Q",), None),
    at.TIME_STAMP_BO.attribute_id: (8, ("I", "H", "h"), None),
    at.TIME_PD_MSMT_ACTIVE.attribute_id: (4, ("I",), FLOATS),
}
"""Attribute -> octets on the wire, their fields, the table of a number."""
_COMPOUNDS: Final = {
    at.NU_CMPD_VAL_OBS_BASIC.attribute_id: ("H", 2, SFLOATS),
    at.NU_CMPD_VAL_OBS_SIMP.attribute_id: ("I", 4, FLOATS),
}
_COMPILED: Final = {*_PLAIN, *_COMPOUNDS, at.SIMP_SA_OBS_VAL.attribute_id}
_INTERPRETED: Final = DESCRIBING | (MAKERS.keys() - _COMPILED)
"""What changes the object itself or has no fixed form: left to the interpreted path."""


def fixed_layout(subjects: Sequence[ConfiguredObject]) -> Layout | None:
    """The layout of a fixed report of these objects, None where it cannot be compiled.

    20601 Annex A, ScanReportInfoFixed: count, length, then handle and OCTET STRING each.
    """
    lengths = [map_octets(subject.value_map) for subject in subjects]
    total = sum(lengths) + 4 * len(subjects)
    if not subjects or total > 0xFFFF:
        return None
    draft = _Draft()
    draft.constant(len(subjects), total)
    for subject, length in zip(subjects, lengths, strict=True):
        draft.constant(subject.handle, length)
        if not _add_reading(draft, subject, subject.value_map):
            return None
    return draft.finish()


def grouped_layout(
    scanner: ConfiguredObject, find: Callable[[int], ConfiguredObject | None], groups: int
) -> Layout | None:
    """The layout of `groups` groups of a scanner's handle map, None where it cannot be compiled.

    20601 Annex A, ScanReportInfoGrouped: count, length, then one OCTET STRING a group.
    """
    pieces = [entry for entry in scanner.handle_maps if map_octets(entry.value_map)]
    size = sum(map_octets(entry.value_map) for entry in pieces)
    total = groups * (size + 2)
    if not groups or not pieces or total > 0xFFFF:
        return None
    draft = _Draft()
    draft.constant(groups, total)
    for _ in range(groups):
        draft.constant(size)
        draft.groups.append(slice(draft.octets, draft.octets + size))
        for entry in pieces:
            subject = find(entry.handle)
            if subject is None or not _add_reading(draft, subject, entry.value_map):
                return None
    return draft.finish()


def _add_reading(
    draft: _Draft, subject: ConfiguredObject, value_map: tuple[ValueMapEntry, ...]
) -> bool:
    """The values of one object; False where one of them has no fixed form."""
    ids = [entry.attribute_id for entry in value_map]
    if subject.handle == 0 or subject.type is None or len(set(ids)) != len(ids):
        return False
    if len(MAKERS.keys() & set(ids)) > 1:  # told apart by what each of them becomes
        return False
    start = draft.octets
    fields = []
    for entry in value_map:
        found = _add_value(draft, subject, entry)
        if found is None:
            return False
        if found.count:
            fields.append(found)
    draft.readings.append(ReadingFields(subject, tuple(fields), slice(start, draft.octets)))
    return True


def _add_value(draft: _Draft, subject: ConfiguredObject, entry: ValueMapEntry) -> ValueField | None:
    kind, length = entry.attribute_id, entry.length
    if kind in _INTERPRETED or kind not in ATTRIBUTES:
        return None
    plain = _PLAIN.get(kind)
    if plain is not None:
        octets, forms, numbers = plain
        if length != octets:
            return None
        places = [draft.value(form, numbers) for form in forms]
        return ValueField(kind, places[0], len(places))
    compound = _COMPOUNDS.get(kind)
    if compound is not None:
        form, width, numbers = compound
        parts = len(subject.parts)
        if not parts or length != 4 + width * parts:
            return None
        draft.constant(parts, width * parts)
        places = [draft.value(form, numbers) for _ in range(parts)]
        return ValueField(kind, places[0], parts)
    if kind == at.SIMP_SA_OBS_VAL.attribute_id:
        if length <= 2:
            return None
        draft.constant(length - 2)
        return ValueField(kind, draft.value(f"{length - 2}s"), octets=length - 2)
    draft.skip(length)
    return ValueField(kind, 0, 0)
