"""Samples of real-time sample arrays: octets on the wire <-> whole numbers (20601 6.3.5).

On the wire: `count` samples of 8, 16 or 32 bits in network order, signed or of so many
significant bits. In the model: little-endian signed 32-bit integers with scale and offset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError, EncodeError
from protocols.ieee20601.attribute_values import SaFlags, SampleSpecification, ScaleAndRange
from protocols.mder.times import TICK_US

_CLAUSE: Final = "20601 6.3.5, Simple-Sa-Observed-Value"
_MODEL: Final = np.dtype("<i4")
_I32_TOP: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples as the model holds them: physical value = sample x `scale` + `offset`.

    `has_odd_bits`: bits that do not count were set, and no SA_EXT_VAL_RANGE said so; see the
    tolerance NON_SIGNIFICANT_BITS.
    """

    octets: bytes
    scale: Decimal
    offset: Decimal
    has_odd_bits: bool = False


class SampleDecoder:
    """What is the same for every observed value of one sample array, worked out once."""

    def __init__(self, layout: SampleSpecification | None, scale: ScaleAndRange | None) -> None:
        """DecodeError when the object does not say how its samples are to be read."""
        if layout is None:
            raise DecodeError("samples without a Sa-Specification", clause=_CLAUSE)
        if not layout.sample_octets:
            raise DecodeError(f"samples of {layout.bits} bits", clause=_CLAUSE)
        self.count = layout.count
        self._bits = layout.bits
        self._octets = layout.count * layout.sample_octets
        self.factor, self.offset = scale_and_offset(layout, scale)
        self._wire = _wire(layout)
        masked = not layout.signed and 0 < layout.significant < layout.bits
        self._mask = (1 << layout.significant) - 1 if masked else 0
        self._are_others_odd = not layout.flags & SaFlags.SA_EXT_VAL_RANGE
        # Only unsigned samples of 32 bits can lie above the model's range.
        self._can_exceed = not layout.signed and layout.bits == 32

    def fits(self, octets: int) -> bool:
        """Whether an observed value of so many octets holds the samples announced."""
        return octets == self._octets

    def decode(self, octets: bytes) -> Samples:
        """The samples of an observed value; DecodeError when their number is wrong."""
        if not self.fits(len(octets)):
            raise DecodeError(
                f"{len(octets)} octets are not {self.count} samples of {self._bits} bits",
                clause=_CLAUSE,
            )
        raw = np.frombuffer(octets, dtype=self._wire)
        has_odd_bits = False
        if self._mask:
            has_odd_bits = self._are_others_odd and bool((raw > self._mask).any())
            raw = raw & self._wire.type(self._mask)
        offset = self.offset
        if self._can_exceed and raw.size and int(raw.max()) >= _I32_TOP:
            # Move the zero point, lose nothing.
            raw = raw.astype(np.int64) - _I32_TOP
            offset += self.factor * _I32_TOP
        return Samples(raw.astype(_MODEL).tobytes(), self.factor, offset, has_odd_bits)


def sample_period_us(period_ticks: int | None) -> int:
    """Microseconds from one sample to the next; DecodeError without a Sample-Period."""
    if not period_ticks:
        raise DecodeError("samples without a sample period", clause="20601 6.3.5, Sample-Period")
    return period_ticks * TICK_US


def physical_samples(samples: Samples) -> NDArray[np.float64]:
    """The samples in their unit as floats, shape (count,): for display only, for floats round.

    What is stored and sent on are the whole numbers with their exact scale and offset.
    """
    whole = np.frombuffer(samples.octets, dtype=_MODEL)
    physical: NDArray[np.float64] = np.multiply(whole, float(samples.scale), dtype=np.float64)
    physical += float(samples.offset)
    return physical


def encode_samples(
    samples: Sequence[int] | NDArray[np.integer], layout: SampleSpecification
) -> bytes:
    """The octets of an observed value; EncodeError for a wrong count or a sample out of range."""
    wide = np.asarray(samples, dtype=np.int64)
    if wide.ndim != 1 or wide.size != layout.count:
        raise EncodeError(f"{wide.size} samples where the specification has {layout.count}")
    if not layout.sample_octets:
        raise EncodeError(f"samples of {layout.bits} bits")
    lowest, highest = _limits(layout)
    if wide.size and (int(wide.min()) < lowest or int(wide.max()) > highest):
        raise EncodeError(f"a sample is outside {lowest}..{highest}")
    return wide.astype(_wire(layout)).tobytes()


def scale_and_offset(
    layout: SampleSpecification, scale: ScaleAndRange | None
) -> tuple[Decimal, Decimal]:
    """Factor and offset that turn a sample into its physical value; 1 and 0 without a scale."""
    if scale is None:
        return Decimal(1), Decimal(0)
    lower, upper = scale.lower_absolute, scale.upper_absolute
    first, last = (_signed(raw, layout) for raw in (scale.lower_scaled, scale.upper_scaled))
    if not (isinstance(lower, Decimal) and isinstance(upper, Decimal)) or first == last:
        raise DecodeError("a scale without a range", clause="20601 Scale-and-Range-Specification")
    if lower == upper:
        # Every sample would mean the same: a flat line that nobody measured.
        raise DecodeError("a scale of one value", clause="20601 Scale-and-Range-Specification")
    factor = (upper - lower) / (last - first)
    return factor, lower - factor * first


def _signed(raw: int, layout: SampleSpecification) -> int:
    """A bound of the scaled range, read like a sample."""
    if layout.signed and raw >= 1 << (layout.bits - 1):
        return raw - (1 << layout.bits)
    return raw


def _limits(layout: SampleSpecification) -> tuple[int, int]:
    if layout.signed:
        return -(1 << (layout.bits - 1)), (1 << (layout.bits - 1)) - 1
    return 0, (1 << min(layout.significant or layout.bits, layout.bits)) - 1


def _wire(layout: SampleSpecification) -> np.dtype[np.signedinteger | np.unsignedinteger]:
    kind = "i" if layout.signed else "u"
    return np.dtype(f">{kind}{layout.sample_octets}")
