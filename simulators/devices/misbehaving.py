"""Devices that misbehave on purpose: a well-behaved agent behind a wire that spoils what it says.

    link = misbehave(link, "noise", seed=1)

`faults` says what each of them spoils.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from simulators.byte_links import ByteLink
from simulators.devices import faults
from simulators.devices.faults import Fault
from simulators.errors import LinkClosedError

_HEADER_OCTETS: Final = 4

FAULTS: Final[dict[str, Callable[[int, float], Fault]]] = {
    "noise": faults.Noise,
    "repeated-report": faults.RepeatedReport,
    "truncated": faults.Truncated,
    "wrong-order": faults.WrongOrder,
    "unknown-configuration": faults.UnknownConfiguration,
    "two-versions": faults.TwoVersions,
    "silent": faults.Silent,
    "late-answers": faults.LateAnswers,
    "no-answers": faults.NoAnswers,
    "wrong-invoke-id": faults.WrongInvokeId,
    "gaps": faults.Gaps,
    "other-configuration": faults.OtherConfiguration,
    "wrong-counts": faults.WrongCounts,
    "abort-in-segment": faults.AbortInSegment,
    "cut-in-mid-page": faults.CutInMidPage,
}


class MisbehavingLink:
    """A link that spoils what passes; otherwise the link it wraps."""

    def __init__(
        self,
        inner: ByteLink,
        fault: Fault,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._inner = inner
        self._fault = fault
        self._sleep = sleep
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
        """What the fault makes of it, when it lets it."""
        seconds = self._fault.pause_seconds(data)
        if seconds > 0:
            await self._sleep(seconds)
        for spoiled in self._fault.outgoing(data):
            await self._inner.write(spoiled)
        if self._fault.hangs_up:
            raise LinkClosedError(f"{self.address} was cut")

    async def close(self) -> None:
        """Hang up the inner link."""
        await self._inner.close()

    def remove(self) -> None:
        """Take the inner link away."""
        self._inner.remove()


LATE_SECONDS: Final = 5.0
"""How late an answer comes unless told: longer than a manager waits."""


def misbehave(link: ByteLink, fault: str, *, seed: int, seconds: float = LATE_SECONDS) -> ByteLink:
    """The link with one of FAULTS on it; `seconds` is how late answers come."""
    return MisbehavingLink(link, FAULTS[fault](seed, seconds))
