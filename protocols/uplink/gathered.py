"""Rows by columns, as a batch carries them: for a backlog no object is made for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from protocols.model.identifiers import Identity
from protocols.uplink.forms import Form, Own
from protocols.uplink.known_ids import KnownIds
from protocols.uplink.messages import UplinkRow
from protocols.uplink.row_codec import open_row

Numbers = NDArray[np.int64]
PLAIN: Final = -1
"""The form of a row that fits no column."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """Columns of rows, the n-th entry of each being the n-th row's.

    `forms` count in `known_forms` and `identities`, `PLAIN` for a row that is none's: such a row
    has nothing but its sequence and place here. `widths` say how many of `own` are a row's: the
    digits of its numbers, a code, bits, or of a waveform how many samples and the report's number.
    `moments` count in `captured`, `observed` (microseconds since 1970) and `stamps` (the device's
    own time), which begin anew where a row has other times than the one before it. `known_ids` are
    those of the observations. `waves` is what is the waveforms' own, by row. `spoilt` says why a
    row of these can be in no batch, if one is like that.
    """

    known_forms: Sequence[Form]
    identities: Sequence[Identity]
    sequences: Numbers
    forms: Numbers
    moments: Numbers
    widths: Numbers
    own: Numbers
    known_ids: KnownIds
    places: Sequence[str]
    captured: Numbers
    observed: Numbers
    stamps: Numbers
    waves: Mapping[int, Own]
    spoilt: str


class GatheredRows(Sequence[UplinkRow]):
    """Rows with their columns; one that is asked for by itself is read from its octets then.

    A slice is a tuple of such rows.
    """

    __slots__ = ("_bodies", "_rows", "columns")

    def __init__(
        self, columns: Gathered, bodies: Sequence[bytes], rows: Mapping[int, UplinkRow]
    ) -> None:
        """`bodies` are the octets of kept rows, by number; `rows` the others."""
        self.columns, self._bodies, self._rows = columns, bodies, rows

    def __len__(self) -> int:
        """How many rows."""
        return len(self.columns.sequences)

    @overload
    def __getitem__(self, index: int) -> UplinkRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UplinkRow, ...]: ...
    def __getitem__(self, index: int | slice) -> UplinkRow | tuple[UplinkRow, ...]:
        """One row, or those of a slice."""
        if isinstance(index, slice):
            return tuple(self[one] for one in range(*index.indices(len(self))))
        number = range(len(self))[index]
        row = self._rows.get(number)
        if row is not None:
            return row
        return open_row(
            self._bodies[number],
            sequence=int(self.columns.sequences[number]),
            place=self.columns.places[number],
        )

    def __iter__(self) -> Iterator[UplinkRow]:
        """Every row."""
        return (self[number] for number in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Equal to any sequence of equal rows."""
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, and as little a key as one
