"""What a monitor with a protocol of its own is: a name, its line, and a session a connection.

    session = monitor.open_session(SessionOptions())
    session.transport_connected(now=t)
    session.receive_data(octets, now=t, utc=utc)
    then drain:  session.next_event(), session.data_to_send(), session.next_deadline()

The verbs mean what they mean for a 20601 connection (`protocols.ieee20601.connection`). Nothing is
confirmed to such a monitor: it shows what is true now and keeps nothing for us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation


@dataclass(frozen=True, slots=True)
class MonitorDescribed:
    """The monitor said who it is; observations may follow."""

    info: DeviceInfo


@dataclass(frozen=True, slots=True)
class ObservationsMade:
    """What one message of the monitor says about the patient."""

    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class MonitorWarning:
    """Something was not as its document has it; never a measured value or a patient's data."""

    text: str


@dataclass(frozen=True, slots=True)
class LineDiscarded:
    """`count` octets of the line belonged to no message and were dropped."""

    count: int


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over: `released` in good order, else for this reason."""

    reason: str
    released: bool = False


MonitorEvent = MonitorDescribed | ObservationsMade | MonitorWarning | LineDiscarded | SessionEnded


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """What the operator may choose: how often to ask, in seconds, and whether for waveforms."""

    poll_seconds: float = 1.0
    waves: bool = True


class MonitorSession(Protocol):
    """One connection to a monitor, octets and time in, events and octets out."""

    def transport_connected(self, *, now: float) -> None:
        """A line is there (`now`: monotonic seconds)."""
        ...

    def transport_closed(self, *, now: float) -> None:
        """The line is gone."""
        ...

    def receive_data(self, data: bytes, *, now: float, utc: datetime) -> None:
        """Take octets in any portions; nothing the monitor sends raises. `utc` is aware."""
        ...

    def release(self, *, now: float) -> None:
        """Ask to end in good order."""
        ...

    def data_to_send(self) -> list[bytes]:
        """Take what must be written now."""
        ...

    def next_event(self) -> MonitorEvent | None:
        """Take the next thing that happened; None when all are taken."""
        ...

    def next_deadline(self) -> float | None:
        """When `handle_deadline` must be called, monotonic seconds; None for never."""
        ...

    def handle_deadline(self, *, now: float) -> None:
        """Do what is due; harmless when nothing is."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """One kind of monitor: how operators call it, its document, its usual line settings."""

    name: str
    document: str
    line_settings: str
    open_session: Callable[[SessionOptions], MonitorSession]
