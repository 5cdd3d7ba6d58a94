"""How a driver treats its device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edge.supervision import BackoffPolicy
from protocols.errors import DecodeError
from protocols.ieee20601.association import AssociateResult, Supported
from protocols.ieee20601.policies import ALL_VERSIONS, ClockSetting, ManagerPolicy
from protocols.ieee20601.report_watchdog import SilencePolicy
from protocols.model.codes import SystemId

_MOST_HOURS: Final = 24 * 366
_FULL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPolicy:
    """Seconds, unless a key says otherwise.

    A device that reports when something happens is never stale. A store is not cleared unless
    its device is named, for another gateway may still need what is in it.
    """

    unassociated_seconds: Annotated[
        float, "an agent that connected and does not associate within this is sent away"
    ] = 60.0
    stale_after_seconds: Annotated[
        float, "a steady device is stale when it was silent for so long at least"
    ] = 15.0
    stale_after_intervals: Annotated[
        float, "and for so many of its usual intervals; 0 watches nobody"
    ] = 5.0
    battery_low_percent: Annotated[int, "percent: a battery at or below this is low"] = 20
    clock_tolerance_seconds: Annotated[
        float, "a device's clock that is further off is shown as wrong"
    ] = 60.0
    release_seconds: Annotated[float, "what a device gets to answer the release at the end"] = 1.0
    reopen: BackoffPolicy = field(default_factory=BackoffPolicy)
    set_clocks: Annotated[
        ClockSetting,
        "never or when_allowed: set the clock of a device that asks its manager to,"
        " while something outside vouches for the gateway's own",
    ] = ClockSetting.NEVER
    time_zone: Annotated[
        str, "local time of such clocks and of the crew page, as Europe/Berlin; empty is UTC"
    ] = ""
    test_associations: Annotated[
        bool, "take test associations; their readings are marked, never charted"
    ] = False
    allowed_devices: Annotated[tuple[str, ...], "System-Ids that may associate; empty is all"] = ()
    collect_stored: Annotated[
        bool, "fetch the readings a device kept in its memory when it associates"
    ] = True
    stored_hours: Annotated[
        float, "only those of the last so many hours, from stores that select by time; 0 is all"
    ] = 0.0
    stored_again_seconds: Annotated[
        float,
        "repeat a fetch that did not come whole after this, then after twice as long; 0 never",
    ] = 60.0
    clear_after_storage: Annotated[
        tuple[str, ...],
        "System-Ids of devices whose memory is cleared once every entry is stored for good",
    ] = ()

    def __post_init__(self) -> None:
        if min(self.unassociated_seconds, self.stale_after_seconds) <= 0:
            raise ValueError("unassociated_seconds and stale_after_seconds are above 0")
        if min(self.release_seconds, self.stale_after_intervals) < 0:
            raise ValueError("release_seconds and stale_after_intervals are not negative")
        if not 0 <= self.battery_low_percent <= _FULL or self.clock_tolerance_seconds < 0:
            raise ValueError(
                "battery_low_percent is 0 to 100, clock_tolerance_seconds is not negative"
            )
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

    def manager(
        self, is_open: Callable[[], bool], *, knows_time: Callable[[], bool]
    ) -> ManagerPolicy:
        """What the managers of 20601 need of it.

        `is_open`: whether devices may associate now; else they are asked to come later.
        `knows_time`: whether our clock is right; no device's clock is set else.
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
            knows_time=knows_time,
            zone=self.zone,
            silence=SilencePolicy(
                factor=self.stale_after_intervals, least_seconds=self.stale_after_seconds
            ),
            collect_stored=self.collect_stored,
            stored_age=timedelta(hours=self.stored_hours) if self.stored_hours else None,
            clear_after_storage=self.cleared,
        )
