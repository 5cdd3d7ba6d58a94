"""The fields of characteristic values: little-endian, bounded, exact.

    reader = FieldReader(octets, clause="PLXS 1.0.1, 3.1", leniency=LENIENT, notes=notes)
    flags = reader.u8()
    spo2 = reader.sfloat()
    reader.finish()                 surplus octets: refused, or noted when lenient

`FieldWriter` is the mirror: what it wrote, the reader reads back. Too few octets are a
DecodeError with the document and the offset; a number that does not fit is an EncodeError.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from protocols.errors import DecodeError, EncodeError
from protocols.mder.numbers import (
    Number,
    float_from_raw,
    float_to_raw,
    sfloat_from_raw,
    sfloat_to_raw,
)
from protocols.mder.records import STRICT, Leniency
from protocols.model.quantity import SpecialValue

DATE_TIME_OCTETS: Final = 7
FIRST_YEAR: Final = 1582
"""The first year a Date Time may have; 0 means "not known"."""


@dataclass(frozen=True, slots=True)
class DateTime:
    """A Date Time field as it came (GSS, Date Time): local calendar time without a zone.

    Year, month and day may be 0 for "not known"; devices also send dates that do not exist.
    Nothing is corrected here, so the seven octets survive.
    """

    year: int
    month: int
    day: int
    hours: int
    minutes: int
    seconds: int

    @property
    def at(self) -> datetime | None:
        """The naive local time; None when part of it is unknown or no such time exists."""
        if self.year < FIRST_YEAR:
            return None
        try:
            return datetime(  # noqa: DTZ001  # the device's own timeline has no zone
                self.year, self.month, self.day, self.hours, self.minutes, self.seconds
            )
        except ValueError:
            return None

    @classmethod
    def of(cls, at: datetime) -> DateTime:
        """The field of a naive datetime; fractions of a second are cut."""
        if at.tzinfo is not None:
            raise EncodeError("a Date Time field has no zone")
        return cls(at.year, at.month, at.day, at.hour, at.minute, at.second)

    def __str__(self) -> str:
        return (
            f"{self.year:04d}-{self.month:02d}-{self.day:02d}"
            f"T{self.hours:02d}:{self.minutes:02d}:{self.seconds:02d}"
        )


def mirrored(bits: int, width: int) -> int:
    """Bits counted from the lowest as GATT does -> counted from the highest as 20601 does."""
    return int(f"{bits & ((1 << width) - 1):0{width}b}"[::-1], 2)


def whole_number(value: int | None) -> Number:
    """A number that was sent as an integer; NaN where the device has none."""
    return SpecialValue.NAN if value is None else Decimal(value)


class FieldReader:
    """Reads one characteristic value from its front.

    `clause` goes into every error. What `leniency` forgives becomes a sentence in `notes`.
    """

    def __init__(
        self,
        octets: bytes,
        *,
        clause: str,
        leniency: Leniency = STRICT,
        notes: list[str] | None = None,
    ) -> None:
        self.octets = bytes(octets)
        self.clause = clause
        self.leniency = leniency
        self.offset = 0
        self._notes = notes

    @property
    def remaining(self) -> int:
        """How many octets are left."""
        return len(self.octets) - self.offset

    def take(self, count: int) -> bytes:
        """The next `count` octets; DecodeError when there are fewer."""
        if count > self.remaining:
            raise DecodeError(
                f"{self.remaining} octets where {count} are needed",
                clause=self.clause,
                offset=self.offset,
            )
        start = self.offset
        self.offset += count
        return self.octets[start : self.offset]

    def rest(self) -> bytes:
        """All octets that are left."""
        return self.take(self.remaining)

    def unsigned(self, octets: int) -> int:
        """An unsigned number of so many octets."""
        return int.from_bytes(self.take(octets), "little")

    def signed(self, octets: int) -> int:
        """A two's complement number of so many octets."""
        return int.from_bytes(self.take(octets), "little", signed=True)

    def u8(self) -> int:
        """An unsigned number of 8 bits."""
        return self.unsigned(1)

    def u16(self) -> int:
        """An unsigned number of 16 bits."""
        return self.unsigned(2)

    def u24(self) -> int:
        """An unsigned number of 24 bits."""
        return self.unsigned(3)

    def u32(self) -> int:
        """An unsigned number of 32 bits."""
        return self.unsigned(4)

    def u40(self) -> int:
        """An unsigned number of 40 bits."""
        return self.unsigned(5)

    def u48(self) -> int:
        """An unsigned number of 48 bits."""
        return self.unsigned(6)

    def u64(self) -> int:
        """An unsigned number of 64 bits."""
        return self.unsigned(8)

    def s8(self) -> int:
        """A signed number of 8 bits."""
        return self.signed(1)

    def s16(self) -> int:
        """A signed number of 16 bits."""
        return self.signed(2)

    def sfloat(self) -> Number:
        """An SFLOAT: exact, or one of the special values."""
        return sfloat_from_raw(self.u16())

    def float32(self) -> Number:
        """A FLOAT (medfloat32): exact, or one of the special values."""
        return float_from_raw(self.u32())

    def scaled(self, octets: int, step: Decimal) -> Decimal:
        """An unsigned number of steps: exact, with the digits of the step."""
        return self.unsigned(octets) * step

    def date_time(self) -> DateTime:
        """A Date Time field of seven octets."""
        return DateTime(self.u16(), self.u8(), self.u8(), self.u8(), self.u8(), self.u8())

    def text(self, count: int | None = None) -> str:
        """So many octets, or all that is left, as UTF-8.

        When lenient, foreign octets become U+FFFD with a note.
        """
        start = self.offset
        octets = self.rest() if count is None else self.take(count)
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError as exc:
            if not self.leniency.surplus:
                raise DecodeError(
                    "text that is not UTF-8", clause=self.clause, offset=start + exc.start
                ) from exc
        self.note("text that is not UTF-8")
        return octets.decode("utf-8", errors="replace")

    def finish(self) -> None:
        """Say that the value ends here: octets behind it are an error, or a note when lenient."""
        surplus = self.remaining
        if surplus and not self.leniency.surplus:
            raise DecodeError(f"{surplus} surplus octets", clause=self.clause, offset=self.offset)
        if surplus:
            self.note(f"{surplus} surplus octets dropped")

    def note(self, sentence: str) -> None:
        """Say what was forgiven; measured values do not belong in it."""
        if self._notes is not None:
            self._notes.append(f"{sentence} ({self.clause})")


