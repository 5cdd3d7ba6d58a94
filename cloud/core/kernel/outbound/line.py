"""Several calls one after another over one connection, each checked as if it were the first."""

from __future__ import annotations

import ssl
import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from cloud.core.kernel.outbound import errors
from cloud.core.kernel.outbound.answers import Answer, Call
from cloud.core.kernel.outbound.checking import permitted
from cloud.core.kernel.outbound.errors import OutboundError
from cloud.core.kernel.outbound.policy import CALL, OutboundPolicy, counted
from cloud.core.kernel.outbound.sockets import Deadline, secured
from cloud.core.kernel.outbound.target import Target, read_target
from cloud.core.kernel.outbound.tunnel import reached
from cloud.core.kernel.outbound.wire import Wire


class Line:
    """A connection kept between calls; for one thread at a time.

    It is used again only while the name, looked up anew at each call, still leads to the address
    it goes to, and to none that is not called. A call to another origin takes a new connection.
    `trust` replaces the system's authorities, and may hold a certificate of ours.
    """

    def __init__(self, policy: OutboundPolicy, *, trust: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._trust = trust
        self._wire: Wire | None = None
        self._origin: tuple[bool, str, int] | None = None

    def __enter__(self) -> Self:
        """Nothing is connected before the first call."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what is open."""
        self.close()

    def close(self) -> None:
        """End the connection, if there is one; the next call takes a new one."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def send(self, call: Call, *, seconds: float | None = None) -> Answer:
        """Make one call within the policy's time, or so many seconds, its look-up included.

        OutboundError when no whole answer came; AddressRefusedError when the address may not be
        called, now.
        """
        started = time.monotonic()
        deadline = Deadline(self._policy.timeout_seconds if seconds is None else seconds)
        with counted(self._policy, CALL):
            answer = self._sent(read_target(call.url), call, deadline)
        return replace(answer, seconds=time.monotonic() - started)

    def _sent(self, target: Target, call: Call, deadline: Deadline) -> Answer:
        try:
            wire, is_kept = self._wire_to(target, deadline)
            try:
                return wire.exchange(call, target.authority, target.path, deadline)
            except OutboundError as exc:
                # It was closed while nobody used it, and we did not know yet.
                is_stale = is_kept and exc.cause == errors.CUT_OFF and not wire.has_heard
                if not (is_stale and call.may_repeat):
                    raise
            wire, _ = self._wire_to(target, deadline)
            return wire.exchange(call, target.authority, target.path, deadline)
        except TimeoutError as exc:
            raise errors.failed(exc, errors.TIME_OVER) from exc

    def _wire_to(self, target: Target, deadline: Deadline) -> tuple[Wire, bool]:
        """A connection that may be used for this call, and whether it was there before."""
        try:
            addresses = permitted(target, self._policy, deadline.left())
        except OutboundError:
            self.close()
            raise
        wire = self._wire
        is_same = wire is not None and wire.address in addresses and self._origin == target.origin
        if wire is not None and is_same and wire.is_quiet():
            return wire, True
        self.close()
        stream, address = reached(addresses, target.port, self._policy, deadline)
        if target.is_secure:
            stream = secured(stream, target.host, self._trust, deadline)
        self._wire, self._origin = Wire(stream, address), target.origin
        return self._wire, False
