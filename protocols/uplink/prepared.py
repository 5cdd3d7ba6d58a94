"""Rows of a batch that was written ahead, while there was no way to send it.

What costs is done then: rows are read, laid in columns, compressed. When the batch is sent, only
what a batch says beside its rows is put in: its name, when it is sent, its floor and its trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, overload

import msgspec

from protocols.errors import EncodeError
from protocols.uplink.columns import DeviceColumns
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.frames import pack, unpack
from protocols.uplink.messages import UplinkBatch, UplinkRow

Read = Callable[[bytes], tuple[UplinkRow, ...]]
"""The rows of a frame."""


class _Envelope(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`columns.ColumnsRecord`; what says nothing but rows is left as it is."""

    batch_id: bytes
    vehicle_id: str
    stream: str
    boot_epoch: int
    sent_at: int
    devices: tuple[DeviceColumns, ...]
    series: msgspec.Raw
    series_of: msgspec.Raw
    runs: msgspec.Raw
    moments: msgspec.Raw
    values: msgspec.Raw
    counters: msgspec.Raw
    ids: msgspec.Raw
    samples: msgspec.Raw
    plain: msgspec.Raw
    traceparent: str
    floor: int
    places: msgspec.Raw


class _Unit(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """`columns.MomentColumns`, its columns left as they are."""

    rows: msgspec.Raw
    at: msgspec.Raw
    lag: msgspec.Raw
    stamp: msgspec.Raw
    unit: int


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Envelope)
_UNITS: Final = msgspec.msgpack.Decoder(_Unit)


class PreparedRows(Sequence[UplinkRow]):
    """Rows in the frame of the batch they were written for; one that is asked for is read from it.

    `sequences` of the rows, in their order. `octets` of the frame. A slice is a tuple of rows.
    """

    __slots__ = ("_octets", "_read", "sequences")

    def __init__(self, sequences: Sequence[int], octets: bytes, read: Read) -> None:
        """`octets` as `compact.encode_compact` wrote them, `read` gives the rows back."""
        first, count = (sequences[0] if sequences else 0), len(sequences)
        straight = range(first, first + count)
        # A stretch without a gap needs no number for each.
        self.sequences = straight if list(straight) == list(sequences) else tuple(sequences)
        self._octets, self._read = octets, read

    @property
    def octets(self) -> int:
        """How many octets go on the way."""
        return len(self._octets)

    def framed(self, batch: UplinkBatch) -> bytes:
        """The octets of a batch of these rows, sent now.

        EncodeError for a batch of another lane or vehicle than they were written for.
        """
        envelope = _DECODER.decode(unpack(self._octets))
        about = (envelope.stream, envelope.boot_epoch, envelope.vehicle_id)
        if about != (batch.stream, batch.boot_epoch, batch.vehicle_id):
            raise EncodeError("rows that were written for another batch")
        # To the millisecond at least: the rows' times have that unit, or a finer one.
        sent_at = to_microseconds(batch.sent_at) // _UNITS.decode(envelope.moments).unit
        later = sent_at - envelope.sent_at
        devices = [
            msgspec.structs.replace(device, at=device.at - later) for device in envelope.devices
        ]
        return pack(
            _ENCODER.encode(
                msgspec.structs.replace(
                    envelope,
                    batch_id=batch.batch_id.bytes,
                    sent_at=sent_at,
                    devices=tuple(devices),
                    traceparent=batch.traceparent,
                    floor=batch.floor,
                )
            )
        )

    def __len__(self) -> int:
        """How many rows."""
        return len(self.sequences)

    @overload
    def __getitem__(self, index: int) -> UplinkRow: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UplinkRow, ...]: ...
    def __getitem__(self, index: int | slice) -> UplinkRow | tuple[UplinkRow, ...]:
        """One row, or those of a slice; all of them are read for that."""
        return self._read(self._octets)[index]

    def __iter__(self) -> Iterator[UplinkRow]:
        """Every row."""
        return iter(self._read(self._octets))
