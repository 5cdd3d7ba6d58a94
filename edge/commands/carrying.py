"""What a handler is given and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from protocols.uplink.commands import Command, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A command carried out, or not.

    `is_pending`: the answer comes later, by `CommandDesk.conclude`, in this run or the next.
    `keep` is written in the same commit as the answer (None: forget it); `then` is called once
    that commit stands, and only in the process that made it.
    """

    outcome: Outcome = Outcome.DONE
    is_pending: bool = False
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    keep: Mapping[str, str | None] = field(default_factory=dict)
    then: Callable[[], None] = lambda: None


Handler = Callable[[Command], Awaitable[Carried]]
"""Carries a command out. After a power cut it may be called once more for the same command, so
whatever it does beyond `keep` must bear repeating. EdgeError: it failed, and is answered so."""


def refused(reason: str) -> Carried:
    """It will not be carried out; `reason` is a snake_case word."""
    return Carried(outcome=Outcome.REFUSED, reason=reason)
