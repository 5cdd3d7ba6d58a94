"""From the rows of a batch to its columns (contract version 2)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from protocols.errors import EncodeError
from protocols.uplink import columns as col
from protocols.uplink import records as rec
from protocols.uplink.derived_ids import RULES
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.gathered import PLAIN, Gathered, GatheredRows, Numbers
from protocols.uplink.gathering import gather
from protocols.uplink.id_writer import write_ids
from protocols.uplink.kept_rows import record_of
from protocols.uplink.messages import UplinkBatch, batch_name
from protocols.uplink.moment_writer import Moments, write_moments
from protocols.uplink.places import PlaceWriter
from protocols.uplink.sample_columns import write_columns

_ENCODER: Final = msgspec.msgpack.Encoder()


def write_batch(batch: UplinkBatch) -> col.ColumnsRecord:
    """The columns of a batch; EncodeError when a row has codes that are none."""
    rows = batch.rows if isinstance(batch.rows, GatheredRows) else gather(batch.rows)
    columns = rows.columns
    if columns.spoilt:
        raise EncodeError(f"a row of the batch is spoilt: {columns.spoilt}")
    fitting = np.flatnonzero(columns.forms != PLAIN)
    ids = write_ids(columns, fitting)
    series = _Series.of(columns, fitting, ids.rules)
    series_of = np.zeros(len(rows), np.int64)
    series_of[fitting] = series.of_rows + 1
    sent_at = to_microseconds(batch.sent_at)
    devices, moments = write_moments(_moments(columns, fitting, series), series.known, sent_at)
    is_named = batch.batch_id == batch_name(
        batch.stream, batch.boot_epoch, columns.sequences.tolist()
    )
    return col.ColumnsRecord(
        batch_id=b"" if is_named else batch.batch_id.bytes,
        vehicle_id=batch.vehicle_id,
        stream=batch.stream,
        boot_epoch=batch.boot_epoch,
        sent_at=sent_at // moments.unit,
        devices=devices,
        series=series.records,
        series_of=tuple(series_of.tolist()),
        runs=_runs(columns.sequences[fitting]),
        moments=moments,
        values=_values(columns, fitting, series.of_rows),
        counters=ids.counters,
        ids=ids.ids,
        samples=_samples(columns, fitting, series),
        plain=_plain(rows),
        traceparent=batch.traceparent,
        floor=batch.floor,
        places=_places(columns, fitting),
    )


@dataclass(frozen=True, slots=True)
class _Series:
    """The series of a batch as they first appear, and which one each row in columns is of.

    `known` are the batch's devices, each with the kind of its own time.
    """

    records: tuple[col.SeriesRecord, ...]
    of_rows: Numbers
    known: list[tuple[bytes, str]]

    @classmethod
    def of(cls, columns: Gathered, rows: Numbers, rules: Numbers) -> _Series:
        """Of these rows: a series is a form and a rule for ids."""
        kinds, firsts, number_of = np.unique(
            columns.forms[rows] * len(RULES) + rules, return_index=True, return_inverse=True
        )
        order = np.argsort(firsts)
        numbers = np.empty_like(order)
        numbers[order] = np.arange(len(order))
        records, devices = [], dict[bytes, tuple[int, str]]()
        for kind in kinds[order].tolist():
            form, rule = columns.known_forms[kind // len(RULES)], kind % len(RULES)
            device, _ = devices.setdefault(form.device, (len(devices), form.device_kind))
            records.append(
                col.SeriesRecord(
                    device=device,
                    kind=form.kind,
                    type_cf=form.type_cf,
                    parts=form.parts,
                    quality=form.quality,
                    device_kind=form.device_kind,
                    identity=rule,
                    status=form.status,
                    supplements=form.supplements,
                    zone_seconds=form.zone_seconds,
                    samples=form.samples,
                    counts_reports=form.counts_reports,
                )
            )
        known = [(device, kind) for device, (_, kind) in devices.items()]
        return cls(tuple(records), numbers[number_of], known)


def _moments(columns: Gathered, rows: Numbers, series: _Series) -> Moments:
    numbers, firsts, counts = np.unique(
        columns.moments[rows], return_index=True, return_counts=True
    )
    devices = np.array([record.device for record in series.records], np.int64)
    return Moments(
        devices=devices[series.of_rows[firsts]],
        captured=columns.captured[numbers],
        observed=columns.observed[numbers],
        stamps=columns.stamps[numbers],
        rows=counts,
    )


def _runs(sequences: Numbers) -> tuple[int, ...]:
    """How many sequences are skipped, how many rows follow, and so on."""
    skipped = np.diff(sequences, prepend=0) - 1
    begins = np.flatnonzero(skipped)
    if len(sequences) and not skipped[0]:
        begins = np.concatenate(((0,), begins))
    lengths = np.diff(begins, append=len(sequences))
    return tuple(np.stack((skipped[begins], lengths), axis=1).ravel().tolist())


def _values(columns: Gathered, rows: Numbers, series_of: Numbers) -> tuple[int, ...]:
    """The rows' own integers, each less that of the series' row before."""
    widths = columns.widths[rows]
    place = np.arange(len(columns.own)) - np.repeat(np.cumsum(widths) - widths, widths)
    group = np.repeat(series_of, widths) * (int(widths.max(initial=0)) + 1) + place
    order = np.argsort(group, kind="stable")
    ordered, group = columns.own[order], group[order]
    differences = ordered.copy()
    differences[1:] -= np.where(np.diff(group) == 0, ordered[:-1], 0)
    values = np.empty_like(differences)
    values[order] = differences
    return tuple(values.tolist())


def _samples(columns: Gathered, rows: Numbers, series: _Series) -> tuple[col.SampleColumn, ...]:
    """The samples of every series, end to end."""
    taken: dict[int, list[NDArray[np.signedinteger]]] = {}
    if columns.waves:
        for row, number in zip(rows.tolist(), series.of_rows.tolist(), strict=True):
            own = columns.waves.get(row)
            if own is not None and own.samples is not None:
                taken.setdefault(number, []).append(own.samples)
    return write_columns(
        {number: np.concatenate(pieces, dtype=np.int64) for number, pieces in taken.items()},
        leads={number: series.records[number].type_cf for number in taken},
        devices={number: series.records[number].device for number in taken},
    )


def _plain(rows: GatheredRows) -> tuple[msgspec.Raw, ...]:
    """The rows that fit no column, as they are in version 1."""
    plain = []
    for number in np.flatnonzero(rows.columns.forms == PLAIN).tolist():
        row = rows[number]
        content = msgspec.Raw(_ENCODER.encode(record_of(row)))
        record = rec.RowRecord(row.sequence, row.captured_at, content, row.octets)
        plain.append(msgspec.Raw(_ENCODER.encode(record)))
    return tuple(plain)


def _places(columns: Gathered, rows: Numbers) -> col.PlaceColumns:
    writer, places = PlaceWriter(), columns.places
    for place, run in groupby(places[row] for row in rows.tolist()):
        writer.add(place, sum(1 for _ in run))
    return writer.columns()
