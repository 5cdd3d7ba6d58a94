"""What every line to a device offers, and what opening one gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from edge.transports.ble.replayed import RecordedDevice
from edge.transports.policy import TransportPolicy
from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS
from protocols.model.codes import SystemId

FRAMING_WORD: Final = "framing="


class ByteTransport(Protocol):
    """A two-way stream of octets; one reader and one writer at a time."""

    async def read(self) -> bytes:
        """Octets as they come; b"" when the other end is done. Safe to cancel: nothing is lost.

        Raises TransportError when the line breaks.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send all of `data`; TransportError when the line breaks or takes nothing."""
        ...

    async def close(self) -> None:
        """Let go of the line; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class KnownConfiguration:
    """An extended configuration of a device: `octets` are its ConfigReport (20601 Annex A)."""

    system_id: SystemId
    config_id: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class OpenedLine:
    """An open transport and what its driver must know about it.

    `first_invoke_id`: the manager's requests must begin with this number (a replayed record
    answers to it). `plays_once`: when it ends it is over, there is no point in opening it again.
    `framing`: how the device frames its APDUs, a key of `STREAM_FRAMINGS`. `configurations` the
    device does not report, for it was known when the record was made. `recorded`: a radio device's
    recording; then nothing comes over the line.
    """

    transport: ByteTransport
    first_invoke_id: int | None = None
    plays_once: bool = False
    framing: str = RAW
    configurations: tuple[KnownConfiguration, ...] = ()
    recorded: RecordedDevice | None = None


def read_framing(word: str) -> str:
    """The framing an address names as `framing=NAME`; ValueError for anything else."""
    name = word.removeprefix(FRAMING_WORD)
    if name == word or name not in STREAM_FRAMINGS:
        known = ", ".join(f"{FRAMING_WORD}{known}" for known in STREAM_FRAMINGS)
        raise ValueError(f"{word!r} is no framing; known are {known}")
    return name


class Opener(Protocol):
    """How a scheme's file opens a line: the address without its scheme."""

    async def __call__(self, address: str, policy: TransportPolicy, /) -> OpenedLine:
        """Open it; DeviceNotFoundError when nothing answers there."""
        ...


class AddressCheck(Protocol):
    """How a scheme's file checks an address before anything opens."""

    def __call__(self, address: str, /) -> object:
        """Return what it read; ValueError says what is wrong."""
        ...
