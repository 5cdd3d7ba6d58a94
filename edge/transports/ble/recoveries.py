"""Two troubles that no retry mends: a host that believes it connects already, and a lost bond.

A crash in the middle of a connect leaves the host in that belief for good. Each refusal in a row
goes one rung further.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Rung(Enum):
    """One remedy; each costs more than the one before."""

    CLOSE_STALE = "end connections nobody holds"
    REMOVE = "have the host forget the device"
    POWER_CYCLE = "switch the adapter off and on"
    USB_RESET = "reset the adapter's USB device"


_LADDER: Final = (Rung.CLOSE_STALE, Rung.REMOVE, Rung.POWER_CYCLE, Rung.USB_RESET)


@dataclass(slots=True)
class Wedges:
    """Refusals in a row, by adapter and device. `may_reset`: whether the last rung is there."""

    may_reset: bool = False
    _refusals: dict[tuple[str, str], int] = field(default_factory=dict)

    def refused(self, adapter: str, address: str, *, bonded: bool) -> Rung:
        """The next remedy. A bond is never thrown away: its device skips that rung."""
        key = (adapter, address)
        missing = {Rung.REMOVE} if bonded else set()
        if not self.may_reset:
            missing.add(Rung.USB_RESET)
        ladder = [rung for rung in _LADDER if rung not in missing]
        number = self._refusals.get(key, 0)
        self._refusals[key] = (number + 1) % len(ladder)
        return ladder[number % len(ladder)]

    def worked(self, adapter: str, address: str) -> None:
        """The device connected."""
        self._refusals.pop((adapter, address), None)


@dataclass(slots=True)
class BondWatch:
    """Links of a bonded device that broke within `short_seconds`, in a row.

    A device that lost its bond takes the connection and drops it as soon as it is to be
    encrypted; the host keeps its own half of the bond and would try for ever.
    """

    short_seconds: float = 1.0
    most: int = 3
    _short: int = 0

    def ended(self, *, seconds: float, bonded: bool, heard: bool) -> bool:
        """A link ended after `seconds`; True when the bond must be lost. `heard`: values came."""
        if heard or not bonded or seconds >= self.short_seconds:
            self._short = 0
            return False
        self._short += 1
        return self._short >= self.most

    def reset(self) -> None:
        """It is paired anew."""
        self._short = 0
