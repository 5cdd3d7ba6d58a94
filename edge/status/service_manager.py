"""Tell the service manager how we are: the notification protocol of sd_notify(3).

A datagram to the socket named by NOTIFY_SOCKET; without one nobody wants to know. The watchdog
is fed only while the buffer answers: a gateway that cannot store is better started again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from edge.clock import Clock

log = logging.getLogger(__name__)

_FEEDS_AN_INTERVAL = 3


@dataclass(slots=True)
class ServiceManager:
    """`address`: the socket, empty for none. `watchdog_seconds`: 0 when nobody watches."""

    address: str = ""
    watchdog_seconds: float = 0.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, pid: int) -> ServiceManager:
        """What the service manager asked for; the watchdog may be meant for another process."""
        address = environ.get("NOTIFY_SOCKET", "")
        wanted = environ.get("WATCHDOG_USEC", "")
        is_ours = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        seconds = int(wanted) / 1e6 if wanted.isdecimal() and is_ours else 0.0
        return cls(address, seconds if address else 0.0)

    def ready(self, words: str) -> None:
        """The gateway takes devices."""
        self._tell(f"READY=1\nSTATUS={words}")

    def stopping(self) -> None:
        """It ends in good order."""
        self._tell("STOPPING=1")

    async def feed(self, look: Callable[[], Awaitable[str]], clock: Clock) -> None:
        """Feed the watchdog for as long as `look` answers; its words are the service's status.

        Returns at once when nobody watches. A look that does not answer starves the watchdog.
        """
        if not self.address:
            return
        pause = self.watchdog_seconds / _FEEDS_AN_INTERVAL or 10.0
        while True:
            try:
                async with asyncio.timeout(pause):
                    words = await look()
            except TimeoutError:
                log.warning("the gateway does not answer itself; the watchdog is not fed")
            else:
                self._tell(f"WATCHDOG=1\nSTATUS={words}")
            await clock.sleep(pause)

    def _tell(self, text: str) -> None:
        if not self.address:
            return
        # A name in the abstract space begins with a null octet, written as @.
        where = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto(text.encode(), where)
        except OSError as exc:
            log.warning("service manager not told reason=%r", exc.strerror)


def of_this_process() -> ServiceManager:
    """The service manager that started us, if one did."""
    return ServiceManager.from_environment(os.environ, pid=os.getpid())
