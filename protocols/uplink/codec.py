"""The uplink contract's forms: version 1 in msgpack or its JSON twin, version 2 in columns.

A reader accepts every version it knows and refuses others with a DecodeError that names the
version, so that a newer gateway learns why; every acknowledgement says the newest one that is
read here. Nothing but DecodeError leaves a decoder.
"""

from __future__ import annotations

from typing import Final, overload

import msgspec

from protocols.errors import DecodeError
from protocols.uplink import records as rec
from protocols.uplink.channels import COMPACT_VERSION, CONTRACT_VERSION, NEWEST_VERSION
from protocols.uplink.compact import decode_compact, encode_compact, is_compact, read_compact
from protocols.uplink.messages import Receipt, RejectedRow, UplinkAck, UplinkBatch
from protocols.uplink.row_codec import (
    BINARY,
    BROKEN,
    CONTENT_BINARY,
    CONTENT_JSON,
    ContentDecoder,
    Encoder,
    decode_row,
    encode_captured,
    encode_row,
    encode_said,
    open_row,
    read_each,
    to_row,
)

__all__ = [
    "NEWEST_VERSION",
    "decode_ack",
    "decode_ack_json",
    "decode_batch",
    "decode_batch_json",
    "decode_row",
    "encode_ack",
    "encode_ack_json",
    "encode_batch",
    "encode_batch_json",
    "encode_captured",
    "encode_row",
    "encode_said",
    "open_row",
    "read_batch",
]

KNOWN_VERSIONS: Final = frozenset({CONTRACT_VERSION})
"""Of the array form; columns are told by their first octet."""

_JSON: Final = msgspec.json.Encoder()


def encode_batch(batch: UplinkBatch, version: int = CONTRACT_VERSION) -> bytes:
    """The binary form of a batch in `version`."""
    if version >= COMPACT_VERSION:
        return encode_compact(batch)
    return BINARY.encode(_to_batch(batch, BINARY))


def encode_batch_json(batch: UplinkBatch) -> bytes:
    """The JSON form of a batch (octet strings as base64)."""
    return _JSON.encode(_to_batch(batch, _JSON))


def decode_batch(octets: bytes, *, gateway_id: str = "") -> UplinkBatch:
    """Read a binary batch of any version; DecodeError for anything else.

    `gateway_id`: whose topic or token it came by. Version 2 leaves the name to that.
    """
    if is_compact(octets):
        return decode_compact(octets, gateway_id=gateway_id)
    return _from_batch(_decode(_BATCH_BINARY, octets), CONTENT_BINARY)


def read_batch(octets: bytes, *, gateway_id: str = "") -> UplinkBatch:
    """As `decode_batch`; what travelled in columns is left in them, as the batch's readings."""
    if is_compact(octets):
        return read_compact(octets, gateway_id=gateway_id)
    return decode_batch(octets)


def decode_batch_json(data: bytes) -> UplinkBatch:
    """Read a JSON batch; DecodeError for anything else."""
    return _from_batch(_decode(_BATCH_JSON, data), CONTENT_JSON)


def encode_ack(ack: UplinkAck) -> bytes:
    """The binary form of an acknowledgement."""
    return BINARY.encode(_to_ack(ack))


def encode_ack_json(ack: UplinkAck) -> bytes:
    """The JSON form of an acknowledgement."""
    return _JSON.encode(_to_ack(ack))


def decode_ack(data: bytes) -> UplinkAck:
    """Read a binary acknowledgement; DecodeError for anything else."""
    return _from_ack(_decode(_ACK_BINARY, data))


def decode_ack_json(data: bytes) -> UplinkAck:
    """Read a JSON acknowledgement; DecodeError for anything else."""
    return _from_ack(_decode(_ACK_JSON, data))


_BatchDecoder = msgspec.msgpack.Decoder[rec.BatchRecord] | msgspec.json.Decoder[rec.BatchRecord]
_AckDecoder = msgspec.msgpack.Decoder[rec.AckRecord] | msgspec.json.Decoder[rec.AckRecord]
_BATCH_BINARY: Final = msgspec.msgpack.Decoder(rec.BatchRecord)
_BATCH_JSON: Final = msgspec.json.Decoder(rec.BatchRecord)
_ACK_BINARY: Final = msgspec.msgpack.Decoder(rec.AckRecord)
_ACK_JSON: Final = msgspec.json.Decoder(rec.AckRecord)


@overload
def _decode(decoder: _BatchDecoder, data: bytes) -> rec.BatchRecord: ...
@overload
def _decode(decoder: _AckDecoder, data: bytes) -> rec.AckRecord: ...
def _decode(decoder: _BatchDecoder | _AckDecoder, data: bytes) -> rec.BatchRecord | rec.AckRecord:
    try:
        record = decoder.decode(data)
    except BROKEN as exc:
        raise DecodeError(f"not a message of the uplink contract: {exc}") from exc
    if record.version not in KNOWN_VERSIONS:
        raise DecodeError(f"uplink contract version {record.version} is not known here")
    return record


def _to_batch(batch: UplinkBatch, encoder: Encoder) -> rec.BatchRecord:
    return rec.BatchRecord(
        CONTRACT_VERSION,
        batch.batch_id,
        batch.gateway_id,
        batch.vehicle_id,
        batch.stream,
        batch.boot_epoch,
        batch.sent_at,
        tuple(to_row(row, encoder) for row in batch.rows),
        batch.floor,
        batch.traceparent,
    )


def _from_batch(record: rec.BatchRecord, contents: ContentDecoder) -> UplinkBatch:
    if record.sent_at.utcoffset() is None:
        raise DecodeError("uplink batch: sent_at has no zone")
    read = read_each(record.rows, contents)
    return UplinkBatch(
        batch_id=record.batch_id,
        gateway_id=record.gateway_id,
        vehicle_id=record.vehicle_id,
        stream=record.stream,
        boot_epoch=record.boot_epoch,
        sent_at=record.sent_at,
        rows=read.rows,
        unreadable=read.unreadable,
        floor=record.floor,
        traceparent=record.traceparent,
    )


def _to_ack(ack: UplinkAck) -> rec.AckRecord:
    rejected = tuple(rec.RejectedRecord(row.sequence, row.reason) for row in ack.rejected)
    receipt = None
    if ack.receipt is not None:
        receipt = rec.ReceiptRecord(ack.receipt.stream, ack.receipt.boot_epoch, ack.receipt.through)
    return rec.AckRecord(
        CONTRACT_VERSION,
        ack.batch_id,
        ack.stored,
        ack.repeated,
        rejected,
        ack.accepts,
        receipt,
    )


def _from_ack(record: rec.AckRecord) -> UplinkAck:
    receipt = None
    if record.receipt is not None:
        receipt = Receipt(
            stream=record.receipt.stream,
            boot_epoch=record.receipt.boot_epoch,
            through=record.receipt.through,
        )
    return UplinkAck(
        batch_id=record.batch_id,
        stored=record.stored,
        repeated=record.repeated,
        rejected=tuple(
            RejectedRow(sequence=row.sequence, reason=row.reason) for row in record.rejected
        ),
        accepts=record.accepts,
        receipt=receipt,
    )
