"""Observations of a Generic Health Sensor, in the classes of 10206 (records of the wire)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from protocols.gatt.elapsed_time import ElapsedTime
from protocols.mder.numbers import Number
from protocols.model.codes import MdcCode, UnitCode


class ObservationClass(IntEnum):
    """What kind of value an observation has."""

    NUMERIC = 1
    DISCRETE = 2
    STRING = 3
    SAMPLE_ARRAY = 4
    COMPOUND_DISCRETE = 5
    COMPOUND_STATE = 6
    COMPOUND = 7
    TLV = 8
    BUNDLE = 0xFF


STATUS_NAMES: Final = {
    0: "invalid",
    1: "questionable",
    2: "not available",
    4: "calibration ongoing",
    5: "test data",
    6: "early estimate",
}
"""Bits of the status of a header, as far as they are known."""


@dataclass(frozen=True, slots=True)
class Numeric:
    """One number, a FLOAT with its unit."""

    unit: UnitCode
    value: Number


@dataclass(frozen=True, slots=True)
class Discrete:
    """One code."""

    code: MdcCode


@dataclass(frozen=True, slots=True)
class String:
    """A text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleArray:
    """A stretch of waveform: `samples` of `octets_per_sample` each, as they came.

    A period of `period` seconds holds `per_period` samples; the physical value is
    sample x `scale` + `offset` in `unit`.
    """

    unit: UnitCode
    scale: Number
    offset: Number
    period: Number
    per_period: int
    octets_per_sample: int
    samples: bytes


@dataclass(frozen=True, slots=True)
class CompoundDiscrete:
    """Several codes of one moment."""

    codes: tuple[MdcCode, ...]


@dataclass(frozen=True, slots=True)
class CompoundState:
    """Bits, little-endian, of `octets` octets each: which are supported, which are states, set."""

    octets: int
    supported: int
    states: int
    bits: int


@dataclass(frozen=True, slots=True)
class Tlv:
    """An attribute as type, format (GATT's format types) and octets."""

    type: MdcCode
    format: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Tlvs:
    """Attributes side by side."""

    items: tuple[Tlv, ...]


SimpleValue = Numeric | Discrete | String | SampleArray | CompoundDiscrete | CompoundState | Tlvs


@dataclass(frozen=True, slots=True)
class Compound:
    """Parts of one observation, each with a type of its own."""

    parts: tuple[tuple[MdcCode, SimpleValue], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What may stand before a value. None, or empty, for what was not sent.

    `duration` in seconds; `status` 16 bits; `object_id` names the observation for `derived_from`
    and `has_member` of others; `patient` is the sensor's own number of a person.
    """

    type: MdcCode | None = None
    time: ElapsedTime | None = None
    duration: Number | None = None
    status: int | None = None
    object_id: int | None = None
    patient: int | None = None
    supplements: tuple[MdcCode, ...] = ()
    derived_from: tuple[int, ...] = ()
    has_member: tuple[int, ...] = ()
    tlvs: tuple[Tlv, ...] = ()


@dataclass(frozen=True, slots=True)
class GhsObservation:
    """One observation; `value` None for a class that is reserved, whose octets are `unread`."""

    observation_class: int
    header: Header
    value: SimpleValue | Compound | None
    unread: bytes = b""


@dataclass(frozen=True, slots=True)
class GhsBundle:
    """Observations with a header in common: what a member does not say, the bundle says."""

    header: Header
    members: tuple[GhsObservation, ...]


GhsMessage = GhsObservation | GhsBundle

CLASSES: Final[dict[type[object], ObservationClass]] = {
    Numeric: ObservationClass.NUMERIC,
    Discrete: ObservationClass.DISCRETE,
    String: ObservationClass.STRING,
    SampleArray: ObservationClass.SAMPLE_ARRAY,
    CompoundDiscrete: ObservationClass.COMPOUND_DISCRETE,
    CompoundState: ObservationClass.COMPOUND_STATE,
    Compound: ObservationClass.COMPOUND,
    Tlvs: ObservationClass.TLV,
}
"""The class that goes with each kind of value."""
