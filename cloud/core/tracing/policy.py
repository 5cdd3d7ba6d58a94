"""How much of what is done is kept as traces, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

_SCALE: Final = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePolicy:
    """`share` of the traces whose caller says nothing about it, from 0 to 1; a caller's own word
    in `traceparent` counts before it. At most `most_spans` of a tenant are kept, for `days`.
    """

    share: float = 1.0
    days: int = 7
    most_spans: int = 100_000

    def picks(self, trace_id: str) -> bool:
        """Whether a trace is among the share: the same for every process, by its low 64 bits."""
        return int(trace_id[16:], 16) < self.share * _SCALE

    @property
    def kept_for(self) -> timedelta:
        """The age at which spans go."""
        return timedelta(days=self.days)
