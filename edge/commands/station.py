"""Whether the vehicle is at its station, where what waits for a cheap way may go up.

Somebody says so, or the network says it. What somebody said ends when an encounter begins, when
the vehicle leaves a network of the station, and after some hours; what a network says ends with
that network. Both outlive a restart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from edge.clock import Clock
from edge.commands.carrying import Carried, refused
from edge.commands.encounter import Binding, EncounterOnBoard
from edge.commands.inbox import CommandInbox
from edge.errors import CommandStoreError
from edge.uplink.way_out import StationPolicy, WayOut, read_way_out
from protocols.uplink.commands import ArriveAtStation, Command, LeaveStation

log = logging.getLogger(__name__)

SAID: Final = "station.said"
LOOK_SECONDS: Final = 3.0
_HOUR: Final = 3600.0


class Why(Enum):
    """What stands behind the answer."""

    SAID_HERE = "said_here"
    SAID_LEFT = "said_left"
    """Somebody said so while a network of the station is still there."""
    NETWORK = "network"
    NOTHING = "nothing"


_WORDS: Final = {
    Why.SAID_HERE: "at the station, as was said on board, until an encounter begins",
    Why.SAID_LEFT: "not at the station, as was said on board, though its network is there",
    Why.NETWORK: "at the station, by its network",
    Why.NOTHING: "not at the station",
}


@dataclass(frozen=True, slots=True)
class _Said:
    """The last word of a person: `deadline` in seconds that never step; `encounter` then."""

    is_here: bool
    at: datetime
    deadline: float
    encounter: str


@dataclass(slots=True, kw_only=True)
class Station:
    """The one place that knows; `is_here` may be asked at any time, `run` looks at the network."""

    inbox: CommandInbox
    encounters: EncounterOnBoard
    clock: Clock
    policy: StationPolicy = field(default_factory=StationPolicy)
    look_out: Callable[[], WayOut | None] = read_way_out
    _network: str = ""
    _said: _Said | None = None

    def __post_init__(self) -> None:
        self._network = self.policy.network_of(self.look_out())
        self._said = self._kept()
        if self._said is not None and self._has_ended(self._said):
            self._forget("ended while the gateway was off")
        self.encounters.observers.append(self._encounter_changed)

    @property
    def why(self) -> Why:
        """What says whether it is at its station now."""
        said = self._said
        if said is not None and not said.is_here:
            return Why.SAID_LEFT
        if self._network:
            return Why.NETWORK
        if said is not None and self.clock.seconds_up() < said.deadline:
            return Why.SAID_HERE
        return Why.NOTHING

    def is_here(self) -> bool:
        """Whether the vehicle is at its station now."""
        return self.why in (Why.NETWORK, Why.SAID_HERE)

    def arrive(self) -> None:
        """Somebody says that it is there; durable when this returns."""
        self._say(is_here=True)

    def leave(self) -> None:
        """Somebody says that it has left; durable when this returns."""
        self._say(is_here=False)

    async def take_word(self, command: Command) -> Carried:
        """Carry out `station.here` and `station.left`: the cloud's word counts as a person's."""
        if not isinstance(command.request, ArriveAtStation | LeaveStation):
            return refused("another_request")
        said = self._word(is_here=isinstance(command.request, ArriveAtStation))
        return Carried(keep={SAID: _text(said)}, then=lambda: self._take(said))

    def look(self) -> None:
        """Look at the network and the clock."""
        before, self._network = self._network, self.policy.network_of(self.look_out())
        if before != self._network:
            log.info("network of the station is_there=%s", bool(self._network))
        said = self._said
        if said is None:
            return
        if before and not self._network:
            self._forget("the vehicle left its network")
        elif self._has_ended(said):
            self._forget("its time is over")

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            self.look()
            await self.clock.sleep(LOOK_SECONDS)

    def describe(self) -> dict[str, object]:
        """For the status: the answer, why, and until when (ISO 8601) if that is known."""
        said, why = self._said, self.why
        until = None
        if said is not None and why is Why.SAID_HERE:
            ends = said.at + timedelta(hours=self.policy.hours)
            until = ends.isoformat(timespec="seconds")
        return {
            "is_here": self.is_here(),
            "why": why.value,
            "network": self._network,
            "until": until,
            "words": _WORDS[why],
        }

    def _say(self, *, is_here: bool) -> None:
        said = self._word(is_here=is_here)
        self.inbox.keep({SAID: _text(said)})
        self._take(said)

    def _word(self, *, is_here: bool) -> _Said | None:
        """What is to be kept: of a station that no network is there to speak for, nothing."""
        if not is_here and not self._network:
            return None
        deadline = self.clock.seconds_up() + self.policy.hours * _HOUR
        return _Said(is_here, self.clock.utc(), deadline, self._encounter)

    def _take(self, said: _Said | None) -> None:
        self._said = said
        log.info("station said is_here=%s", said is not None and said.is_here)

    def _forget(self, why: str) -> None:
        self._said = None
        log.info("station not said any more reason=%r", why)
        try:
            self.inbox.keep({SAID: None})
        except CommandStoreError as exc:
            # At the next start it is judged again by encounter and time.
            log.warning("station not forgotten on the disk reason=%r", exc.cause)

    def _has_ended(self, said: _Said) -> bool:
        if not said.is_here:
            return not self._network
        is_other = self._encounter not in ("", said.encounter)
        return is_other or self.clock.seconds_up() >= said.deadline

    def _encounter_changed(self, before: Binding | None, now: Binding | None) -> None:
        del before, now
        said = self._said
        if said is not None and said.is_here and self._has_ended(said):
            self._forget("an encounter began")

    @property
    def _encounter(self) -> str:
        current = self.encounters.current
        return "" if current is None else current.encounter_id

    def _kept(self) -> _Said | None:
        text = self.inbox.kept(SAID)
        if text is None:
            return None
        members = json.loads(text)
        at = datetime.fromisoformat(members["at"])
        since = (self.clock.utc() - at).total_seconds()
        # A clock that is not set yet says nothing about how long ago that was: it is over.
        left = self.policy.hours * _HOUR - since if since >= 0 else 0.0
        deadline = self.clock.seconds_up() + left
        return _Said(members["is_here"], at, deadline, members["encounter"])


def _text(said: _Said | None) -> str | None:
    if said is None:
        return None
    members = {"is_here": said.is_here, "at": said.at.isoformat(), "encounter": said.encounter}
    return json.dumps(members)
