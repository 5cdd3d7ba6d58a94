"""A manager on a bench: octets in by hand, what it writes and reports kept in lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    AssociationEnded,
    Event,
    ObservationsReported,
    OctetsDiscarded,
    ProtocolWarning,
)
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.manager_stored_data import StoredPages
from protocols.ieee20601.policies import ManagerPolicy
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.model.observation import Observation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import (
    AGENT_ID,
    MANAGER_ID,
    aarq,
    prst,
    report,
    sized,
)

START: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOON: Final = bytes.fromhex("2026112312000000")
"""The device's clock at START, as AbsoluteTime: it runs right."""
FIXED: Final = 0x0D1D
CONFIG: Final = 0x0D1C
SEGMENT: Final = 0x0D21


def spo2(
    percent: int, *, number: int = 0, stamp: bytes = NOON, handle: int = 1, extra: bytes = b""
) -> bytes:
    """A fixed scan report's content: one SFLOAT and its time stamp for one handle."""
    values = percent.to_bytes(2, "big") + stamp + extra
    observation = handle.to_bytes(2, "big") + sized(values)
    return b"\xf0\x00" + number.to_bytes(2, "big") + b"\x00\x01" + sized(observation)


def mds_answer(invoke_id: int, clock: bytes = NOON) -> bytes:
    """The answer to a Get: an MDS that says its date and time only."""
    attributes = bytes.fromhex("0987") + sized(clock)
    return prst(invoke_id, 0x0203, b"\x00\x00\x00\x01" + sized(attributes))


class Bench:
    """One manager with a connected transport; every report stays unconfirmed unless asked."""

    def __init__(
        self,
        *,
        policy: ManagerPolicy | None = None,
        configurations: Callable[[SystemId, int], Configuration | None] = lambda _id, _config: None,
        first_invoke_id: int = 0,
        stored_pages: StoredPages = lambda _system_id, _mark: False,
    ) -> None:
        self.now = 0.0
        self.events: list[Event | OctetsDiscarded] = []
        self.manager = ManagerConnection(
            system_id=SystemId(MANAGER_ID),
            standard_configurations=STANDARD_CONFIGURATIONS,
            configurations=configurations,
            first_invoke_id=first_invoke_id,
            policy=policy,
            stored_pages=stored_pages,
        )
        self.manager.transport_connected(now=self.now)

    def is_in(self, state: State) -> bool:
        return self.manager.state is state

    def receive(self, octets: bytes) -> bytes:
        """Feed octets; all that the manager wrote."""
        utc = START + timedelta(seconds=self.now)
        self.manager.receive_data(octets, now=self.now, utc=utc)
        return self.drain()

    def drain(self) -> bytes:
        while (event := self.manager.next_event()) is not None:
            self.events.append(event)
        return b"".join(self.manager.data_to_send())

    def wait(self, seconds: float) -> bytes:
        """Let time pass, deadline by deadline; all that the manager wrote."""
        end = self.now + seconds
        written = b""
        while (due := self.manager.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.manager.handle_deadline(now=self.now)
            written += self.drain()
        self.now = end
        return written

    def confirm(self, invoke_id: int) -> bytes:
        self.manager.confirm(invoke_id, now=self.now)
        return self.drain()

    def operate(self, config_id: int = 0x0190, *, functional_units: int = 0) -> None:
        """Associate with a known configuration and answer the Get."""
        written = self.receive(aarq(config_id=config_id, functional_units=functional_units))
        assert written[:2] == b"\xe3\x00"
        get_id = int.from_bytes(written[-12:-10], "big")
        self.receive(mds_answer(get_id))
        assert self.is_in(State.OPERATING)

    def report(self, invoke_id: int, info: bytes, *, confirmed: bool = True) -> bytes:
        return self.receive(report(invoke_id, FIXED, info, confirmed=confirmed))

    def take_events(self) -> list[Event | OctetsDiscarded]:
        """The events since the last call, warnings left out."""
        taken: list[Event | OctetsDiscarded] = [
            event for event in self.events if not isinstance(event, ProtocolWarning)
        ]
        self.events.clear()
        return taken

    def take_observations(self) -> list[Observation]:
        return [
            observation
            for event in self.take_events()
            if isinstance(event, ObservationsReported)
            for observation in event.observations
        ]

    def take_end(self) -> AssociationEnded:
        """The one end among the events since the last call."""
        (end,) = [event for event in self.take_events() if isinstance(event, AssociationEnded)]
        return end

    def take_warnings(self) -> list[str]:
        texts = [event.text for event in self.events if isinstance(event, ProtocolWarning)]
        self.events.clear()
        return texts


AGENT: Final = SystemId(AGENT_ID)
