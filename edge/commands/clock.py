"""`clock.read`: what time the gateway has, so that the cloud can tell how far it is off."""

from __future__ import annotations

from dataclasses import dataclass

from edge.clock import Clock
from edge.commands.carrying import Carried
from protocols.uplink.commands import Command


@dataclass(frozen=True, slots=True)
class ClockReader:
    """Reads both clocks at once."""

    clock: Clock

    async def read(self, command: Command) -> Carried:
        """Carry out `clock.read`: `utc` and the seconds since the start of the machine."""
        del command
        return Carried(
            facts=(
                ("utc", self.clock.utc().isoformat(timespec="milliseconds")),
                ("monotonic_seconds", f"{self.clock.monotonic():.3f}"),
            )
        )
