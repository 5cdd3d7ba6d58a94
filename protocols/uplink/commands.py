"""What the cloud asks of a gateway, and what the gateway answers.

A command may arrive any number of times: its id says which one it is, and it is carried out once.
One that has expired is answered and not carried out. The cloud sends it again until an answer
names it, so an answer needs no receipt of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from protocols.model.codes import MdcCode


@dataclass(frozen=True, slots=True, kw_only=True)
class BindEncounter:
    """`encounter.bind`: from `started_at` (aware) the vehicle's readings belong to this encounter.

    `number` is the dispatch's own incident number; `complaint` and `sex` are the words dispatch
    had for the patient, empty when it had none.
    """

    encounter_id: str
    number: str
    started_at: datetime
    complaint: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseEncounter:
    """`encounter.release`: the encounter is over for the vehicle. `status` is the cloud's word."""

    encounter_id: str
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyConfiguration:
    """`configuration.apply`: a signed configuration in its compact form (RFC 7515, 7.1)."""

    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWaveformWindow:
    """`waveform.window`: send the stored waveforms of [`from_at`, `to_at`) (aware) ahead of others.

    `leads` names the waveform types wanted; empty means every one.
    """

    from_at: datetime
    to_at: datetime
    leads: tuple[MdcCode, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadClock:
    """`clock.read`: say what time the gateway has."""


@dataclass(frozen=True, slots=True)
class ArriveAtStation:
    """`station.here`: the vehicle is at its station, where waveforms go up under any profile."""


@dataclass(frozen=True, slots=True)
class LeaveStation:
    """`station.left`: it is there no longer."""


@dataclass(frozen=True, slots=True)
class RenewCredentials:
    """`credentials.renew`: fetch a new certificate now, whatever the age of the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallCertificate:
    """`credentials.install`: a certificate of the gateway in PEM, over a key it asked for."""

    certificate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """`revoke`: the gateway is no longer one of the fleet; `reason` is for the people on board."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledDevice:
    """One device of the fleet: `system_id` in hexadecimal digits, `vehicle_id` its home or ""."""

    system_id: str
    serial_number: str
    manufacturer: str
    vehicle_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentOutcome:
    """What became of one enrolment made on board.

    `state` is `waiting`, `enrolled` or `refused`; `reason` is a snake_case word for what is waited
    for, or why it was refused. `code` is the serial number or the System-Id that was given,
    `vehicle_id` another vehicle that has the device, else empty.
    """

    enrolment_id: UUID
    state: str
    reason: str = ""
    code: str = ""
    vehicle_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDevices:
    """`devices.list`: every device of the fleet, complete, as of `version` (it only grows).

    `settled` names the enrolments of this gateway that the cloud has in its keeping: they need not
    come again. `outcomes` says how they stand; a device that waits or was refused is not in the
    list.
    """

    version: int
    devices: tuple[EnrolledDevice, ...] = ()
    settled: tuple[UUID, ...] = ()
    outcomes: tuple[EnrolmentOutcome, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRequest:
    """A request this reader does not know, or cannot read: `kind` and its octets as they came."""

    kind: str
    octets: bytes


Request = (
    BindEncounter
    | ReleaseEncounter
    | ApplyConfiguration
    | SendWaveformWindow
    | ReadClock
    | ArriveAtStation
    | LeaveStation
    | RenewCredentials
    | InstallCertificate
    | Revoke
    | ListDevices
    | UnknownRequest
)

KINDS: dict[str, type[Request]] = {
    "encounter.bind": BindEncounter,
    "encounter.release": ReleaseEncounter,
    "configuration.apply": ApplyConfiguration,
    "waveform.window": SendWaveformWindow,
    "clock.read": ReadClock,
    "station.here": ArriveAtStation,
    "station.left": LeaveStation,
    "credentials.renew": RenewCredentials,
    "credentials.install": InstallCertificate,
    "revoke": Revoke,
    "devices.list": ListDevices,
}
_KIND_OF = {request: kind for kind, request in KINDS.items()}


def kind_of(request: Request) -> str:
    """The contract's name of a request, such as `encounter.bind`."""
    if isinstance(request, UnknownRequest):
        return request.kind
    return _KIND_OF[type(request)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request to one gateway. Both times are aware; after `expires_at` it is void."""

    command_id: UUID
    issued_at: datetime
    expires_at: datetime
    request: Request

    @property
    def kind(self) -> str:
        """The request's name."""
        return kind_of(self.request)

    @property
    def is_unknown(self) -> bool:
        """Whether the reader could make nothing of the request."""
        return isinstance(self.request, UnknownRequest)


class Outcome(Enum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAnswer:
    """What became of a command, at the gateway's aware UTC time.

    `reason` is a snake_case word where the outcome is not DONE. `facts` are what was asked for,
    name and value (`utc`, `version`, `rows`); no patient data.
    """

    command_id: UUID
    outcome: Outcome
    at: datetime
    reason: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceEnrolment:
    """A device that was enrolled on board, on its way up over the `answers` channel.

    `enrolment_id` stays the same over repeats; `system_id` is in hexadecimal digits or empty.
    Either it or `serial_number` is there; what else is empty the device says itself, and until
    then the cloud keeps the enrolment waiting. It is sent again until a `devices.list` settles it.
    """

    enrolment_id: UUID
    at: datetime
    serial_number: str
    manufacturer: str
    device_class: str
    system_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayReport:
    """How the gateway is, once a minute over the `answers` channel. Times are aware UTC.

    `version` is its program's, `vehicle_id` where it rides, `configuration_version` 0 without a
    signed one; `oldest_at` is when the oldest of its `backlog_rows` was captured.
    """

    at: datetime
    version: str
    vehicle_id: str
    configuration_version: int = 0
    backlog_rows: int = 0
    oldest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequest:
    """A PKCS #10 signing request in PEM; a `credentials.install` comes back for its key."""

    at: datetime
    request: str


Answer = CommandAnswer | DeviceEnrolment | GatewayReport | CertificateRequest
