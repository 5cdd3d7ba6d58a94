"""The uplink contract's compact binary form (msgpack) and its JSON twin: the same arrays.

A reader accepts every version it knows (today 1) and refuses others with a DecodeError that
names the version, so that a newer gateway learns why. Nothing but DecodeError leaves a decoder.
"""

from __future__ import annotations

from typing import Final, overload

import msgspec

from protocols.errors import DecodeError, ProtocolError
from protocols.uplink import records as rec
from protocols.uplink.channels import CONTRACT_VERSION
from protocols.uplink.contents import from_content, to_content
from protocols.uplink.messages import RejectedRow, UplinkAck, UplinkBatch, UplinkRow

KNOWN_VERSIONS: Final = frozenset({1})

_BINARY: Final = msgspec.msgpack.Encoder()
_JSON: Final = msgspec.json.Encoder()


def encode_batch(batch: UplinkBatch) -> bytes:
    """The binary form of a batch."""
    return _BINARY.encode(_to_batch(batch, _BINARY))


def encode_batch_json(batch: UplinkBatch) -> bytes:
    """The JSON form of a batch (octet strings as base64)."""
    return _JSON.encode(_to_batch(batch, _JSON))


def decode_batch(data: bytes) -> UplinkBatch:
    """Read a binary batch; DecodeError for anything else."""
    return _from_batch(_decode(_BATCH_BINARY, data), _CONTENT_BINARY)


def decode_batch_json(data: bytes) -> UplinkBatch:
    """Read a JSON batch; DecodeError for anything else."""
    return _from_batch(_decode(_BATCH_JSON, data), _CONTENT_JSON)


def encode_ack(ack: UplinkAck) -> bytes:
    """The binary form of an acknowledgement."""
    return _BINARY.encode(_to_ack(ack))


def encode_ack_json(ack: UplinkAck) -> bytes:
    """The JSON form of an acknowledgement."""
    return _JSON.encode(_to_ack(ack))


def decode_ack(data: bytes) -> UplinkAck:
    """Read a binary acknowledgement; DecodeError for anything else."""
    return _from_ack(_decode(_ACK_BINARY, data))


def decode_ack_json(data: bytes) -> UplinkAck:
    """Read a JSON acknowledgement; DecodeError for anything else."""
    return _from_ack(_decode(_ACK_JSON, data))


def encode_row(row: UplinkRow) -> bytes:
    """The binary form of one row, as a gateway keeps it until it is sent."""
    return _BINARY.encode(_to_row(row, _BINARY))


def decode_row(data: bytes) -> UplinkRow:
    """Read one row kept by `encode_row`; DecodeError for anything else."""
    try:
        return _from_row(_ROW_BINARY.decode(data), _CONTENT_BINARY)
    except (msgspec.DecodeError, RecursionError, ProtocolError) as exc:
        raise DecodeError(f"not an uplink row: {exc}") from exc


_Encoder = msgspec.msgpack.Encoder | msgspec.json.Encoder
_BatchDecoder = msgspec.msgpack.Decoder[rec.BatchRecord] | msgspec.json.Decoder[rec.BatchRecord]
_AckDecoder = msgspec.msgpack.Decoder[rec.AckRecord] | msgspec.json.Decoder[rec.AckRecord]
_ContentDecoder = (
    msgspec.msgpack.Decoder[rec.ContentRecord] | msgspec.json.Decoder[rec.ContentRecord]
)
_BATCH_BINARY: Final = msgspec.msgpack.Decoder(rec.BatchRecord)
_BATCH_JSON: Final = msgspec.json.Decoder(rec.BatchRecord)
_ACK_BINARY: Final = msgspec.msgpack.Decoder(rec.AckRecord)
_ACK_JSON: Final = msgspec.json.Decoder(rec.AckRecord)
_ROW_BINARY: Final = msgspec.msgpack.Decoder(rec.RowRecord)
_CONTENT_BINARY: Final[msgspec.msgpack.Decoder[rec.ContentRecord]] = msgspec.msgpack.Decoder(
    rec.ContentRecord
)
_CONTENT_JSON: Final[msgspec.json.Decoder[rec.ContentRecord]] = msgspec.json.Decoder(
    rec.ContentRecord
)


@overload
def _decode(decoder: _BatchDecoder, data: bytes) -> rec.BatchRecord: ...
@overload
def _decode(decoder: _AckDecoder, data: bytes) -> rec.AckRecord: ...
def _decode(decoder: _BatchDecoder | _AckDecoder, data: bytes) -> rec.BatchRecord | rec.AckRecord:
    try:
        record = decoder.decode(data)
    except (msgspec.DecodeError, RecursionError) as exc:
        raise DecodeError(f"not a message of the uplink contract: {exc}") from exc
    if record.version not in KNOWN_VERSIONS:
        raise DecodeError(f"uplink contract version {record.version} is not known here")
    return record


def _to_row(row: UplinkRow, encoder: _Encoder) -> rec.RowRecord:
    content = msgspec.Raw(encoder.encode(to_content(row.content)))
    return rec.RowRecord(row.sequence, row.captured_at, content, row.octets)


def _from_row(record: rec.RowRecord, contents: _ContentDecoder) -> UplinkRow:
    if record.captured_at.utcoffset() is None:
        raise DecodeError("uplink row: captured_at has no zone")
    return UplinkRow(
        sequence=record.sequence,
        captured_at=record.captured_at,
        content=from_content(contents.decode(record.content)),
        octets=record.octets,
    )


def _to_batch(batch: UplinkBatch, encoder: _Encoder) -> rec.BatchRecord:
    return rec.BatchRecord(
        CONTRACT_VERSION,
        batch.batch_id,
        batch.gateway_id,
        batch.vehicle_id,
        batch.stream,
        batch.boot_epoch,
        batch.sent_at,
        tuple(_to_row(row, encoder) for row in batch.rows),
    )


def _from_batch(record: rec.BatchRecord, contents: _ContentDecoder) -> UplinkBatch:
    if record.sent_at.utcoffset() is None:
        raise DecodeError("uplink batch: sent_at has no zone")
    rows: list[UplinkRow] = []
    unreadable: list[int] = []
    for row in record.rows:
        # A row of a kind we do not know, or a spoilt one, is named; its neighbours are kept.
        try:
            rows.append(_from_row(row, contents))
        except (msgspec.DecodeError, RecursionError, ProtocolError):
            unreadable.append(row.sequence)
    return UplinkBatch(
        batch_id=record.batch_id,
        gateway_id=record.gateway_id,
        vehicle_id=record.vehicle_id,
        stream=record.stream,
        boot_epoch=record.boot_epoch,
        sent_at=record.sent_at,
        rows=tuple(rows),
        unreadable=tuple(unreadable),
    )


def _to_ack(ack: UplinkAck) -> rec.AckRecord:
    rejected = tuple(rec.RejectedRecord(row.sequence, row.reason) for row in ack.rejected)
    return rec.AckRecord(CONTRACT_VERSION, ack.batch_id, ack.stored, ack.repeated, rejected)


def _from_ack(record: rec.AckRecord) -> UplinkAck:
    return UplinkAck(
        batch_id=record.batch_id,
        stored=record.stored,
        repeated=record.repeated,
        rejected=tuple(
            RejectedRow(sequence=row.sequence, reason=row.reason) for row in record.rejected
        ),
    )
