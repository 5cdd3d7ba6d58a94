"""What `decode --as` can read: one line a kind, each an opener of a reader for one exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from edge.decoding.characteristics import read_characteristic
from edge.decoding.dissecting import plain
from edge.decoding.gatt_streams import OPENERS, PieceReader
from edge.decoding.line_items import read_frames, read_intellivue, read_nfc
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


def _number(name: str, decode: Callable[[bytes], Number], *, little: bool = False) -> ItemReader:
    def read(octets: bytes) -> Item:
        value = decode(octets[::-1] if little else octets)
        size = len(octets)
        text = value.value if isinstance(value, SpecialValue) else f"{value:f}"
        return Item(name, Node({"value": Node(text, 0, size)}))

    return read


def _check(name: str, compute: Callable[[bytes], int]) -> ItemReader:
    def read(octets: bytes) -> Item:
        return Item(name, Node({"value": Node(f"0x{compute(octets):04X}")}))

    return read


def _characteristic(characteristic: AnyCharacteristic) -> ItemReader:
    def read(octets: bytes) -> Item:
        node, warnings = read_characteristic(characteristic, octets)
        return Item(characteristic.decode_as[0], node, warnings)

    return read


def _pieces(name: str, open_reader: Callable[[], PieceReader]) -> ItemReader:
    reader = open_reader()
    return lambda octets: Item(name, *reader(octets))


def _gatt_reader(characteristic: AnyCharacteristic) -> ItemReader:
    """For values that are whole by themselves, or for pieces of something longer."""
    if characteristic.uuid in OPENERS:
        return _pieces(characteristic.decode_as[0], OPENERS[characteristic.uuid])
    return _characteristic(characteristic)


def _gatt_kinds() -> tuple[Kind, ...]:
    return tuple(
        Kind(
            item.decode_as,
            f"GATT {short_text(item.uuid)}, {item.name}",
            partial(_gatt_reader, item),
        )
        for profile in PROFILES
        for item in profile.characteristics
        if item.decode_as
    )


def _nfc() -> ItemReader:
    apdus = ExchangeReader()

    def read(octets: bytes) -> Item:
        return Item("nfc", read_nfc(octets, apdus), tuple(apdus.warnings))

    return read


def _hdlc() -> ItemReader:
    apdus = ExchangeReader()

    def read(octets: bytes) -> Item:
        node, warnings = read_frames(octets, apdus)
        return Item("hdlc", node, (*warnings, *apdus.warnings))

    return read


def _intellivue() -> ItemReader:
    return lambda octets: Item("intellivue", *read_intellivue(octets))


def _ghs_draft() -> ItemReader:
    return lambda octets: Item("ghs_draft", plain(decode_draft_observation(octets)))


def _line_kinds() -> tuple[Kind, ...]:
    return (
        Kind(("nfc", "nfc_phd"), "NFC PHDC, an NDEF record of type PHD", _nfc),
        Kind(("hdlc",), "HDLC-like frames with FCS-16 and what is in them", _hdlc),
        Kind(("intellivue",), "Philips IntelliVue data export, framed or not", _intellivue),
        Kind(
            ("ghs_draft", "ghs_draft_tlv"),
            "an observation of the health sensor service's draft, segment headers taken off",
            _ghs_draft,
        ),
    )


def _plain_kinds() -> tuple[Kind, ...]:
    return (
        Kind(("apdu", "20601"), "IEEE 11073-20601 messages", _apdus, is_stream=True),
        Kind(
            ("float", "flt"),
            "a FLOAT-Type in network order",
            lambda: _number("float", decode_float),
        ),
        Kind(
            ("float_le",),
            "a FLOAT-Type as in a GATT value",
            lambda: _number("float_le", decode_float, little=True),
        ),
        Kind(
            ("sfloat",), "an SFLOAT-Type in network order", lambda: _number("sfloat", decode_sfloat)
        ),
        Kind(
            ("sfloat_le",),
            "an SFLOAT-Type as in a GATT value",
            lambda: _number("sfloat_le", decode_sfloat, little=True),
        ),
        Kind(
            ("crc", "crc_hex"),
            "the CRC-16/MCRF4XX (E2E-CRC) of the octets",
            lambda: _check("crc", crc_mcrf4xx),
        ),
        Kind(("fcs", "fcs_hex"), "the FCS-16 of the octets", lambda: _check("fcs", fcs16)),
    )


KINDS: Final[tuple[Kind, ...]] = (*_plain_kinds(), *_line_kinds(), *_gatt_kinds())
APDU: Final = KINDS[0]
BY_NAME: Final = {name: kind for kind in KINDS for name in kind.names}
