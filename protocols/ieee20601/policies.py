"""What an operator or a simulator may choose about an exchange; frozen, with sound defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import Enum
from typing import Final

from protocols.ieee20601.association import ProtocolVersion, Supported
from protocols.ieee20601.framing import MAX_FROM_MANAGER, StreamLimits
from protocols.ieee20601.report_watchdog import SilencePolicy
from protocols.ieee20601.timeouts import AgentTimeouts, ManagerTimeouts
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, Tolerances
from protocols.model.clock_mapping import OLDEST_LIVE
from protocols.model.codes import MdcCode, SystemId

ALL_VERSIONS: Final = (
    ProtocolVersion.V1 | ProtocolVersion.V2 | ProtocolVersion.V3 | ProtocolVersion.V4
)


class ClockSetting(Enum):
    """Whether a manager sets the clocks of its devices by itself."""

    NEVER = "never"
    WHEN_ALLOWED = "when_allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerPolicy:
    """How a manager behaves where 20601 leaves a choice.

    `supported`: what it negotiates; test associations are refused unless it allows them.
    `limits`: size and time of one APDU on the stream. `tolerances`: what devices are forgiven.
    `collect_stored`: fetch PM-stores after the association. `max_waiting_reports`: confirmed
    reports the driver may leave unconfirmed before RORJ resource-limitation.
    `max_held_reports`, `max_held_octets`: reports held back until the MDS is read; one more is
    refused with resource-limitation, or counts as missed where nobody waits for an answer.
    `max_pending_octets`: answers the peer may leave unread before it is aborted with
    buffer-overflow. `oldest_live_seconds`: a live report stamped longer ago than this takes the
    reception time (see `device_clock`); stored segments may be of any age.
    `segment_retries`: how often a segment is asked for again that said try-later. `stored_age`:
    fetch only segments with entries of the last so much, where a store can select by time and
    its clock is known; None: all. `clear_after_storage`: the devices whose segments are cleared
    once every entry is durable; none by default, for another gateway may still need them.
    `clock_setting`: whether a device's clock is set that is more than `clock_tolerance_seconds`
    wrong, where the device allows it and `knows_time` says that our own time is right; `zone`: the
    gateway's, for clocks of local time.
    `silence`: when a device that reports steadily counts as silent.
    `enabled_scanners`: handles of the scanners to switch on after an association; None: all.
    """

    supported: Supported = field(
        default_factory=lambda: Supported(ALL_VERSIONS, test_associations=False)
    )
    limits: StreamLimits = field(default_factory=StreamLimits)
    timeouts: ManagerTimeouts = field(default_factory=ManagerTimeouts)
    tolerances: Tolerances = DEFAULT_TOLERANCES
    collect_stored: bool = True
    max_waiting_reports: int = 64
    max_held_reports: int = 256
    max_held_octets: int = 256 * 1024
    max_pending_octets: int = 256 * 1024
    oldest_live_seconds: float = OLDEST_LIVE.total_seconds()
    segment_retries: int = 5
    stored_age: timedelta | None = None
    clear_after_storage: frozenset[SystemId] = frozenset()
    clock_setting: ClockSetting = ClockSetting.NEVER
    knows_time: Callable[[], bool] = lambda: True
    clock_tolerance_seconds: float = 2.0
    zone: tzinfo = UTC
    silence: SilencePolicy = field(default_factory=SilencePolicy)
    enabled_scanners: frozenset[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPolicy:
    """How an agent behaves where 20601 leaves a choice.

    `protocol_versions`, `functional_units`: bit masks of the offer. `max_outstanding`: confirmed
    reports on the way at once. `extended_config_id`: under which id the objects are offered
    again when the manager does not know their standard configuration; None: release instead.
    `page_retries`: how often a page of a PM-store is sent again that nobody answers.
    `tolerances`: what managers are forgiven.
    """

    protocol_versions: int = ProtocolVersion.V1
    functional_units: int = 0
    limits: StreamLimits = field(default_factory=lambda: StreamLimits(max_octets=MAX_FROM_MANAGER))
    timeouts: AgentTimeouts = field(default_factory=AgentTimeouts)
    max_outstanding: int = 1
    extended_config_id: int | None = 0x4000
    page_retries: int = 1
    tolerances: Tolerances = DEFAULT_TOLERANCES
    first_invoke_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MdsDescription:
    """What an agent's MDS object says of its device (answer to Get).

    `clock` gives the device's local date and time (naive) for an aware UTC time; None: the
    device has no clock. `offset_minutes`: it also keeps base-offset time, in a zone that far
    ahead of UTC. `clock_can_be_set`: it asks its manager for the time (Set-Time).
    `specializations`: (profile term of partition 8, version) pairs.
    """

    manufacturer: str
    model: str
    serial_number: str = ""
    firmware: str = ""
    specializations: tuple[tuple[MdcCode, int], ...] = ()
    clock: Callable[[datetime], datetime] | None = None
    offset_minutes: int | None = None
    clock_can_be_set: bool = False
