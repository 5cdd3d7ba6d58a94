"""Drop what one call says twice; what waits in the buffer from before, the buffer itself drops.

A device that got no confirm sends its report again. The repeat is confirmed like the first, and
stored once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge.buffer.answers import Appended
from edge.buffer.rows import Content
from edge.pipeline.sink import ObservationSink
from protocols.model.device import DeviceInfo


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """A sink that passes each observation of a call on once."""

    next: ObservationSink

    async def append(self, contents: Sequence[Content]) -> Appended:
        """As `ObservationSink.append`; repeats are counted, not passed on."""
        seen: set[UUID] = set()
        fresh: list[Content] = []
        for content in contents:
            if not isinstance(content, DeviceInfo):
                if content.observation_id in seen:
                    continue
                seen.add(content.observation_id)
            fresh.append(content)
        appended = await self.next.append(fresh) if fresh else Appended(0, 0)
        return Appended(appended.stored, appended.repeated + len(contents) - len(fresh))
