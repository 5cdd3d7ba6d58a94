"""The encounter on board: bound by dispatch or begun by the crew, kept over a power cut."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from edge.commands.carrying import Carried, refused
from edge.commands.inbox import CommandInbox
from protocols.uplink.commands import BindEncounter, Command, ReleaseEncounter

log = logging.getLogger(__name__)

CURRENT: Final = "encounter.current"
NEWEST: Final = "encounter.newest_start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The encounter the vehicle's readings belong to since `started_at` (aware UTC).

    `encounter_id` is the cloud's id, or for one begun on board the UUID made there; `number`,
    `complaint` and `sex` are what dispatch knew.
    """

    encounter_id: str
    started_at: datetime
    number: str = ""
    complaint: str = ""
    sex: str = ""
    is_from_dispatch: bool = True


Observer = Callable[[Binding | None, Binding | None], None]
"""Called with the binding before and the one now, after the change is on the disk."""


@dataclass(slots=True)
class EncounterOnBoard:
    """The one place that knows the current encounter. Observers are told of every change.

    The encounter that started last is the current one, whatever the order commands arrive in.
    """

    inbox: CommandInbox
    observers: list[Observer] = field(default_factory=list)
    _current: Binding | None = None

    def __post_init__(self) -> None:
        self._current = _read(self.inbox.kept(CURRENT))

    @property
    def current(self) -> Binding | None:
        """The encounter the vehicle is in, None between two."""
        return self._current

    def begin(self, binding: Binding) -> None:
        """The crew begins an encounter with no dispatch at hand; durable when this returns."""
        self.inbox.keep(_kept(binding))
        self._tell(binding)

    def end(self) -> None:
        """The crew ends the encounter on board; durable when this returns."""
        self.inbox.keep({CURRENT: None})
        self._tell(None)

    async def bind(self, command: Command) -> Carried:
        """Carry out `encounter.bind`."""
        request = command.request
        if not isinstance(request, BindEncounter):
            return refused("another_request")
        binding = Binding(
            encounter_id=request.encounter_id,
            started_at=request.started_at,
            number=request.number,
            complaint=request.complaint,
            sex=request.sex,
        )
        newest = self.inbox.kept(NEWEST)
        current = self._current
        is_same = current is not None and current.encounter_id == binding.encounter_id
        if newest and datetime.fromisoformat(newest) > binding.started_at and not is_same:
            return Carried(facts=(("binding", "superseded"),))
        return Carried(
            facts=(("binding", "current"),),
            keep=_kept(binding),
            then=lambda: self._tell(binding),
        )

    async def release(self, command: Command) -> Carried:
        """Carry out `encounter.release`; one that is not the current one changes nothing."""
        request = command.request
        if not isinstance(request, ReleaseEncounter):
            return refused("another_request")
        if self._current is None or self._current.encounter_id != request.encounter_id:
            return Carried(facts=(("binding", "not_current"),))
        return Carried(
            facts=(("binding", "released"),),
            keep={CURRENT: None},
            then=lambda: self._tell(None),
        )

    def _tell(self, now: Binding | None) -> None:
        before, self._current = self._current, now
        log.info(
            "encounter on board changed before=%s now=%s",
            before.encounter_id if before else "none",
            now.encounter_id if now else "none",
        )
        for observer in self.observers:
            observer(before, now)


def _kept(binding: Binding) -> dict[str, str | None]:
    started_at = binding.started_at.isoformat()
    members = asdict(binding) | {"started_at": started_at}
    return {CURRENT: json.dumps(members), NEWEST: started_at}


def _read(text: str | None) -> Binding | None:
    if text is None:
        return None
    members = json.loads(text)
    members["started_at"] = datetime.fromisoformat(members["started_at"])
    return Binding(**members)
