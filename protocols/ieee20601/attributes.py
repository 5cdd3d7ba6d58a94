"""Attributes: an id and an encoded value on the wire, typed by a kind (20601 6.3).

Lists hold `AttributeValue`s, so a value nobody can read survives as octets. An `Attribute`
(all of them are lines of `attribute_table`) reads and writes one kind:

    NU_VAL_OBS_SIMP.decode(octets) -> Decimal | SpecialValue
    UNIT_CODE.of(UnitCode(544)) -> AttributeValue
    find(attributes, UNIT_CODE) -> UnitCode | None        DecodeError when its octets are wrong
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import construct as cs

from protocols.errors import DecodeError
from protocols.mder.records import Codec, Wire, wire
from protocols.mder.sequences import ANY, SequenceOf

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One attribute id and its value, still encoded (20601 Annex A, AVA-Type)."""

    attribute_id: int = wire(cs.Int16ub)
    octets: bytes = wire(ANY)


class Attribute(Generic[T]):
    """One kind of attribute: its id, its reference id and how its value is written.

    Tables hold kinds of whatever value side by side, as `Attribute[object]`.
    """

    def __init__(self, attribute_id: int, ref_id: str, shape: Wire) -> None:
        self.attribute_id = attribute_id
        self.ref_id = ref_id
        self.codec: Codec[T] = Codec(shape, clause=f"20601 6.3, {ref_id}")

    def decode(self, octets: bytes) -> T:
        """The value of encoded octets; DecodeError when they are no such value."""
        return self.codec.decode(octets)

    def encode(self, value: T) -> bytes:  # type: ignore[misc]  # as `Codec.encode`
        """The octets of a value; EncodeError when it has no wire form."""
        return self.codec.encode(value)

    def of(self, value: T) -> AttributeValue:  # type: ignore[misc]  # as `Codec.encode`
        """The attribute with this value, ready for a list."""
        return AttributeValue(self.attribute_id, self.encode(value))

    def __repr__(self) -> str:
        return f"<{self.ref_id}>"


ATTRIBUTE_LIST: Final[Wire] = SequenceOf(AttributeValue)


def find(attributes: Iterable[AttributeValue], kind: Attribute[T]) -> T | None:
    """The value of the first attribute of that kind, None without one; DecodeError when broken."""
    for attribute in attributes:
        if attribute.attribute_id == kind.attribute_id:
            return kind.decode(attribute.octets)
    return None


def find_readable(
    attributes: Iterable[AttributeValue], kind: Attribute[T], notes: list[str]
) -> T | None:
    """As `find`, but a broken value is None and a sentence in `notes`."""
    try:
        return find(attributes, kind)
    except DecodeError as exc:
        notes.append(f"{kind.ref_id} cannot be read: {exc}")
        return None
