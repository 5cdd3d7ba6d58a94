"""What `decode --as` can read: one line a kind, each an opener of a reader for one exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from edge.decoding.characteristics import read_characteristic
from edge.decoding.dissecting import plain
from edge.decoding.gatt_streams import OPENERS
from edge.decoding.line_items import ItemFields, frames, nfc_records, read_intellivue
from edge.decoding.messages import ExchangeReader
from edge.decoding.node import Node
from protocols.framing.crc import crc_mcrf4xx, fcs16
from protocols.gatt.base import AnyCharacteristic
from protocols.gatt.ghs_draft import decode_draft_observation
from protocols.gatt.registry import PROFILES
from protocols.gatt.uuids import short_text
from protocols.mder.numbers import Number, decode_float, decode_sfloat
from protocols.model.quantity import SpecialValue


@dataclass(frozen=True, slots=True)
class Item:
    """One item read: its kind, its tree, and what was odd about it."""

    kind: str
    node: Node
    warnings: tuple[str, ...] = ()


ItemReader = Callable[[bytes], Item]
"""Reads one item after the other of one exchange; DecodeError when the octets are none."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing octets can be.

    `open` gives a reader for one exchange. `is_stream`: several may stand back to back, each
    with its own length.
    """

    names: tuple[str, ...]
    what: str
    open: Callable[[], ItemReader]
    is_stream: bool = False


def _apdus() -> ItemReader:
    reader = ExchangeReader()

    def read(octets: bytes) -> Item:
        kind, node = reader.read(octets)
        return Item(kind, node, tuple(reader.warnings))

    return read


def _fields(name: str, open_reader: Callable[[], ItemFields]) -> Callable[[], ItemReader]:
    """An opener for what is always of one kind."""

    def opened() -> ItemReader:
        reader = open_reader()
        return lambda octets: Item(name, *reader(octets))

    return opened


def _number(decode: Callable[[bytes], Number], *, little: bool = False) -> ItemFields:
    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        value = decode(octets[::-1] if little else octets)
        text = value.value if isinstance(value, SpecialValue) else f"{value:f}"
        return Node({"value": Node(text, 0, len(octets))}), ()

    return read


def _check(compute: Callable[[bytes], int]) -> ItemFields:
    return lambda octets: (Node({"value": Node(f"0x{compute(octets):04X}")}), ())


def _ghs_draft(octets: bytes) -> tuple[Node, tuple[str, ...]]:
    return plain(decode_draft_observation(octets)), ()


# Names (the first is the item's kind), what it is, opener of a reader for one exchange.
_OPENERS: Final[tuple[tuple[tuple[str, ...], str, Callable[[], ItemFields]], ...]] = (
    (("float", "flt"), "a FLOAT-Type in network order", lambda: _number(decode_float)),
    (
        ("float_le",),
        "a FLOAT-Type as in a GATT value",
        lambda: _number(decode_float, little=True),
    ),
    (("sfloat",), "an SFLOAT-Type in network order", lambda: _number(decode_sfloat)),
    (
        ("sfloat_le",),
        "an SFLOAT-Type as in a GATT value",
        lambda: _number(decode_sfloat, little=True),
    ),
    (
        ("crc", "crc_hex"),
        "the CRC-16/MCRF4XX (E2E-CRC) of the octets",
        lambda: _check(crc_mcrf4xx),
    ),
    (("fcs", "fcs_hex"), "the FCS-16 of the octets", lambda: _check(fcs16)),
    (("nfc", "nfc_phd"), "NFC PHDC, an NDEF record of type PHD", nfc_records),
    (("hdlc",), "HDLC-like frames with FCS-16 and what is in them", frames),
    (
        ("intellivue",),
        "Philips IntelliVue data export, framed or not",
        lambda: read_intellivue,
    ),
    (
        ("ghs_draft", "ghs_draft_tlv"),
        "an observation of the health sensor service's draft, segment headers taken off",
        lambda: _ghs_draft,
    ),
)


def _gatt_reader(characteristic: AnyCharacteristic) -> ItemFields:
    """For values that are whole by themselves, or for pieces of something longer."""
    open_pieces = OPENERS.get(characteristic.uuid)
    return open_pieces() if open_pieces else partial(read_characteristic, characteristic)


def _kinds() -> Iterator[Kind]:
    yield Kind(("apdu", "20601"), "IEEE 11073-20601 messages", _apdus, is_stream=True)
    for names, what, open_reader in _OPENERS:
        yield Kind(names, what, _fields(names[0], open_reader))
    for profile in PROFILES:
        for item in profile.characteristics:
            if item.decode_as:
                what = f"GATT {short_text(item.uuid)}, {item.name}"
                opener = _fields(item.decode_as[0], partial(_gatt_reader, item))
                yield Kind(item.decode_as, what, opener)


KINDS: Final = tuple(_kinds())
APDU: Final = KINDS[0]
BY_NAME: Final = {name: kind for kind in KINDS for name in kind.names}
