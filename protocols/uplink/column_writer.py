"""From the rows of a batch to its columns (contract version 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from protocols.model.identifiers import Identity
from protocols.uplink import columns as col
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import CounterSearch, identity_of
from protocols.uplink.device_stamps import to_microseconds, to_stamp
from protocols.uplink.id_writer import IdWriter
from protocols.uplink.kept_rows import record_of
from protocols.uplink.messages import UplinkBatch, UplinkRow, batch_name
from protocols.uplink.moments import MomentWriter
from protocols.uplink.places import PlaceWriter
from protocols.uplink.readings import Part
from protocols.uplink.sample_columns import write_columns
from protocols.uplink.series import Digits, parts_of

_KINDS: Final[dict[type, str]] = {
    rec.NumericRecord: col.NUMERIC,
    rec.CompoundRecord: col.COMPOUND,
    rec.SamplesRecord: col.SAMPLES,
    rec.CodedRecord: col.CODED,
    rec.BitsRecord: col.BITS,
}
_InColumns = (
    rec.NumericRecord | rec.CompoundRecord | rec.SamplesRecord | rec.CodedRecord | rec.BitsRecord
)
_SampleFacts = tuple[str, str, int, bool] | None
_ENCODER: Final = msgspec.msgpack.Encoder()
_FORMS: Final = {2: "<i2", 4: "<i4"}


def write_batch(batch: UplinkBatch, search: CounterSearch) -> col.ColumnsRecord:
    """The columns of a batch. `search` is kept from batch to batch: it makes ids short."""
    search.begin()
    writer = _Writer(search)
    for row in batch.rows:
        writer.add(row)
    sent_at = to_microseconds(batch.sent_at)
    devices, moments = writer.moments.columns(sent_at)
    is_named = batch.batch_id == batch_name(
        batch.stream, batch.boot_epoch, [row.sequence for row in batch.rows]
    )
    return col.ColumnsRecord(
        batch_id=b"" if is_named else batch.batch_id.bytes,
        vehicle_id=batch.vehicle_id,
        stream=batch.stream,
        boot_epoch=batch.boot_epoch,
        sent_at=sent_at // moments.unit,
        devices=devices,
        series=tuple(writer.series),
        series_of=tuple(writer.series_of),
        runs=tuple(writer.runs),
        moments=moments,
        values=tuple(writer.values),
        counters=tuple(writer.ids.counters),
        ids=b"".join(writer.ids.ids),
        samples=writer.sample_columns(),
        plain=tuple(writer.plain),
        traceparent=batch.traceparent,
        floor=batch.floor,
        places=writer.places.columns(),
    )


@dataclass(slots=True)
class _Here:
    """The moment at hand: what its rows share. -1 until a row of it is in the columns."""

    captured_at: datetime
    system_id: bytes
    time: rec.TimeRecord
    stamp: int
    zone_seconds: int
    device: int = -1
    context: int = -1


@dataclass(slots=True)
class _Shape:
    """A series but for how its ids come about; its numbers in the batch, by that."""

    identity: Identity
    numbers: dict[int, int] = field(default_factory=dict)


class _Writer:
    """Takes the rows one by one; what many of them share is worked out once."""

    def __init__(self, search: CounterSearch) -> None:
        self.ids = IdWriter(search)
        self.moments = MomentWriter()
        self.places = PlaceWriter()
        self.series: list[col.SeriesRecord] = []
        self.series_of: list[int] = []
        self.runs: list[int] = []
        self.values: list[int] = []
        self.plain: list[msgspec.Raw] = []
        self._digits = Digits()
        self._here: _Here | None = None
        self._contexts: dict[tuple[int, str, str, int], int] = {}
        self._shapes: dict[tuple[object, ...], _Shape] = {}
        self._own: dict[int, tuple[int, ...]] = {}
        self._samples: dict[int, list[NDArray[np.signedinteger]]] = {}
        self._sequence = 0

    def add(self, row: UplinkRow) -> None:
        """One row more: in columns, or as it is in version 1 when it fits none."""
        content = record_of(row)
        if not self._add_to_columns(row, content):
            record = rec.RowRecord(
                row.sequence, row.captured_at, msgspec.Raw(_ENCODER.encode(content)), row.octets
            )
            self.plain.append(msgspec.Raw(_ENCODER.encode(record)))
            self.series_of.append(0)

    def _add_to_columns(self, row: UplinkRow, content: rec.ContentRecord) -> bool:
        own = parts_of(content, self._digits)
        if own is None or not isinstance(content, _InColumns):
            return False
        common = content.common
        here = self._moment(row.captured_at, common)
        if here is None or not self.places.add(row.octets):
            return False
        begins = self._enter(here)
        parts, numbers = own
        facts, duration_us = None, 0
        if isinstance(content, rec.SamplesRecord):
            counts = content.sequence is not None
            facts = (content.scale, content.offset, content.period_us, counts)
            duration_us = content.period_us * numbers[0]
        shape = self._shape(content, here, parts, facts)
        how = self.ids.rule_of(common, shape.identity, duration_us, begins=begins)
        series = shape.numbers.get(how[0])
        if series is None:
            series = shape.numbers[how[0]] = len(self.series)
            self.series.append(_series(content, here, parts, facts, how[0]))
        self.series_of.append(series + 1)
        self.ids.add(common, here.device, how, begins=begins)
        self._count(row.sequence)
        last = self._own.get(series)
        self.values += numbers if last is None else map(int.__sub__, numbers, last)
        self._own[series] = numbers
        if isinstance(content, rec.SamplesRecord):
            taken = np.frombuffer(content.samples, _FORMS[content.width])
            self._samples.setdefault(series, []).append(taken)
        return True

    def _moment(self, captured_at: datetime, common: rec.CommonRecord) -> _Here | None:
        """What the row shares with others of its moment; None when its stamp fits no column."""
        here, time = self._here, common.time
        if (
            here is not None
            and time == here.time
            and captured_at == here.captured_at
            and common.device == here.system_id
        ):
            return here
        stamp = to_stamp(time.device_kind, time.device_value)
        if stamp is None:
            return None
        self._here = _Here(captured_at, common.device, time, *stamp)
        return self._here

    def _enter(self, here: _Here) -> bool:
        """A row of the moment is in the columns; True when it is the first one."""
        if here.device >= 0:
            self.moments.again()
            return False
        here.device = self.moments.device(here.system_id)
        time = here.time
        context = (here.device, time.quality, time.device_kind, here.zone_seconds)
        here.context = self._contexts.setdefault(context, len(self._contexts))
        self.ids.begin(here.captured_at, time)
        return self.moments.add(here.device, here.captured_at, time, here.stamp)

    def _shape(
        self, content: _InColumns, here: _Here, parts: tuple[Part, ...], facts: _SampleFacts
    ) -> _Shape:
        common = content.common
        key = (
            *(here.context, common.type_cf, parts, common.status, common.supplements),
            *(content.__class__, facts),
        )
        shape = self._shapes.get(key)
        if shape is None:
            identity = identity_of(common.device, common.type_cf, common.supplements)
            shape = self._shapes[key] = _Shape(identity)
        return shape

    def _count(self, sequence: int) -> None:
        skipped = sequence - self._sequence - 1
        if skipped or not self.runs:
            self.runs += (skipped, 0)
        self.runs[-1] += 1
        self._sequence = sequence

    def sample_columns(self) -> tuple[col.SampleColumn, ...]:
        """The samples of every series, end to end."""
        return write_columns(
            {
                series: np.concatenate(taken, dtype=np.int64)
                for series, taken in self._samples.items()
            },
            leads={series: self.series[series].type_cf for series in self._samples},
            devices={series: self.series[series].device for series in self._samples},
        )


def _series(
    content: _InColumns, here: _Here, parts: tuple[Part, ...], facts: _SampleFacts, rule: int
) -> col.SeriesRecord:
    common = content.common
    return col.SeriesRecord(
        device=here.device,
        kind=_KINDS[type(content)],
        type_cf=common.type_cf,
        parts=parts,
        quality=common.time.quality,
        device_kind=common.time.device_kind,
        identity=rule,
        status=common.status,
        supplements=common.supplements,
        zone_seconds=here.zone_seconds,
        samples=None if facts is None else facts[:3],
        counts_reports=facts is not None and facts[3],
    )
