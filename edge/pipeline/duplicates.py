"""Drop what one call says twice; what waits in the buffer from before, the buffer itself drops.

A device that got no confirm sends its report again. The repeat is confirmed like the first, and
stored once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from edge.buffer.answers import Appended
from edge.buffer.rows import is_repeat
from edge.pipeline.sink import ObservationSink
from protocols.uplink.messages import Content, identity_of


@dataclass(frozen=True, slots=True)
class OnceOnly:
    """A sink that passes each observation of a call on once."""

    next: ObservationSink

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        """As `ObservationSink.append`; repeats are counted, not passed on."""
        fresh = contents if _are_distinct(contents) else _first_of_each(contents)
        appended = await self.next.append(fresh, octets=octets) if fresh else Appended(0, 0)
        return Appended(appended.stored, appended.repeated + len(contents) - len(fresh))


def _are_distinct(contents: Sequence[Content]) -> bool:
    """Whether no two share an identity: so it is with all but a misbehaving device's reports."""
    known = [identity.int for one in contents if (identity := identity_of(one)) is not None]
    return len(set(known)) == len(known)


def _first_of_each(contents: Sequence[Content]) -> list[Content]:
    seen: dict[UUID, Content] = {}
    fresh: list[Content] = []
    for content in contents:
        identity = identity_of(content)
        if identity is not None:
            first = seen.setdefault(identity, content)
            if first is not content and is_repeat(first, content):
                continue
            # Another reading under the same identity: the buffer tells and drops it.
        fresh.append(content)
    return fresh
