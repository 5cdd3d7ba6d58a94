"""The octets of a monitor's message, read within their bounds; most significant octet first."""

from __future__ import annotations

from protocols.errors import DecodeError
from protocols.mder.numbers import Number, float_from_raw


class OctetReader:
    """Takes fields from the front; DecodeError, with the document's name, where they do not fit."""

    def __init__(self, octets: bytes, *, clause: str) -> None:
        self._octets = octets
        self._clause = clause
        self._at = 0

    @property
    def left(self) -> int:
        """Octets not taken yet."""
        return len(self._octets) - self._at

    def take(self, count: int) -> bytes:
        """So many octets."""
        if count > self.left:
            raise DecodeError("the message is too short", clause=self._clause, offset=self._at)
        self._at += count
        return self._octets[self._at - count : self._at]

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def u8(self) -> int:
        """A number of one octet."""
        return self.take(1)[0]

    def u16(self) -> int:
        """A number of two octets."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """A number of four octets."""
        return int.from_bytes(self.take(4), "big")

    def number(self) -> Number:
        """A FLOAT of 11073."""
        return float_from_raw(self.u32())

    def part(self, count: int) -> OctetReader:
        """A reader of the next so many octets alone."""
        return OctetReader(self.take(count), clause=self._clause)

    def sized(self) -> OctetReader:
        """A reader of octets whose count stands before them in two octets."""
        return self.part(self.u16())

    def counted(self) -> tuple[int, OctetReader]:
        """A list's head: how many entries, and a reader of the octets they fill."""
        count = self.u16()
        return count, self.sized()


def put_u16(*numbers: int) -> bytes:
    """Numbers of two octets one behind the other; each must fit."""
    return b"".join(number.to_bytes(2, "big") for number in numbers)


def put_u32(*numbers: int) -> bytes:
    """Numbers of four octets one behind the other; each must fit."""
    return b"".join(number.to_bytes(4, "big") for number in numbers)
