"""A batch of contract version 2: columns of differences, compressed with a dictionary of ours.

    02 | dictionary number | octets before compression, as three octets | zstd frame without magic

The dictionary is what small batches are compressed by: it holds what batches look like, knows no
patient, and is shipped with the program under its number. How much there is to unpack is checked
before it is unpacked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

import msgspec
import zstandard

from protocols.errors import DecodeError, EncodeError
from protocols.uplink.channels import COMPACT_VERSION
from protocols.uplink.column_reader import MOST_ROWS, read_readings
from protocols.uplink.column_writer import write_batch
from protocols.uplink.columns import ColumnsRecord
from protocols.uplink.derived_ids import CounterSearch
from protocols.uplink.device_stamps import from_microseconds
from protocols.uplink.dictionary import DICTIONARIES, NEWEST, PARAMETERS
from protocols.uplink.messages import UplinkBatch, UplinkRow, batch_name, rows_of
from protocols.uplink.reading_columns import Readings
from protocols.uplink.row_codec import (
    BROKEN,
    CONTENT_BINARY,
    Readable,
    decode_record,
    read_each,
)

MOST_OCTETS: Final = 8 << 20
"""Of a batch before compression."""

_HEAD_OCTETS: Final = 5
_ID_OCTETS: Final = 16
_MAGIC: Final = bytes.fromhex("28b52ffd")
_FORMAT: Final = zstandard.FORMAT_ZSTD1_MAGICLESS
_WINDOW_OCTETS: Final = 8 << 20
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(ColumnsRecord)


def encode_compact(batch: UplinkBatch, search: CounterSearch | None = None) -> bytes:
    """The octets of a batch. `search`, kept from batch to batch, makes ids short.

    EncodeError for more than `MOST_ROWS` rows or `MOST_OCTETS` octets.
    """
    plain = encode_columns(batch, search)
    if len(batch.rows) > MOST_ROWS or len(plain) > MOST_OCTETS:
        raise EncodeError("an uplink batch of this size is not sent")
    compressor = zstandard.ZstdCompressor(
        compression_params=PARAMETERS, dict_data=DICTIONARIES[NEWEST]
    )
    head = bytes((COMPACT_VERSION, NEWEST)) + len(plain).to_bytes(3, "big")
    return head + compressor.compress(plain)


def encode_columns(batch: UplinkBatch, search: CounterSearch | None = None) -> bytes:
    """The octets of a batch before compression, of which the dictionary is made."""
    return _ENCODER.encode(write_batch(batch, search or CounterSearch()))


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
    batch_id = batch_name(record.stream, record.boot_epoch, sequences)
    return UplinkBatch(
        batch_id=_uuid(record.batch_id) if record.batch_id else batch_id,
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


def is_compact(octets: bytes) -> bool:
    """Whether these are a batch of version 2; one of version 1 begins as an array."""
    return octets[:1] == bytes((COMPACT_VERSION,))


def _columns(octets: bytes) -> ColumnsRecord:
    dictionary = DICTIONARIES.get(octets[1]) if len(octets) > _HEAD_OCTETS else None
    if not is_compact(octets) or dictionary is None:
        raise DecodeError("not a compact uplink batch of a dictionary known here")
    size = int.from_bytes(octets[2:_HEAD_OCTETS], "big")
    if size > MOST_OCTETS:
        raise DecodeError("uplink batch: too large when unpacked")
    frame = octets[_HEAD_OCTETS:]
    unpacker = zstandard.ZstdDecompressor(
        dict_data=dictionary, max_window_size=_WINDOW_OCTETS, format=_FORMAT
    )
    try:
        if zstandard.frame_content_size(_MAGIC + frame) >= 0:
            raise DecodeError("uplink batch: a frame that says its own size")
        plain = unpacker.decompress(frame, max_output_size=size)
        if len(plain) != size:
            raise DecodeError("uplink batch: it is not as large as it says")
        return _DECODER.decode(plain)
    except (zstandard.ZstdError, *BROKEN) as exc:
        raise DecodeError(f"not a compact uplink batch: {exc}") from exc


def _uuid(octets: bytes) -> UUID:
    if len(octets) != _ID_OCTETS:
        raise DecodeError("uplink batch: a name has sixteen octets")
    return UUID(bytes=octets)
