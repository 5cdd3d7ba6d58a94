"""What gateway and cloud say to each other.

A batch is sent until an acknowledgement names it. Every row was keyed when it was captured, by
(stream, boot epoch, sequence); the observation id says which measurement it is. Both stay
the same over repeats, so a batch may arrive any number of times.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation

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
    rejects them and keeps the rest. A writer leaves it empty.
    """

    batch_id: UUID
    gateway_id: str
    vehicle_id: str
    stream: str
    boot_epoch: int
    sent_at: datetime
    rows: tuple[UplinkRow, ...]
    unreadable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row the cloud will never store, and why (a snake_case reason of the contract)."""

    sequence: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkAck:
    """The cloud has committed the batch: every row that is not in `rejected` is durable there.

    `stored` counts rows that were new, `repeated` rows it already had.
    """

    batch_id: UUID
    stored: int
    repeated: int
    rejected: tuple[RejectedRow, ...] = ()
