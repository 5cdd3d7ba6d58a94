"""Events are frozen records, and every one of them belongs to a role."""

from __future__ import annotations

import dataclasses
import inspect
from typing import get_args

from protocols.ieee20601 import events


def records() -> set[type]:
    found = inspect.getmembers(events, inspect.isclass)
    return {kind for _, kind in found if kind.__module__ == events.__name__}


def test_every_event_is_told_by_a_manager_or_an_agent() -> None:
    assert records() == {*get_args(events.Event), *get_args(events.AgentEvent)}


def test_events_do_not_change_once_they_are_told() -> None:
    for kind in records():
        assert dataclasses.is_dataclass(kind)
        assert "__slots__" in vars(kind)
        assert vars(kind)["__dataclass_params__"].frozen, kind
