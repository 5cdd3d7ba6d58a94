"""One row in the form of version 1, in both of its spellings; what cannot be read is named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from protocols.errors import DecodeError, ProtocolError
from protocols.model.identifiers import Naming
from protocols.uplink import records as rec
from protocols.uplink.contents import SAMPLE_WIDTHS, from_content, naming_of, to_content
from protocols.uplink.kept_rows import KeptRow, named_by_of, record_of
from protocols.uplink.messages import Content, UplinkRow

Encoder = msgspec.msgpack.Encoder | msgspec.json.Encoder
ContentDecoder = (
    msgspec.msgpack.Decoder[rec.ContentRecord] | msgspec.json.Decoder[rec.ContentRecord]
)
BINARY: Final = msgspec.msgpack.Encoder()
CONTENT_BINARY: Final[msgspec.msgpack.Decoder[rec.ContentRecord]] = msgspec.msgpack.Decoder(
    rec.ContentRecord
)
CONTENT_JSON: Final[msgspec.json.Decoder[rec.ContentRecord]] = msgspec.json.Decoder(
    rec.ContentRecord
)
_ROW_BINARY: Final = msgspec.msgpack.Decoder(rec.RowRecord)


NO_COUNTER: Final = -1
_MICROSECOND: Final = timedelta(microseconds=1)


class BareRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`RowRecord` with its content read or written in the same go: the octets are the same."""

    sequence: int
    captured_at: datetime
    content: rec.ContentRecord
    octets: str = ""


class OpenRow(BareRow, array_like=True, frozen=True, gc=False):
    """The same, and what its id was named by (`model.identifiers.Naming`): that never travels.

    `counter` is `NO_COUNTER` where that is not known; `lag_us`: microseconds from the time of
    reception to the capture.
    """

    counter: int = NO_COUNTER
    lag_us: int = 0

    @property
    def named_by(self) -> Naming | None:
        """What the id was named by; None as well for what cannot be."""
        if self.counter < 0:
            return None
        try:
            return Naming(self.captured_at - self.lag_us * _MICROSECOND, self.counter)
        except OverflowError:
            return None


_OPEN_ROW: Final = msgspec.msgpack.Decoder(OpenRow)
BROKEN: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What msgspec says of octets that are none of its own."""
UNREADABLE: Final = (*BROKEN, ProtocolError)
"""What may be wrong with a row's content."""


@dataclass(frozen=True, slots=True)
class Readable:
    """The rows that could be read, and the sequences of those whose content could not."""

    rows: tuple[UplinkRow, ...]
    unreadable: tuple[int, ...]


def to_row(row: UplinkRow, encoder: Encoder) -> rec.RowRecord:
    """The wire record of a row."""
    content = msgspec.Raw(encoder.encode(record_of(row)))
    return rec.RowRecord(row.sequence, row.captured_at, content, row.octets)


def from_row(record: rec.RowRecord, contents: ContentDecoder) -> UplinkRow:
    """The row of a wire record; DecodeError or one of `UNREADABLE` when it is spoilt."""
    if record.captured_at.utcoffset() is None:
        raise DecodeError("uplink row: captured_at has no zone")
    return UplinkRow(
        sequence=record.sequence,
        captured_at=record.captured_at,
        content=from_content(contents.decode(record.content)),
        octets=record.octets,
    )


def read_each(records: Iterable[rec.RowRecord], contents: ContentDecoder) -> Readable:
    """Every row by itself: one of a kind we do not know, or a spoilt one, is only named."""
    rows: list[UplinkRow] = []
    unreadable: list[int] = []
    for record in records:
        try:
            rows.append(from_row(record, contents))
        except UNREADABLE:
            unreadable.append(record.sequence)
    return Readable(tuple(rows), tuple(unreadable))


def encode_row(row: UplinkRow) -> bytes:
    """The binary form of one row, as a gateway keeps it until it is sent."""
    named_by = named_by_of(row)
    return _encode(row.captured_at, record_of(row), named_by, row.sequence, row.octets)


