"""Every piece of work of one run by its name: what runs, what waits and why, what failed how often.

The root is the run itself; below it are groups (services, devices, agents), below those the work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from edge.clock import Clock
from edge.errors import EdgeError
from edge.supervision.backoff import Backoff
from edge.supervision.policy import SupervisionPolicy
from edge.supervision.running import NOT_MENDED_BY_WAITING, Failure, keep_running


class TaskState(Enum):
    """Where a piece of work is."""

    RUNNING = "runs"
    WAITING = "waits"
    """It stopped and will be started again."""
    ENDED = "ended"


@dataclass(slots=True)
class TaskNode:
    """One piece of work. `reason` and `retry_seconds` are those of the last failure."""

    group: str
    name: str
    since: datetime
    state: TaskState = TaskState.RUNNING
    reason: str = ""
    retry_seconds: float = 0.0
    starts: int = 0
    failures: int = 0
    faults: int = 0

    def move(self, state: TaskState, *, at: datetime) -> None:
        """A new state since `at`."""
        if state is not self.state:
            self.since = at
        self.state = state


@dataclass(slots=True)
class TaskTree:
    """All work of one run. `held_back` counts restarts that had to wait for those of others."""

    clock: Clock
    policy: SupervisionPolicy = field(default_factory=SupervisionPolicy)
    held_back: int = 0
    _nodes: dict[tuple[str, str], TaskNode] = field(default_factory=dict)
    _restarts: deque[float] = field(default_factory=deque)

    def __iter__(self) -> Iterator[TaskNode]:
        return iter(sorted(self._nodes.values(), key=lambda node: node.group))

    @contextmanager
    def watched(self, group: str, name: str) -> Iterator[TaskNode]:
        """A piece of work that is not started again: in the tree for as long as it lasts."""
        node = TaskNode(group, name, self.clock.utc(), starts=1)
        self._nodes[group, name] = node
        try:
            yield node
        finally:
            self._forget(node)

    async def keep(
        self,
        group: str,
        name: str,
        work: Callable[[], Awaitable[bool]],
        *,
        backoff: Backoff | None = None,
        on_failure: Callable[[Failure], None] = lambda _failure: None,
        ended_by: tuple[type[EdgeError], ...] = NOT_MENDED_BY_WAITING,
    ) -> None:
        """As `keep_running`, in the tree; what has ended for good stays to be seen.

        What is cancelled leaves the tree: a device that was taken away.
        """
        node = TaskNode(group, name, self.clock.utc())
        self._nodes[group, name] = node

        async def life() -> bool:
            if node.starts:
                await self._wait_for_turn()
            node.starts += 1
            node.move(TaskState.RUNNING, at=self.clock.utc())
            return await work()

        def failed(failure: Failure) -> None:
            node.failures += 1
            node.faults += failure.is_fault
            node.reason, node.retry_seconds = failure.reason, failure.wait_seconds
            node.move(TaskState.WAITING, at=self.clock.utc())
            on_failure(failure)

        try:
            await keep_running(
                life,
                name=f"{group} {name}",
                backoff=backoff or Backoff(self.policy.services),
                clock=self.clock,
                on_failure=failed,
                ended_by=ended_by,
            )
        except BaseException:
            self._forget(node)
            raise
        node.move(TaskState.ENDED, at=self.clock.utc())

    def _forget(self, node: TaskNode) -> None:
        if self._nodes.get((node.group, node.name)) is node:
            del self._nodes[node.group, node.name]

    async def _wait_for_turn(self) -> None:
        """When much fails at once, it does not come back at once: others need the machine too."""
        held = False
        while True:
            now = self.clock.monotonic()
            while self._restarts and now - self._restarts[0] >= self.policy.within_seconds:
                self._restarts.popleft()
            if len(self._restarts) < self.policy.most_restarts:
                self._restarts.append(now)
                return
            if not held:
                held = True
                self.held_back += 1
            await self.clock.sleep(self._restarts[0] + self.policy.within_seconds - now)
