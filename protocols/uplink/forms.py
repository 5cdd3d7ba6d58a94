"""Which form a row has: all that the rows of one series share, but for how their ids come about.

A vehicle's devices show the same few values of the same few kinds over and over, so what a value
or a kind means is worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from protocols.errors import ProtocolError
from protocols.model.identifiers import Identity
from protocols.uplink import columns as col
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import identity_of
from protocols.uplink.readings import Part
from protocols.uplink.row_times import Context
from protocols.uplink.series import Digits, parts_of

InColumns = (
    rec.NumericRecord | rec.CompoundRecord | rec.SamplesRecord | rec.CodedRecord | rec.BitsRecord
)
IN_COLUMNS: Final = (
    rec.NumericRecord,
    rec.CompoundRecord,
    rec.SamplesRecord,
    rec.CodedRecord,
    rec.BitsRecord,
)
"""The records that columns are for; most rows are of the first kind."""
_KINDS: Final[dict[type, str]] = {
    rec.NumericRecord: col.NUMERIC,
    rec.CompoundRecord: col.COMPOUND,
    rec.SamplesRecord: col.SAMPLES,
    rec.CodedRecord: col.CODED,
    rec.BitsRecord: col.BITS,
}
_SAMPLES: Final = {2: "<i2", 4: "<i4"}
_SampleFacts = tuple[str, str, int] | None


class Form(NamedTuple):
    """A series but for how its ids come about (`columns.SeriesRecord`).

    `device` is the system id; `samples` are a waveform's scale, offset and period in microseconds.
    """

    device: bytes
    kind: str
    type_cf: int
    parts: tuple[Part, ...]
    quality: str
    device_kind: str
    zone_seconds: int
    status: int
    supplements: tuple[int, ...]
    samples: tuple[str, str, int] | None
    counts_reports: bool


@dataclass(frozen=True, slots=True)
class Own:
    """What a record says beside what all observations say.

    `numbers` are the row's own integers; `shape` is a number for what the others share: the
    parts of its series and a waveform's facts. `duration_us`: how long its samples last.
    """

    numbers: tuple[int, ...]
    shape: int
    duration_us: int = 0
    samples: NDArray[np.signedinteger] | None = None


class _Shape(NamedTuple):
    kind: str
    parts: tuple[Part, ...]
    samples: _SampleFacts = None
    counts_reports: bool = False


@dataclass(slots=True)
class FormBook:
    """The forms of rows in the order they are met: each with the identity of its ids.

    `spoilt` says of the first row whose codes are impossible why no batch can hold it.
    """

    forms: list[Form] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    spoilt: str = ""
    _digits: Digits = field(default_factory=Digits)
    _numeric: dict[tuple[str, int], Own | None] = field(default_factory=dict)
    _shapes: dict[_Shape, int] = field(default_factory=dict)

    def owns_of(self, records: Sequence[rec.ContentRecord]) -> list[Own | None]:
        """What is each record's own; None where it fits no column."""
        numeric, own_of = self._numeric, self._own_of
        # A value that was shown before is not worked out again.
        return [
            (numeric.get((one.value.value, one.value.unit)) or self._numeric_of(one))
            if isinstance(one, rec.NumericRecord)
            else (own_of(one) if isinstance(one, IN_COLUMNS) else None)
            for one in records
        ]

    def take(
        self, commons: Sequence[rec.CommonRecord], owns: Sequence[Own], contexts: Sequence[Context]
    ) -> list[int]:
        """The number of each row's form, with those of `RowTimes.contexts`; -1: `spoilt`."""
        keys = list(
            zip(
                contexts,
                [one.type_cf for one in commons],
                [own.shape for own in owns],
                [one.status for one in commons],
                [one.supplements for one in commons],
                strict=True,
            )
        )
        # In the order they are met: a dictionary keeps it.
        numbers = {key: self._add(key) for key in dict.fromkeys(keys)}
        return [numbers[key] for key in keys]

    def names_of(
        self, forms: Sequence[int], stamps: Sequence[bytes], owns: Sequence[Own]
    ) -> list[bytes]:
        """The names that make the ids of rows by these stamps (`Identity`)."""
        around = [(one.head, one.behind(0)) for one in self.identities]
        pairs = [
            (around[form][0], self.identities[form].behind(own.duration_us))
            if own.duration_us
            else around[form]
            for form, own in zip(forms, owns, strict=True)
        ]
        return [
            before + stamp + behind for (before, behind), stamp in zip(pairs, stamps, strict=True)
        ]

    def _add(self, key: tuple[Context, int, int, int, tuple[int, ...]]) -> int:
        (device, quality, device_kind, zone_seconds), type_cf, number, status, supplements = key
        try:
            identity = identity_of(device, type_cf, supplements)
        except ProtocolError as exc:
            self.spoilt = self.spoilt or str(exc)
            return -1
        kind, parts, samples, counts_reports = list(self._shapes)[number]
        self.identities.append(identity)
        self.forms.append(
            Form(
                device=device,
                kind=kind,
                type_cf=type_cf,
                parts=parts,
                quality=quality,
                device_kind=device_kind,
                zone_seconds=zone_seconds,
                status=status,
                supplements=supplements,
                samples=samples,
                counts_reports=counts_reports,
            )
        )
        return len(self.forms) - 1

    def _numeric_of(self, record: rec.NumericRecord) -> Own | None:
        own = self._own_of(record)
        self._numeric[record.value.value, record.value.unit] = own
        return own

    def _own_of(self, record: InColumns) -> Own | None:
        found = parts_of(record, self._digits)
        if found is None:
            return None
        parts, numbers = found
        kind = _KINDS[type(record)]
        if not isinstance(record, rec.SamplesRecord):
            return Own(numbers, self._shape(_Shape(kind, parts)))
        facts = (record.scale, record.offset, record.period_us)
        shape = self._shape(_Shape(kind, parts, facts, record.sequence is not None))
        taken = np.frombuffer(record.samples, _SAMPLES[record.width])
        return Own(numbers, shape, record.period_us * numbers[0], taken)

    def _shape(self, shape: _Shape) -> int:
        return self._shapes.setdefault(shape, len(self._shapes))