def encode_captured(content: Content, captured_at: datetime) -> bytes:
    """`encode_row` of a row that has no sequence yet; what is kept beside it puts that back."""
    return _encode(captured_at, to_content(content), naming_of(content))


def encode_said(content: Content, captured_at: datetime) -> bytes:
    """`encode_captured` without what the id was named by: what the row says, and no more."""
    return _encode(captured_at, to_content(content), None)


def _encode(
    captured_at: datetime,
    record: rec.ContentRecord,
    named_by: Naming | None,
    sequence: int = 0,
    octets: str = "",
) -> bytes:
    if named_by is None:
        return BINARY.encode(BareRow(sequence, captured_at, record, octets))
    received_at, counter = named_by
    lag_us = (captured_at - received_at) // _MICROSECOND
    return BINARY.encode(OpenRow(sequence, captured_at, record, octets, counter, lag_us))


def decode_row(octets: bytes) -> UplinkRow:
    """Read one row kept by `encode_row`; DecodeError for anything else."""
    try:
        opened = _OPEN_ROW.decode(octets)
        if opened.captured_at.utcoffset() is None:
            raise DecodeError("captured_at has no zone")
        content = from_content(opened.content, opened.named_by)
    except UNREADABLE as exc:
        raise DecodeError(f"not an uplink row: {exc}") from exc
    return UplinkRow(
        sequence=opened.sequence,
        captured_at=opened.captured_at,
        content=content,
        octets=opened.octets,
    )


def open_row(octets: bytes, *, sequence: int, place: str = "") -> KeptRow:
    """The row of what `encode_row` kept, its content left as it is; DecodeError for anything else.

    `sequence` and `place` (the `octets` of an `UplinkRow`) are those kept beside it. That values
    are possible is found when the content is asked for, or by who reads the batch.
    """
    opened = open_record(octets)
    return KeptRow(
        sequence=sequence,
        captured_at=opened.captured_at,
        record=opened.content,
        octets=place,
        named_by=opened.named_by,
    )


def open_record(octets: bytes) -> OpenRow:
    """When the row was captured, and its record; DecodeError as of `open_row`."""
    try:
        opened = _OPEN_ROW.decode(octets)
    except BROKEN as exc:
        raise DecodeError(f"not an uplink row: {exc}") from exc
    if opened.captured_at.tzinfo is None or not _is_sound(opened.content):
        raise DecodeError("not an uplink row: a time without a zone, or samples that are not whole")
    return opened


def open_each(bodies: Sequence[bytes]) -> tuple[list[OpenRow], list[int]]:
    """As `open_record` for each; those that are no row are named by their numbers."""
    decode = _OPEN_ROW.decode
    try:
        opened = [decode(body) for body in bodies]
    except BROKEN:
        return _open_each_alone(bodies)
    if all(one.captured_at.tzinfo and _is_sound(one.content) for one in opened):
        return opened, []
    return _open_each_alone(bodies)


def _open_each_alone(bodies: Sequence[bytes]) -> tuple[list[OpenRow], list[int]]:
    opened, none = [], []
    for number, body in enumerate(bodies):
        try:
            opened.append(open_record(body))
        except DecodeError:
            none.append(number)
    return opened, none


def _is_sound(record: rec.ContentRecord) -> bool:
    if isinstance(record, rec.NumericRecord):
        return record.common.time.at.tzinfo is not None
    match record:
        case rec.DeviceRecord() | rec.AttachmentPartRecord():
            return True
        case rec.CrewEventRecord(at=at):
            return at.tzinfo is not None
        case rec.SamplesRecord(samples=samples, width=width):
            is_whole = width in SAMPLE_WIDTHS and not len(samples) % width
            return is_whole and record.common.time.at.tzinfo is not None
        case _:
            return record.common.time.at.tzinfo is not None


def decode_record(octets: msgspec.Raw) -> rec.RowRecord:
    """A row's envelope, its content still closed; DecodeError for anything else."""
    try:
        return _ROW_BINARY.decode(octets)
    except BROKEN as exc:
        raise DecodeError(f"not an uplink row: {exc}") from exc
