"""From the rows of a batch to its columns (contract version 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
import numpy as np

from protocols.model.identifiers import Identity
from protocols.model.timestamps import TimeQuality
from protocols.uplink import columns as col
from protocols.uplink import records as rec
from protocols.uplink.contents import to_content
from protocols.uplink.derived_ids import (
    ARRIVED,
    EXPLICIT,
    RECEIVED,
    STAMPED,
    CounterSearch,
    Wanted,
    identity_of,
    next_report,
    stamped_id,
)
from protocols.uplink.device_stamps import NONE, RELATIVE, to_microseconds, to_stamp
from protocols.uplink.messages import UplinkBatch, UplinkRow, batch_name
from protocols.uplink.moments import MomentWriter
from protocols.uplink.places import PlaceWriter
from protocols.uplink.sample_columns import Samples, write_columns
from protocols.uplink.series import Digits, Own, parts_of

RECEPTION: Final = TimeQuality.RECEIVED.value
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
_ENCODER: Final = msgspec.msgpack.Encoder()


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
        counters=tuple(writer.counters),
        ids=b"".join(writer.ids),
        samples=writer.sample_columns(),
        plain=tuple(writer.plain),
        traceparent=batch.traceparent,
        floor=batch.floor,
        places=writer.places.columns(),
    )


class _Writer:
    """Takes the rows one by one."""

    def __init__(self, search: CounterSearch) -> None:
        self._search = search
        self.series: dict[col.SeriesRecord, int] = {}
        self.series_of: list[int] = []
        self.runs: list[int] = []
        self.moments = MomentWriter()
        self.places = PlaceWriter()
        self.values: list[int] = []
        self.counters: list[int] = []
        self.ids: list[bytes] = []
        self.plain: list[msgspec.Raw] = []
        self._digits = Digits()
        self._identities: dict[tuple[bytes, int, tuple[int, ...]], Identity] = {}
        self._sequence = 0
        self._counter: dict[int, tuple[int, int]] = {}
        self._own: dict[int, tuple[int, ...]] = {}
        self._samples: dict[int, list[Samples]] = {}

    def add(self, row: UplinkRow) -> None:
        """One row more: in columns, or as it is in version 1 when it fits none."""
        content = to_content(row.content)
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
        time = common.time
        stamp = to_stamp(time.device_kind, time.device_value)
        if stamp is None or not self.places.add(row.octets):
            return False
        device = self.moments.device(common.device)
        rule, found = self._rule(content, row.captured_at)
        begins = self.moments.add(device, row.captured_at, time, stamp[0])
        series = self._series(content, common, own, (device, rule, stamp[1]))
        self.series_of.append(series + 1)
        self._count(row.sequence)
        self._add_identity(device, rule, found, common.observation_id, begins=begins)
        self._add_values(series, content, own[1])
        return True

    def _rule(self, content: _InColumns, captured_at: datetime) -> tuple[int, tuple[int, int]]:
        """How the id comes about, and the counter and the lag in it."""
        common = content.common
        key = (common.device, common.type_cf, common.supplements)
        identity = self._identities.get(key)
        if identity is None:
            identity = self._identities.setdefault(key, identity_of(*key))
        duration_us = 0
        if isinstance(content, rec.SamplesRecord):
            duration_us = content.period_us * (len(content.samples) // content.width)
        time, wanted = common.time, common.observation_id
        if time.device_kind != NONE:
            made = stamped_id(identity, time.device_kind, time.device_value, duration_us)
            if made == wanted:
                return STAMPED, (0, 0)
            if time.device_kind != RELATIVE:
                return EXPLICIT, (0, 0)
        if time.quality == RECEPTION:
            search = Wanted(wanted, common.device, identity, time.at, duration_us)
            counter = self._search.received(search)
            return (EXPLICIT, (0, 0)) if counter is None else (RECEIVED, (counter, 0))
        search = Wanted(wanted, common.device, identity, captured_at, duration_us)
        found = self._search.arrived(search)
        return (EXPLICIT, (0, 0)) if found is None else (ARRIVED, found)

    def _series(
        self,
        content: rec.ContentRecord,
        common: rec.CommonRecord,
        own: Own,
        facts: tuple[int, int, int],
    ) -> int:
        device, rule, zone_seconds = facts
        samples, counts = None, False
        if isinstance(content, rec.SamplesRecord):
            samples = (content.scale, content.offset, content.period_us)
            counts = content.sequence is not None
        record = col.SeriesRecord(
            device=device,
            kind=_KINDS[type(content)],
            type_cf=common.type_cf,
            parts=own[0],
            quality=common.time.quality,
            device_kind=common.time.device_kind,
            identity=rule,
            status=common.status,
            supplements=common.supplements,
            zone_seconds=zone_seconds,
            samples=samples,
            counts_reports=counts,
        )
        return self.series.setdefault(record, len(self.series))

    def _count(self, sequence: int) -> None:
        skipped = sequence - self._sequence - 1
        if skipped or not self.runs:
            self.runs += (skipped, 0)
        self.runs[-1] += 1
        self._sequence = sequence

    def _add_identity(
        self, device: int, rule: int, found: tuple[int, int], identity: UUID, *, begins: bool
    ) -> None:
        if rule == EXPLICIT:
            self.ids.append(identity.bytes)
        elif rule in (RECEIVED, ARRIVED):
            last, lag = self._counter.get(device, (-1, 0))
            if rule == ARRIVED:
                self.counters.append(found[1] - lag)
            expected = next_report(last) if begins else last + 1
            self.counters.append(found[0] - expected)
            self._counter[device] = found[0], found[1] if rule == ARRIVED else lag

    def _add_values(self, series: int, content: rec.ContentRecord, own: tuple[int, ...]) -> None:
        last = self._own.get(series)
        self.values += own if last is None else map(int.__sub__, own, last)
        self._own[series] = own
        if isinstance(content, rec.SamplesRecord):
            form = "<i2" if content.width == 2 else "<i4"
            taken = np.frombuffer(content.samples, form).astype(np.int64)
            self._samples.setdefault(series, []).append(taken)

    def sample_columns(self) -> tuple[col.SampleColumn, ...]:
        """The samples of every series, end to end."""
        records = list(self.series)
        return write_columns(
            {series: np.concatenate(taken) for series, taken in self._samples.items()},
            leads={series: records[series].type_cf for series in self._samples},
            devices={series: records[series].device for series in self._samples},
        )
