"""What gateway and cloud say to each other.

A batch is sent until an acknowledgement names it. Every row was keyed when it was captured, by
(stream, boot epoch, sequence); the observation id says which measurement it is. Both stay
the same over repeats, so a batch may arrive any number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.uplink.channels import NEWEST_VERSION
from protocols.uplink.reading_columns import NO_READINGS, Readings

BATCHES: Final = UUID("0e0b7c35-54d3-5a1c-8b0e-6c5d9a0f4b72")
"""The namespace of batch names."""

Content = Observation | DeviceInfo | CrewEvent | AttachmentPart
"""Whatever one row can hold."""


def identity_of(content: Content) -> UUID | None:
    """What a repeat of the same thing shares with it; None for a description, which has none."""
    match content:
        case DeviceInfo():
            return None
        case CrewEvent():
            return content.event_id
        case AttachmentPart():
            return content.part_id
        case _:
            return content.observation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkRow:
    """One captured thing: an observation, what a device said about itself, what the crew did.

    `sequence` counts from 1 within the batch's stream and boot epoch; `captured_at` is the
    gateway's aware UTC time of the durable write. `octets` says where the gateway's recorder
    keeps what the row was decoded from, `<recording>@<offset>+<length>`; empty where it kept none.
    """

    sequence: int
    captured_at: datetime
    content: Content
    octets: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkBatch:
    """Rows of one stream on their way up.

    `stream` names the lane (`numerics`, `waveforms`, ...); `boot_epoch` counts the starts of the
    gateway's buffer, so that (stream, boot_epoch, sequence) never repeats with other content.
    `unreadable` are the sequences of rows whose content a reader could not understand: it
    rejects them and keeps the rest. A writer leaves it empty. `floor` is the lowest sequence of
    this stream and epoch that the gateway still holds, 0 when it does not say: what is below it
    and unknown to the cloud never comes. `traceparent` is the W3C trace context, empty without
    one. `readings` are the rows that a reader left in columns, besides `rows`.
    """

    batch_id: UUID
    gateway_id: str
    vehicle_id: str
    stream: str
    boot_epoch: int
    sent_at: datetime
    rows: Sequence[UplinkRow]
    unreadable: tuple[int, ...] = ()
    floor: int = 0
    traceparent: str = ""
    readings: Readings = NO_READINGS

    @property
    def count(self) -> int:
        """How many rows, in columns or not."""
        return len(self.rows) + len(self.readings)

    @property
    def sequences(self) -> list[int]:
        """Those of all its rows that could be read, in no order."""
        return [*(row.sequence for row in self.rows), *self.readings.sequences.tolist()]

    def in_rows(self) -> UplinkBatch:
        """The same with nothing in columns, by sequence."""
        if not len(self.readings):
            return self
        rows = sorted((*self.rows, *rows_of(self.readings)), key=lambda row: row.sequence)
        return replace(self, rows=tuple(rows), readings=NO_READINGS)


def rows_of(readings: Readings) -> list[UplinkRow]:
    """Each reading as a row of its own."""
    return [
        UplinkRow(
            sequence=sequence,
            captured_at=readings.times(row).captured_at,
            content=readings.observation(row),
            octets=readings.places[row],
        )
        for row, sequence in enumerate(readings.sequences.tolist())
    ]


def batch_name(stream: str, boot_epoch: int, sequences: Sequence[int]) -> UUID:
    """The name of a batch of these rows: the same for the same stretch of a gateway's stream.

    A name that follows from the rows need not travel with them.
    """
    first, last = (sequences[0], sequences[-1]) if sequences else (0, 0)
    return uuid5(BATCHES, f"{stream}|{boot_epoch}|{first}|{last}|{len(sequences)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row the cloud will never store, and why (a snake_case reason of the contract)."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Of one stream and boot epoch the cloud needs no row up to `through` any more."""

    stream: str
    boot_epoch: int
    through: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkAck:
    """The cloud has committed the batch: every row that is not in `rejected` is durable there.

    `stored` counts rows that were new, `repeated` rows it already had. `accepts` is the newest
    contract version the cloud reads. `receipt` says how far the batch's stream is settled,
    which is no part of what became of the batch.
    """

    batch_id: UUID
    stored: int
    repeated: int
    rejected: tuple[RejectedRow, ...] = ()
    accepts: int = NEWEST_VERSION
    receipt: Receipt | None = field(default=None, compare=False)
