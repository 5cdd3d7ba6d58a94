"""Where captured things go: each link of the chain is a sink, the buffer is the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from edge.buffer.answers import Appended
from protocols.uplink.messages import Content


class ObservationSink(Protocol):
    """Takes captured things for good. `ObservationBuffer` is one."""

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        """Return once all of them are durable; BufferFullError when none of them is.

        `octets` says where the recorder keeps what they were decoded from; empty: nowhere.
        """
        ...
