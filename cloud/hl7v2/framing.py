"""Frames of the Minimal Lower Layer Protocol: VT, the message, FS and CR."""

from __future__ import annotations

from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c\r"
MOST_OCTETS: Final = 1_048_576


class FramingError(ValueError):
    """A frame that never ends."""


def frame(message: bytes) -> bytes:
    """The message in its frame. AssertionError for one that holds the marks of a frame."""
    if START in message or END[:1] in message:
        raise AssertionError("a message holds no marks of a frame: they are escaped")
    return START + message + END


class FrameReader:
    """Octets in, whole messages out; what stands outside of frames is skipped."""

    def __init__(self, most_octets: int = MOST_OCTETS) -> None:
        self._held = bytearray()
        self._most = most_octets

    @property
    def is_within(self) -> bool:
        """Whether a frame has begun and not ended."""
        return START in self._held

    def feed(self, octets: bytes) -> list[bytes]:
        """The messages that are whole now; FramingError when one is longer than it may be."""
        self._held += octets
        whole = []
        while True:
            start = self._held.find(START)
            if start < 0:
                self._held.clear()
                break
            del self._held[:start]
            end = self._held.find(END)
            if end < 0:
                break
            whole.append(bytes(self._held[1:end]))
            del self._held[: end + len(END)]
        if len(self._held) > self._most:
            raise FramingError("the other side began a frame and does not end it")
        return whole
