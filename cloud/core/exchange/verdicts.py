"""What an attempt came to, and what follows from each kind of it, row for row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple


class Outcome(StrEnum):
    """How a hospital answered one attempt.

    taken     it has all of it
    refused   it will never take these octets (400, 422, AE): a person has to look
    conflict  it has something else there (409, 412): read again, decide, never send blindly
    fault     it failed at this delivery (500, AR, an answer nobody can read): a few times more
    busy      it is away, overloaded or too slow (429, 502, 503, 504, no answer): wait for it
    locked    it does not let us in (401, 403), or may not be called: wait, and tell the operator
    """

    TAKEN = "taken"
    REFUSED = "refused"
    CONFLICT = "conflict"
    FAULT = "fault"
    BUSY = "busy"
    LOCKED = "locked"


class Rule(NamedTuple):
    """What an outcome does: the state it settles the delivery in (None: it waits on), whether it
    counts against the connection, and whether against the delivery.
    """

    settles_as: str | None
    closes_connection: bool
    is_deliverys_fault: bool


RULES: Final = {
    Outcome.TAKEN: Rule("taken", closes_connection=False, is_deliverys_fault=False),
    Outcome.REFUSED: Rule("refused", closes_connection=False, is_deliverys_fault=False),
    Outcome.CONFLICT: Rule("conflict", closes_connection=False, is_deliverys_fault=False),
    Outcome.FAULT: Rule(None, closes_connection=False, is_deliverys_fault=True),
    Outcome.BUSY: Rule(None, closes_connection=True, is_deliverys_fault=False),
    Outcome.LOCKED: Rule(None, closes_connection=True, is_deliverys_fault=False),
}


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the hospital put an entry: relative location (`Observation/17`) and version tag."""

    status: int
    location: str = ""
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One attempt's end. `reason` is a word of ours, `words` are the hospital's own.

    `placements` stand in the order of the entries that were sent, empty where nothing was taken.
    `versions` are the tags by location of what was read again after a conflict.
    """

    outcome: Outcome
    reason: str = ""
    status: int | None = None
    words: str = ""
    retry_after: timedelta | None = None
    placements: tuple[Placement, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
