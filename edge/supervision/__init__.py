"""One tree of all work: each piece is kept running, counted when it fails, and seen by its name."""

from __future__ import annotations

from edge.supervision.backoff import Backoff, BackoffPolicy
from edge.supervision.policy import SupervisionPolicy
from edge.supervision.running import Failure, attempt, keep_running, single_error
from edge.supervision.tree import TaskNode, TaskState, TaskTree

__all__ = [
    "Backoff",
    "BackoffPolicy",
    "Failure",
    "SupervisionPolicy",
    "TaskNode",
    "TaskState",
    "TaskTree",
    "attempt",
    "keep_running",
    "single_error",
]
