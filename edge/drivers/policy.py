"""How a driver treats its device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.supervision import BackoffPolicy
from protocols.errors import DecodeError
from protocols.ieee20601.association import AssociateResult, Supported
from protocols.ieee20601.policies import ALL_VERSIONS, ClockSetting, ManagerPolicy
from protocols.ieee20601.report_watchdog import SilencePolicy
from protocols.model.codes import SystemId

_MOST_HOURS: Final = 24 * 366


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPolicy:
    """Seconds.

    An agent that connected to us and does not associate within `unassociated_seconds` is sent
    away. A device that reports steadily is shown as stale when it was silent for
    `stale_after_intervals` of its usual intervals, and for `stale_after_seconds` at least; 0
    intervals watch nobody, and a device that reports when something happens is never stale.
    At the end of the program a device gets `release_seconds` to answer the release.
    `reopen` spaces the attempts to open a line that is not there.
    `set_clocks` (never, when_allowed) lets us set the clock of a device that asks for it, to the
    local time of `time_zone` (as Europe/Berlin; empty: UTC).
    `test_associations` are refused unless true; their readings are marked, never charted.
    `allowed_devices` are the System-Ids that may associate; empty: all.

    Readings a device kept in a PM-store are fetched when it associates, unless `collect_stored` is
    off; with `stored_hours` above 0 only those of the last so many hours, from stores that can
    select by time. A fetch that did not come whole is repeated after `stored_again_seconds`, then
    after twice as long each time; 0: not before the next association. A store is never cleared,
    for another gateway may still need it, but for the devices whose System-Ids stand in
    `clear_after_storage`: theirs are, segment by segment, once every entry is stored for good.
    """

    unassociated_seconds: float = 60.0
    stale_after_seconds: float = 15.0
    stale_after_intervals: float = 5.0
    release_seconds: float = 1.0
    reopen: BackoffPolicy = field(default_factory=BackoffPolicy)
    set_clocks: ClockSetting = ClockSetting.NEVER
    time_zone: str = ""
    test_associations: bool = False
    allowed_devices: tuple[str, ...] = ()
    collect_stored: bool = True
    stored_hours: float = 0.0
    stored_again_seconds: float = 60.0
    clear_after_storage: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if min(self.unassociated_seconds, self.stale_after_seconds) <= 0:
            raise ValueError("unassociated_seconds and stale_after_seconds are above 0")
        if min(self.release_seconds, self.stale_after_intervals) < 0:
            raise ValueError("release_seconds and stale_after_intervals are not negative")
        if min(self.stored_hours, self.stored_again_seconds) < 0:
            raise ValueError("stored_hours and stored_again_seconds are not negative")
        if self.stored_hours > _MOST_HOURS:
            raise ValueError(f"stored_hours is at most {_MOST_HOURS}; 0 fetches all")
        _ = self.zone, self.allowed, self.cleared

    @property
    def zone(self) -> tzinfo:
        """The vehicle's time zone; ValueError for one this system does not know."""
        try:
            return ZoneInfo(self.time_zone) if self.time_zone else UTC
        except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
            raise ValueError("time_zone is none that this system knows") from exc

    @property
    def allowed(self) -> frozenset[SystemId]:
        """The devices that may associate, empty for all; ValueError for what is no System-Id."""
        try:
            return frozenset(SystemId.parse(text) for text in self.allowed_devices)
        except DecodeError as exc:
            raise ValueError("allowed_devices are System-Ids in hexadecimal digits") from exc

    @property
    def cleared(self) -> frozenset[SystemId]:
        """The devices whose stores are cleared; ValueError for what is no System-Id."""
        try:
            return frozenset(SystemId.parse(text) for text in self.clear_after_storage)
        except DecodeError as exc:
            raise ValueError("clear_after_storage are System-Ids in hexadecimal digits") from exc

    def manager(self, is_open: Callable[[], bool]) -> ManagerPolicy:
        """What the managers of 20601 need of it.

        `is_open`: whether devices may associate now; else they are asked to come later.
        """
        allowed = self.allowed

        def admit(device: SystemId) -> AssociateResult:
            if allowed and device not in allowed:
                return AssociateResult.REJECTED_UNAUTHORIZED
            return AssociateResult.ACCEPTED if is_open() else AssociateResult.REJECTED_TRANSIENT

        return ManagerPolicy(
            supported=Supported(
                ALL_VERSIONS, test_associations=self.test_associations, admit=admit
            ),
            clock_setting=self.set_clocks,
            zone=self.zone,
            silence=SilencePolicy(
                factor=self.stale_after_intervals, least_seconds=self.stale_after_seconds
            ),
            collect_stored=self.collect_stored,
            stored_age=timedelta(hours=self.stored_hours) if self.stored_hours else None,
            clear_after_storage=self.cleared,
        )
