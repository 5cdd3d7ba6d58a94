"""The tree of all work: what runs, what waits and why, and storms that are held back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge.errors import DeviceNotFoundError
from edge.supervision.backoff import Backoff, BackoffPolicy
from edge.supervision.policy import SupervisionPolicy
from edge.supervision.tree import TaskState, TaskTree
from tests.unit.edge.making import NOON, ManualTime

STEADY = BackoffPolicy(first=1.0, most=8.0, jitter=0.0, forgiven_after=20.0)


def failing(times: int, seen: Callable[[], None] = lambda: None) -> Callable[[], Awaitable[bool]]:
    """Work that fails so many times, then ends for good."""
    left = [times]

    async def work() -> bool:
        seen()
        if left[0]:
            left[0] -= 1
            raise DeviceNotFoundError("no such port")
        return False

    return work


async def test_work_is_seen_with_its_failures_by_its_name() -> None:
    time = ManualTime()
    tree = TaskTree(time.clock)
    states: list[TaskState] = []
    await tree.keep(
        "device",
        "ox",
        failing(2, lambda: states.extend(node.state for node in tree)),
        backoff=Backoff(STEADY),
        on_failure=lambda _failure: states.extend(node.state for node in tree),
    )
    running, waiting = TaskState.RUNNING, TaskState.WAITING
    assert states == [running, waiting, running, waiting, running]
    (node,) = tree
    assert (node.group, node.name, node.state) == ("device", "ox", TaskState.ENDED)
    assert (node.starts, node.failures, node.faults) == (3, 2, 0)
    assert (node.reason, node.retry_seconds) == ("no such port.", 2.0)


async def test_since_is_when_the_state_began() -> None:
    time = ManualTime()
    tree = TaskTree(time.clock)
    begun = time.clock.utc()
    with tree.watched("agent", "tcp:1") as node:
        time.seconds += 5
        node.move(TaskState.RUNNING, at=time.clock.utc())
        assert node.since == begun > NOON


async def test_work_that_is_not_started_again_leaves_with_its_end() -> None:
    tree = TaskTree(ManualTime().clock)
    seen: list[str] = []

    def work() -> None:
        with tree.watched("agent", "tcp:1"):
            seen.extend(node.name for node in tree)
            raise ValueError("over")

    with pytest.raises(ValueError, match="over"):
        work()
    assert (seen, list(tree)) == (["tcp:1"], [])


async def test_the_later_of_two_of_one_name_stays() -> None:
    tree = TaskTree(ManualTime().clock)
    with tree.watched("agent", "tcp:1") as first:
        with tree.watched("agent", "tcp:1") as second:
            assert list(tree) == [second]
        assert not list(tree)
    assert first is not second


async def test_groups_stay_together() -> None:
    tree = TaskTree(ManualTime().clock)
    with tree.watched("service", "a"), tree.watched("agent", "b"), tree.watched("service", "c"):
        assert [node.name for node in tree] == ["b", "a", "c"]


async def test_a_storm_of_restarts_is_spread_over_time() -> None:
    """Forty parts fail at once: no window sees more restarts than it may."""
    time = ManualTime()
    tree = TaskTree(time.clock, SupervisionPolicy(most_restarts=10, within_seconds=5.0))
    began: list[float] = []

    async with asyncio.TaskGroup() as tasks:
        for number in range(40):
            work = failing(1, lambda: began.append(time.seconds))
            tasks.create_task(tree.keep("device", str(number), work, backoff=Backoff(STEADY)))
    restarts = sorted(began)[40:]
    assert len(restarts) == 40
    for start in restarts:
        assert sum(start <= at < start + 5.0 for at in restarts) <= 10
    assert tree.held_back > 0


async def test_what_is_cancelled_leaves_the_tree() -> None:
    tree = TaskTree(ManualTime().clock)
    begun = asyncio.Event()

    async def work() -> bool:
        begun.set()
        await asyncio.Event().wait()
        return True

    async with asyncio.TaskGroup() as tasks:
        kept = tasks.create_task(tree.keep("device", "ox", work))
        await begun.wait()
        assert len(list(tree)) == 1
        kept.cancel()
    assert not list(tree)
