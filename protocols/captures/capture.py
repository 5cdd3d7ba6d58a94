"""One recorded exchange: messages in order, each with its direction, time and octets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AGENT_TO_MANAGER: Final = "A>M"
MANAGER_TO_AGENT: Final = "M>A"


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """What passed in one direction; `seconds` since the capture began, None when unknown."""

    direction: str
    seconds: float | None
    octets: bytes


@dataclass(frozen=True, slots=True)
class Capture:
    """A recorded exchange and its name within the file."""

    id: str
    messages: tuple[CapturedMessage, ...]

    def sent_by(self, direction: str) -> tuple[CapturedMessage, ...]:
        """The messages of one direction, in order."""
        return tuple(message for message in self.messages if message.direction == direction)