class FieldWriter:
    """Writes one characteristic value; `clause` goes into every error."""

    def __init__(self, *, clause: str) -> None:
        self.clause = clause
        self._octets = bytearray()

    @property
    def octets(self) -> bytes:
        """What was written so far."""
        return bytes(self._octets)

    def put(self, octets: bytes) -> None:
        """Octets as they are."""
        self._octets += octets

    def unsigned(self, value: int, octets: int) -> None:
        """An unsigned number of so many octets; EncodeError when it does not fit."""
        self._integer(value, octets, signed=False)

    def signed(self, value: int, octets: int) -> None:
        """A two's complement number of so many octets; EncodeError when it does not fit."""
        self._integer(value, octets, signed=True)

    def _integer(self, value: int, octets: int, *, signed: bool) -> None:
        try:
            self._octets += value.to_bytes(octets, "little", signed=signed)
        except OverflowError as exc:
            raise EncodeError(f"a number too large for {octets} octets ({self.clause})") from exc

    def u8(self, value: int) -> None:
        """An unsigned number of 8 bits."""
        self.unsigned(value, 1)

    def u16(self, value: int) -> None:
        """An unsigned number of 16 bits."""
        self.unsigned(value, 2)

    def u24(self, value: int) -> None:
        """An unsigned number of 24 bits."""
        self.unsigned(value, 3)

    def u32(self, value: int) -> None:
        """An unsigned number of 32 bits."""
        self.unsigned(value, 4)

    def u40(self, value: int) -> None:
        """An unsigned number of 40 bits."""
        self.unsigned(value, 5)

    def u48(self, value: int) -> None:
        """An unsigned number of 48 bits."""
        self.unsigned(value, 6)

    def u64(self, value: int) -> None:
        """An unsigned number of 64 bits."""
        self.unsigned(value, 8)

    def s8(self, value: int) -> None:
        """A signed number of 8 bits."""
        self.signed(value, 1)

    def s16(self, value: int) -> None:
        """A signed number of 16 bits."""
        self.signed(value, 2)

    def sfloat(self, value: Number) -> None:
        """An SFLOAT; rounded half to even where the mantissa is too short."""
        self.u16(sfloat_to_raw(value))

    def float32(self, value: Number) -> None:
        """A FLOAT; rounded half to even where the mantissa is too short."""
        self.u32(float_to_raw(value))

    def scaled(self, value: Decimal, octets: int, step: Decimal) -> None:
        """A number as steps, rounded half to even; EncodeError when it does not fit."""
        self.unsigned(int((value / step).to_integral_value(ROUND_HALF_EVEN)), octets)

    def date_time(self, value: DateTime) -> None:
        """A Date Time field of seven octets."""
        self.u16(value.year)
        for part in (value.month, value.day, value.hours, value.minutes, value.seconds):
            self.u8(part)

    def text(self, value: str) -> None:
        """UTF-8 without an end mark; EncodeError for lone surrogates."""
        try:
            self.put(value.encode("utf-8"))
        except UnicodeEncodeError as exc:
            raise EncodeError(f"text without a UTF-8 form ({self.clause})") from exc
