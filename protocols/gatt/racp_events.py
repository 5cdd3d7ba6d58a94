"""What a client of the Record Access Control Point tells its driver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from protocols.ieee20601.events import ProtocolWarning


class Outcome(Enum):
    """How a retrieval or a deletion ended."""

    COMPLETE = "complete"
    NOTHING_NEW = "nothing new"
    SHORT = "records are missing"
    """Twice not as many records came as the device announced. What came is good."""
    DELETED = "deleted"
    ABORTED = "aborted"
    NOT_ABORTED = "not aborted"
    """The device would not stop; it may send more records."""
    FAILED = "failed"
    TIMED_OUT = "no answer in time"
    REFUSED = "refused"
    INTERRUPTED = "link lost"


@dataclass(frozen=True, slots=True)
class RecordsAnnounced:
    """The device holds `count` records that fit what was asked."""

    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAccessEnded:
    """A retrieval (or, where `deleting`, a deletion) is over.

    `received` records arrived in the last run of `announced` (None: the device did not say).
    `last_durable`: every record up to this number is safe. FAILED, TIMED_OUT and INTERRUPTED
    retrievals go on by themselves at the next connection. `reason` in words, with the code.
    """

    outcome: Outcome
    received: int
    announced: int | None
    last_durable: int | None
    reason: str = ""
    deleting: bool = False


RacpEvent = RecordsAnnounced | RecordAccessEnded | ProtocolWarning
