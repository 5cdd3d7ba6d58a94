"""A batch of contract version 2: columns of differences, in a frame (see `frames`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

import msgspec

from protocols.errors import DecodeError, EncodeError
from protocols.uplink.column_reader import MOST_ROWS, read_readings
from protocols.uplink.column_writer import write_batch
from protocols.uplink.columns import ColumnsRecord
from protocols.uplink.device_stamps import from_microseconds
from protocols.uplink.frames import is_framed, pack, unpack
from protocols.uplink.messages import UplinkBatch, UplinkRow, batch_name, rows_of
from protocols.uplink.prepared import PreparedRows
from protocols.uplink.reading_columns import Readings
from protocols.uplink.row_codec import (
    BROKEN,
    CONTENT_BINARY,
    Readable,
    decode_record,
    read_each,
)

_ID_OCTETS: Final = 16
_NEVER: Final = from_microseconds(1000)
"""Stands for when a batch will be sent: the unit of its times is no longer than a millisecond."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ColumnsRecord)


def encode_compact(batch: UplinkBatch) -> bytes:
    """The octets of a batch.

    EncodeError for more than `MOST_ROWS` rows or `frames.MOST_OCTETS` octets.
    """
    if isinstance(batch.rows, PreparedRows):
        return batch.rows.framed(batch)
    plain = encode_columns(batch)
    if len(batch.rows) > MOST_ROWS:
        raise EncodeError("an uplink batch of this size is not sent")
    return pack(plain)


def encode_columns(batch: UplinkBatch) -> bytes:
    """The octets of a batch before compression, of which the dictionary is made."""
    return _ENCODER.encode(write_batch(batch))


def prepare_rows(batch: UplinkBatch) -> PreparedRows:
    """A batch's rows written ahead of the time it is sent; errors as of `encode_compact`.

    Everything else the batch says is said anew when it is sent.
    """
    octets = encode_compact(replace(batch, sent_at=_NEVER))
    return PreparedRows([row.sequence for row in batch.rows], octets, _rows)


def decode_compact(octets: bytes, *, gateway_id: str) -> UplinkBatch:
    """Read a batch; DecodeError for anything else. It came from `gateway_id`, and does not say."""
    record = _columns(octets)
    readings, alone = read_readings(record), _alone(record)
    in_columns, others = iter(rows_of(readings)), iter(alone)
    rows: list[UplinkRow] = []
    for number in record.series_of:
        rows += [next(in_columns)] if number else next(others)[1].rows
    return replace(_batch(record, gateway_id, readings, alone), rows=tuple(rows))


def read_compact(octets: bytes, *, gateway_id: str) -> UplinkBatch:
    """As `decode_compact`; what travelled in columns is left in them, as the batch's readings."""
    record = _columns(octets)
    readings = read_readings(record)
    batch = _batch(record, gateway_id, readings, _alone(record))
    return replace(batch, readings=readings) if len(readings) else batch


def _rows(octets: bytes) -> tuple[UplinkRow, ...]:
    return tuple(decode_compact(octets, gateway_id="").rows)


_Alone = list[tuple[int, Readable]]


def _alone(record: ColumnsRecord) -> _Alone:
    """The rows that are in no column, with their sequences; one that cannot be read is named."""
    envelopes = [decode_record(one) for one in record.plain]
    return [(one.sequence, read_each([one], CONTENT_BINARY)) for one in envelopes]


def _batch(
    record: ColumnsRecord, gateway_id: str, readings: Readings, alone: _Alone
) -> UplinkBatch:
    """The batch with the rows that are in no column."""
    sequences = readings.sequences.tolist()
    if alone:
        in_columns, others = iter(sequences), (sequence for sequence, _ in alone)
        sequences = [next(in_columns if number else others) for number in record.series_of]
    name = (
        _uuid(record.batch_id)
        if record.batch_id
        else batch_name(record.stream, record.boot_epoch, sequences)
    )
    return UplinkBatch(
        batch_id=name,
        gateway_id=gateway_id,
        vehicle_id=record.vehicle_id,
        stream=record.stream,
        boot_epoch=record.boot_epoch,
        sent_at=from_microseconds(record.sent_at * record.moments.unit),
        rows=tuple(row for _, read in alone for row in read.rows),
        unreadable=tuple(one for _, read in alone for one in read.unreadable),
        floor=record.floor,
        traceparent=record.traceparent,
    )


is_compact = is_framed


def _columns(octets: bytes) -> ColumnsRecord:
    try:
        return _DECODER.decode(unpack(octets))
    except BROKEN as exc:
        raise DecodeError(f"not a compact uplink batch: {exc}") from exc


def _uuid(octets: bytes) -> UUID:
    if len(octets) != _ID_OCTETS:
        raise DecodeError("uplink batch: a name has sixteen octets")
    return UUID(bytes=octets)
