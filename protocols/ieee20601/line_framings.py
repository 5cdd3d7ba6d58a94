"""How APDUs travel on a line: what a connection asks of a framing, and the framings there are.

    raw         `StreamReader`: APDUs one after another; what TCP and most serial devices speak
    hdlc        `HdlcFraming`: one APDU in each HDLC-like frame with FCS-16
    datagram    `DatagramFraming`: one APDU in each transfer, as the transport delivers it

The peer's form is known from configuration: nothing on the line tells them apart safely. A raw
stream carries no checksum, for 20601 assumes a transport that keeps octets; on a noisy line a
checksum is the only way to notice a changed value inside an APDU that is otherwise well-formed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from protocols.framing.hdlc import Frame, FrameFault, FrameForm, FrameReader, write_frame
from protocols.ieee20601.framing import (
    OversizeApdu,
    StreamLimits,
    StreamReader,
    WholeApdu,
    begins_apdu,
    describe_oversize,
)

_NO_LIMITS: Final = StreamLimits()


class Framing(Protocol):
    """Octets of a line in, whole APDUs out, and back. Holds a bounded part of one APDU."""

    @property
    def held(self) -> int:
        """Octets of the line that wait for the rest of what they belong to."""
        ...

    def frame(self, apdu: bytes) -> bytes:
        """One whole APDU as it is written to the line."""
        ...

    def receive(self, data: bytes, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """Take octets; give what became whole, in order (`now`: monotonic seconds)."""
        ...

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called, monotonic seconds; None for never."""
        ...

    def handle_deadline(self, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """Give up what did not become whole in time; give what it hid."""
        ...

    def take_discarded(self) -> int:
        """How many octets of the line were dropped since the last call."""
        ...

    def clear(self) -> None:
        """Forget everything that waits: a new connection begins (stale-session rule)."""
        ...


class HdlcFraming:
    """One APDU in each HDLC-like frame.

    A frame that holds anything else is dropped and counted. An APDU that says another length than
    its good frame has goes on: its sender waits for the reject.
    """

    def __init__(self, limits: StreamLimits = _NO_LIMITS) -> None:
        self._form = FrameForm(
            max_octets=limits.max_octets,
            silence_seconds=limits.inter_octet_seconds,
            whole_seconds=limits.whole_apdu_seconds,
        )
        self._reader = FrameReader(self._form)
        self._discarded = 0

    @property
    def faults(self) -> Mapping[FrameFault, int]:
        """How often frames were damaged, since the beginning."""
        return self._reader.faults

    @property
    def held(self) -> int:
        """Octets of an open frame."""
        return self._reader.held

    def frame(self, apdu: bytes) -> bytes:
        """The APDU in its frame."""
        return write_frame(apdu, self._form)

    def receive(self, data: bytes, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """The APDUs of the frames that became whole and good."""
        found: list[WholeApdu | OversizeApdu] = []
        for frame in self._reader.receive(data, now=now):
            if isinstance(frame, Frame):
                found += self._keep_apdu(frame.content)
            else:
                found += self._name_oversize(frame.head, frame.total_octets)
        return found

    def next_deadline(self) -> float | None:
        """When an unfinished frame is given up."""
        return self._reader.next_deadline()

    def handle_deadline(self, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """Give up an unfinished frame; it hides nothing, for another would have restarted it."""
        self._reader.handle_deadline(now=now)
        return []

    def take_discarded(self) -> int:
        """Octets dropped since the last call, those of frames without an APDU too."""
        count, self._discarded = self._discarded, 0
        return count + self._reader.take_discarded()

    def clear(self) -> None:
        """Forget an open frame."""
        self._reader.clear()

    def _keep_apdu(self, octets: bytes) -> list[WholeApdu | OversizeApdu]:
        if begins_apdu(octets):
            return [WholeApdu(octets)]
        self._discarded += len(octets)
        return []

    def _name_oversize(self, head: bytes, total: int) -> list[WholeApdu | OversizeApdu]:
        if begins_apdu(head):
            return [describe_oversize(head, total)]
        self._discarded += total
        return []


class DatagramFraming:
    """One APDU in each call of `receive`: USB and NFC PHDC, Bluetooth HDP's data channels.

    The transport delivers whole transfers (`protocols.framing.phdc_usb`, `phdc_nfc`) and must not
    split or join them. A transfer that is no APDU is dropped and counted. One that says another
    length than it has goes on: its sender waits for the reject.
    """

    def __init__(self, limits: StreamLimits = _NO_LIMITS) -> None:
        self._max_octets = limits.max_octets
        self._discarded = 0

    @property
    def held(self) -> int:
        """None: what comes is whole."""
        return 0

    def frame(self, apdu: bytes) -> bytes:
        """The APDU is the transfer."""
        return apdu

    def receive(self, data: bytes, *, now: float) -> list[WholeApdu | OversizeApdu]:  # noqa: ARG002  # no transfer waits
        """The APDU of one transfer; nothing for one without octets."""
        if not begins_apdu(data):
            self._discarded += len(data)
            return []
        if len(data) > self._max_octets:
            return [describe_oversize(data, len(data))]
        return [WholeApdu(data)]

    def next_deadline(self) -> float | None:
        """Never: nothing is unfinished."""
        return None

    def handle_deadline(self, *, now: float) -> list[WholeApdu | OversizeApdu]:  # noqa: ARG002  # nothing waits
        """Nothing waits here."""
        return []

    def take_discarded(self) -> int:
        """Octets dropped since the last call."""
        count, self._discarded = self._discarded, 0
        return count

    def clear(self) -> None:
        """Nothing waits here; what was counted stays counted."""


RAW: Final = "raw"
STREAM_FRAMINGS: Final[Mapping[str, Callable[[StreamLimits], Framing]]] = {
    RAW: StreamReader,
    "hdlc": HdlcFraming,
}
"""What an operator calls the framings of a line that carries a stream of octets."""
