"""One connection to a broker: what paho's thread tells of it, as futures of the event loop."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from edge.errors import UplinkUnreachableError
from edge.uplink.answers import Silence
from edge.uplink.link import WRONG_SECRET

log = logging.getLogger(__name__)

_UNSUPPORTED_VERSION: Final = 0x84
# Bad user name or password, not authorized; paho gives those of 3.1.1 the numbers of 5.
_NOT_ADMITTED: Final = {0x86, 0x87}


class RefusedError(UplinkUnreachableError):
    """The broker did not let us in; `ask_version_again` when its version may be why."""

    def __init__(self, cause: str, *, ask_version_again: bool = False) -> None:
        self.ask_version_again = ask_version_again
        super().__init__(cause)


@dataclass(slots=True)
class Connection:
    """One connection: what paho's thread tells, as futures of the event loop."""

    client: Client
    version: MQTTProtocolVersion
    loop: asyncio.AbstractEventLoop
    admitted: asyncio.Future[int | None] = field(init=False)
    subscribed: asyncio.Future[None] = field(init=False)
    lost: asyncio.Future[str] = field(init=False)
    most_octets: int | None = None
    silence: Silence = field(default_factory=Silence)

    def __post_init__(self) -> None:
        self.admitted = self.loop.create_future()
        self.subscribed = self.loop.create_future()
        self.lost = self.loop.create_future()

    def tell(self, act: Callable[[], None]) -> None:
        """From paho's thread to the event loop."""
        try:
            self.loop.call_soon_threadsafe(act)
        except RuntimeError:
            log.debug("the event loop is closed")

    def admit(self, code: ReasonCode, most_octets: int | None) -> None:
        """The broker answered our CONNECT; `most_octets`: what a packet may have."""
        if code.is_failure:
            is_version = code.value == _UNSUPPORTED_VERSION
            refusal = f"the broker refuses us ({str(code).lower()})"
            if code.value in _NOT_ADMITTED:
                refusal = WRONG_SECRET
            _fail(self.admitted, RefusedError(refusal, ask_version_again=is_version))
        elif not self.admitted.done():
            self.admitted.set_result(most_octets)

    def confirm_subscription(self, codes: list[ReasonCode]) -> None:
        """The broker answered for the topics we read."""
        if any(code.is_failure for code in codes):
            refusal = "the broker refuses the topics we read"
            _fail(self.subscribed, RefusedError(refusal))
        elif not self.subscribed.done():
            self.subscribed.set_result(None)

    def lose(self, reason: str) -> None:
        """It is over, for a reason."""
        # Brokers that know only the older version often just hang up.
        refusal = f"the broker hung up ({reason})"
        _fail(self.admitted, RefusedError(refusal, ask_version_again=True))
        _fail(self.subscribed, RefusedError(refusal))
        if not self.lost.done():
            self.lost.set_result(reason)


def _fail(future: asyncio.Future[Any], error: RefusedError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # read once here: nobody may be waiting for it any more


def send_at_once(client: Client, userdata: object, opened: object) -> None:
    """A packet after a small one must not wait for the peer's delayed acknowledgement (40 ms)."""
    del client, userdata
    if isinstance(opened, socket.socket):
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def stop(client: Client) -> None:
    """End it and its thread; it waits for the thread."""
    client.disconnect()
    client.loop_stop()
