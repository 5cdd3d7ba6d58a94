"""Method calls on the bus, their replies, and what a test can make of them on the way.

calls = CallFaults()
calls.inject("Connect", Refuse(in_progress()), times=50)
calls.inject("ReadValue", Delay(0.5))
calls.inject("StopDiscovery", Swallow())          never answered
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dbus_fast import Message

from simulators.bluetooth.bluetoothd.errors import BluezError


@dataclass(frozen=True, slots=True)
class Call:
    """One method call: who asks what of which object."""

    sender: str
    path: str
    interface: str
    member: str
    body: tuple[object, ...] = ()

    @classmethod
    def of(cls, message: Message) -> Call:
        """From the bus's message."""
        return cls(
            sender=message.sender or "",
            path=message.path or "",
            interface=message.interface or "",
            member=message.member or "",
            body=tuple(message.body),
        )


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `descriptors` are handed over and closed here."""

    signature: str = ""
    body: tuple[object, ...] = ()
    descriptors: tuple[int, ...] = ()


NOTHING = Reply()
Handler = Callable[[Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with an error, the method itself is not run."""

    error: BluezError


@dataclass(frozen=True, slots=True)
class Delay:
    """Run the method `seconds` later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Swallow:
    """Never answer, never run it."""


@dataclass(frozen=True, slots=True)
class Instead:
    """Run this in place of the method."""

    handler: Handler


CallFault = Refuse | Delay | Swallow | Instead


class CallFaults:
    """What is in store for the next calls of each method, and which calls there were."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[CallFault]] = {}
        self._always: dict[str, CallFault] = {}
        self.seen: deque[Call] = deque(maxlen=10_000)

    def inject(self, member: str, fault: CallFault, *, times: int | None = 1) -> None:
        """For the next `times` calls of this method; None is until `clear`."""
        if times is None:
            self._always[member] = fault
        else:
            self._waiting.setdefault(member, deque()).extend([fault] * times)

    def clear(self, member: str | None = None) -> None:
        """Nothing in store any more, for one method or for all."""
        for stored in (self._waiting, self._always):
            if member is None:
                stored.clear()
            else:
                stored.pop(member, None)

    def take(self, call: Call) -> CallFault | None:
        """What happens to this call; it is counted."""
        self.seen.append(call)
        waiting = self._waiting.get(call.member)
        if waiting:
            return waiting.popleft()
        return self._always.get(call.member)

    def count(self, member: str, path: str | None = None) -> int:
        """How often this method was called, of one object or of any."""
        return sum(call.member == member and path in (None, call.path) for call in self.seen)
