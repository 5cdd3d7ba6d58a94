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
from protocols.ieee20601.attribute_values import SampleSpecification, ScaleAndRange

_CLAUSE: Final = "20601 6.3.5, Simple-Sa-Observed-Value"
_MODEL: Final = np.dtype("<i4")
_I32_TOP: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples as the model holds them: physical value = sample x `scale` + `offset`."""

    octets: bytes
    scale: Decimal
    offset: Decimal


def decode_samples(
    octets: bytes, layout: SampleSpecification | None, scale: ScaleAndRange | None
) -> Samples:
    """The samples of an observed value; DecodeError when they do not fit their specification."""
    if layout is None:
        raise DecodeError("samples without a Sa-Specification", clause=_CLAUSE)
    width = layout.sample_octets
    if not width:
        raise DecodeError(f"samples of {layout.bits} bits", clause=_CLAUSE)
    if len(octets) != layout.count * width:
        raise DecodeError(
            f"{len(octets)} octets are not {layout.count} samples of {layout.bits} bits",
            clause=_CLAUSE,
        )
    wide = np.frombuffer(octets, dtype=_wire(layout)).astype(np.int64)
    if not layout.signed and 0 < layout.significant < layout.bits:
        wide &= (1 << layout.significant) - 1
    factor, offset = scale_and_offset(layout, scale)
    if wide.size and int(wide.max()) >= _I32_TOP:
        # Unsigned 32-bit samples above the model's range: move the zero point, lose nothing.
        wide -= _I32_TOP
        offset += factor * _I32_TOP
    return Samples(wide.astype(_MODEL).tobytes(), factor, offset)


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
