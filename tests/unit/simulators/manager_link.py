"""A link with a real manager at its far end, inside the test's own process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from protocols.ieee20601.events import ObservationsReported
from protocols.ieee20601.framing import StreamLimits
from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.policies import ManagerPolicy
from protocols.model.codes import SystemId
from protocols.model.observation import Observation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class ManagerLink:
    """A `ByteLink` to a manager that confirms what it is given while `confirming`."""

    def __init__(self, framing: str = RAW, policy: ManagerPolicy | None = None) -> None:
        self._framing = framing
        self._policy = policy
        self.heard: list[Observation] = []
        self.repeats = 0
        self.events: list[object] = []
        self.connections = 0
        self.confirming = True
        self.listening = True
        self._known: dict[tuple[SystemId, int], bytes] = {}
        self._answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._manager: ManagerConnection | None = None
        self._there = asyncio.Event()
        self._there.set()
        self.spoken_to = asyncio.Event()
        self.reported = asyncio.Event()

    @property
    def address(self) -> str:
        """For people."""
        return "test:manager"

    def come(self) -> None:
        """From now on somebody answers."""
        self._there.set()

    def go(self) -> None:
        """The far end breaks the connection and stays away."""
        self._there.clear()
        self._manager = None
        self._answers.put_nowait(b"")

    async def connect(self) -> None:
        """Wait until somebody is there."""
        await self._there.wait()
        self.connections += 1
        self._answers = asyncio.Queue()
        self._manager = ManagerConnection(
            system_id=SystemId(b"MANAGER1"),
            standard_configurations=STANDARD_CONFIGURATIONS,
            configurations=lambda _system, _config: None,
            policy=self._policy,
            framing=STREAM_FRAMINGS[self._framing](StreamLimits()),
        )
        self._manager.transport_connected(now=0.0)

    async def read(self) -> bytes:
        """What the manager says."""
        return await self._answers.get()

    async def write(self, data: bytes) -> None:
        """Let the manager hear and answer."""
        if self._manager is None:
            return
        self._manager.receive_data(data, now=0.0, utc=START)
        while (event := self._manager.next_event()) is not None:
            self.events.append(event)
            self.spoken_to.set()
            if isinstance(event, ObservationsReported):
                self._keep(event)
                if event.invoke_id is not None and self.confirming:
                    self._manager.confirm(event.invoke_id, now=0.0)
        for chunk in self._manager.data_to_send():
            self._answers.put_nowait(chunk)

    def _keep(self, event: ObservationsReported) -> None:
        self.reported.set()
        known = {one.observation_id for one in self.heard}
        for observation in event.observations:
            if observation.observation_id in known:
                self.repeats += 1
            else:
                self.heard.append(observation)

    async def close(self) -> None:
        """Nothing is held."""
        self._manager = None

    def remove(self) -> None:
        """Nothing stays behind."""
