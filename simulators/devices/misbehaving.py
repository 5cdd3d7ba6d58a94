"""Devices that misbehave on purpose: a well-behaved agent behind a wire that spoils what it says.

    link = misbehave(link, "noise", seed=1)

Every fault is a class with two hooks: `outgoing` says what really goes out instead of an APDU,
`incoming` what the agent gets to see (None: nothing), so that the agent itself stays sane.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from simulators.byte_links import ByteLink

_AARQ: Final = b"\xe2\x00"
_AARE: Final = b"\xe3\x00"
_PRST: Final = b"\xe7\x00"
_CONFIRMED_EVENT: Final = b"\x01\x01"
_CONFIG_EVENT: Final = b"\x0d\x1c"
_HEADER_OCTETS: Final = 4
_EARLY_INVOKE_ID: Final = b"\x77\x77"
_EARLY_REPORT: Final = bytes.fromhex(
    # a confirmed fixed scan report of handle 1 before any configuration: SpO2 98, no time
    "e7000020001e777701010018 0000ffffffff0d1d000e f000000000010006 000100020062"
)
_UNKNOWN_STANDARD_ID: Final = b"\x09\x99"


def _is_confirmed_event(apdu: bytes) -> bool:
    return apdu[:2] == _PRST and apdu[8:10] == _CONFIRMED_EVENT


def _is_configuration(apdu: bytes) -> bool:
    return _is_confirmed_event(apdu) and apdu[18:20] == _CONFIG_EVENT


def _is_scan_report(apdu: bytes) -> bool:
    return _is_confirmed_event(apdu) and not _is_configuration(apdu)


def _is_answer(apdu: bytes) -> bool:
    """RORS, ROER or RORJ; the manager's own requests (0x01..) have invoke ids of their own."""
    return apdu[:2] == _PRST and apdu[8] != 1


class Fault:
    """No fault at all; the others override what they spoil."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - spoils octets, guards nothing

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """What goes over the wire instead of this APDU."""
        return [apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """What the agent sees instead of this APDU."""
        return apdu


class Noise(Fault):
    """A loose plug: random octets between APDUs."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Every third APDU is preceded by some octets of nothing."""
        if self.chance.random() < 1 / 3:
            return [self.chance.randbytes(self.chance.randint(1, 40)), apdu]
        return [apdu]


class RepeatedReport(Fault):
    """A device that missed the answer: every confirmed scan report goes out twice."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._is_answered: dict[bytes, bool] = {}

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The same octets again, same invoke id."""
        if not _is_scan_report(apdu):
            return [apdu]
        self._is_answered[apdu[6:8]] = False
        return [apdu, apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The agent sees one answer; a manager may give one or two."""
        if _is_answer(apdu) and apdu[6:8] in self._is_answered:
            if self._is_answered[apdu[6:8]]:
                return None
            self._is_answered[apdu[6:8]] = True
        return apdu


class Truncated(Fault):
    """A line that loses octets: every fourth confirmed scan report ends too early."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._reports = 0

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The last ten octets are missing now and then."""
        self._reports += _is_scan_report(apdu)
        if _is_scan_report(apdu) and self._reports % 4 == 0:
            return [apdu[:-10]]
        return [apdu]


class WrongOrder(Fault):
    """A device that cannot wait: a scan report before its configuration."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The early report goes in front of the configuration."""
        return [_EARLY_REPORT, apdu] if _is_configuration(apdu) else [apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The agent does not know of the early report, nor of its answer."""
        return None if _is_answer(apdu) and apdu[6:8] == _EARLY_INVOKE_ID else apdu


class UnknownConfiguration(Fault):
    """A device that claims a standard configuration nobody knows."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """The configuration id is exchanged wherever it is announced."""
        if apdu[:2] == _AARQ:
            return [apdu[:44] + _UNKNOWN_STANDARD_ID + apdu[46:]]
        if _is_configuration(apdu):
            return [apdu[:22] + _UNKNOWN_STANDARD_ID + apdu[24:]]
        return [apdu]


class TwoVersions(Fault):
    """A device that offers protocol versions 1 and 2; the agent behind it knows only 1."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Two bits in the version mask of the association request."""
        if apdu[:2] == _AARQ:
            return [apdu[:16] + bytes([apdu[16] | 0xC0]) + apdu[17:]]
        return [apdu]

    def incoming(self, apdu: bytes) -> bytes | None:
        """The version the manager chose is shown to the agent as the one it knows."""
        if apdu[:2] == _AARE:
            return apdu[:10] + b"\x80" + apdu[11:]
        return apdu


class Silent(Fault):
    """A device that says hello and then nothing."""

    def outgoing(self, apdu: bytes) -> list[bytes]:
        """Only the association request goes out."""
        return [apdu] if apdu[:2] == _AARQ else []


FAULTS: Final[dict[str, Callable[[int], Fault]]] = {
    "noise": Noise,
    "repeated-report": RepeatedReport,
    "truncated": Truncated,
    "wrong-order": WrongOrder,
    "unknown-configuration": UnknownConfiguration,
    "two-versions": TwoVersions,
    "silent": Silent,
}


class MisbehavingLink:
    """A link that spoils what passes; otherwise the link it wraps."""

    def __init__(self, inner: ByteLink, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault
        self._unread = b""

    @property
    def address(self) -> str:
        """The inner link's address."""
        return self._inner.address

    async def connect(self) -> None:
        """Connect the inner link."""
        self._unread = b""
        await self._inner.connect()

    async def read(self) -> bytes:
        """What the fault lets the agent see; b"" only when the host has gone."""
        while True:
            data = await self._inner.read()
            if not data:
                return b""
            self._unread += data
            seen = b"".join(self._whole_apdus())
            if seen:
                return seen

    def _whole_apdus(self) -> list[bytes]:
        seen = []
        while len(self._unread) >= _HEADER_OCTETS:
            length = int.from_bytes(self._unread[2:4]) + _HEADER_OCTETS
            if len(self._unread) < length:
                break
            apdu, self._unread = self._unread[:length], self._unread[length:]
            shown = self._fault.incoming(apdu)
            if shown is not None:
                seen.append(shown)
        return seen

    async def write(self, data: bytes) -> None:
        """What the fault makes of it."""
        for spoiled in self._fault.outgoing(data):
            await self._inner.write(spoiled)

    async def close(self) -> None:
        """Hang up the inner link."""
        await self._inner.close()

    def remove(self) -> None:
        """Take the inner link away."""
        self._inner.remove()


def misbehave(link: ByteLink, fault: str, *, seed: int) -> ByteLink:
    """The link with one of FAULTS on it."""
    return MisbehavingLink(link, FAULTS[fault](seed))
