"""Configurable scanners: objects that gather other objects' values into reports of their own.

    scanner = scanners_of(configuration)[55]
    scanner.kind, .handles, .maps, .confirmed, .confirm_seconds, .interval_seconds, .window
    enable(scanner.handle) -> RoivConfirmedSet          what a manager sends to switch one on

An episodic scanner reports when something happened (UNBUF events), a periodic one once every
Reporting-Interval (BUF events). Both begin as their Operational-State says (20601 6.3.8, 6.3.9).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import HandleValueMap
from protocols.ieee20601.attributes import find_readable
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.remote_operations import RoivConfirmedSet
from protocols.ieee20601.requests import set_attribute
from protocols.ieee20601.timeouts import seconds_of


class OperationalState(IntEnum):
    """Whether a scanner reports (OperationalState)."""

    DISABLED = 0
    ENABLED = 1
    NOT_AVAILABLE = 2


class ScannerKind(Enum):
    """What makes a scanner report."""

    EPISODIC = "episodic"
    PERIODIC = "periodic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """One configurable scanner as its configuration describes it.

    `handles` are the objects it scans; `maps` the layout of its grouped reports. `enabled` is
    its state before anybody sets it. `confirmed` is its Confirm-Mode, `confirm_seconds` its
    Confirm-Timeout, None for the usual one. `interval_seconds`: from one report to the next, for
    an episodic scanner the shortest (Min-Reporting-Interval); None where it is not told.
    `window`: how many of its confirmed reports may wait for their answer at once.
    """

    handle: int
    kind: ScannerKind
    handles: tuple[int, ...] = ()
    maps: tuple[HandleValueMap, ...] = ()
    enabled: bool = False
    confirmed: bool = True
    confirm_seconds: float | None = None
    interval_seconds: float | None = None
    window: int = 1

    @property
    def is_periodic(self) -> bool:
        """Whether it reports by the clock."""
        return self.kind is ScannerKind.PERIODIC


_KINDS: Final = {
    int(ObjectClass.EPISODIC_SCANNER): ScannerKind.EPISODIC,
    int(ObjectClass.PERIODIC_SCANNER): ScannerKind.PERIODIC,
}
_UNCONFIRMED: Final = 0


def describe_scanner(subject: ConfiguredObject) -> Scanner | None:
    """The scanner an object is, None for any other object; what cannot be read is left out."""
    kind = _KINDS.get(subject.object_class)
    if kind is None:
        return None
    attributes, unread = subject.attributes, list[str]()
    maps = subject.handle_maps
    handles = find_readable(attributes, at.SCAN_HANDLE_LIST, unread)
    interval = at.SCAN_REP_PD if kind is ScannerKind.PERIODIC else at.SCAN_REP_PD_MIN
    state = find_readable(attributes, at.OP_STAT, unread)
    mode = find_readable(attributes, at.CONFIRM_MODE, unread)
    return Scanner(
        handle=subject.handle,
        kind=kind,
        handles=handles if handles is not None else tuple(item.handle for item in maps),
        maps=maps,
        enabled=state == OperationalState.ENABLED,
        confirmed=mode != _UNCONFIRMED,
        confirm_seconds=seconds_of(subject.confirm_timeout_ticks),
        interval_seconds=seconds_of(find_readable(attributes, interval, unread)),
        window=find_readable(attributes, at.TX_WIND, unread) or 1,
    )


def scanners_of(configuration: Configuration) -> dict[int, Scanner]:
    """The configurable scanners of a configuration, by handle."""
    described = (describe_scanner(subject) for subject in configuration.objects.values())
    return {scanner.handle: scanner for scanner in described if scanner is not None}


def enable(handle: int) -> RoivConfirmedSet:
    """The request that switches a scanner on."""
    return set_attribute(handle, at.OP_STAT, int(OperationalState.ENABLED))


def disable(handle: int) -> RoivConfirmedSet:
    """The request that switches a scanner off."""
    return set_attribute(handle, at.OP_STAT, int(OperationalState.DISABLED))
