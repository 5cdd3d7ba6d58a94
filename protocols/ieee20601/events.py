"""What a connection tells its driver, one frozen record each; drain them after every call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from protocols.ieee20601.attributes import AttributeValue
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.model.timestamps import DeviceTime


@dataclass(frozen=True, slots=True)
class Associated:
    """The association operates.

    `known`: the configuration was known before, no report of it was needed. `test`: a test
    association; its observations carry MeasurementStatus.TEST_DATA and are never charted.
    """

    system_id: SystemId
    config_id: int
    known: bool
    test: bool


@dataclass(frozen=True, slots=True)
class ConfigurationReceived:
    """The agent reported a configuration that was accepted.

    `octets` are its ConfigReport (20601 Annex A), for `decode_configuration` in a later run.
    """

    system_id: SystemId
    config_id: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class ConfigurationDistrusted:
    """A remembered extended configuration does not fit the agent's reports: forget it.

    The association is aborted; the next one asks the agent for its configuration.
    """

    system_id: SystemId
    config_id: int


@dataclass(frozen=True, slots=True)
class DeviceDescribed:
    """What the agent's MDS object says about the device."""

    info: DeviceInfo


@dataclass(frozen=True, slots=True)
class ObservationsReported:
    """One report's observations, in the order of the report.

    `invoke_id` is to be confirmed with `confirm()` once the observations are durable; None for
    an unconfirmed report. `observations` may be empty: it is confirmed all the same.
    `association` names the association of this connection it came in (1, 2 ...): agents use the
    same invoke ids again in the next one, so `confirm()` takes it along.
    """

    invoke_id: int | None
    observations: tuple[Observation, ...]
    association: int = 0


@dataclass(frozen=True, slots=True)
class ReportsMissed:
    """`count` reports never arrived, numbers `first` to `last` (scan-report-no, 16 bits, wraps).

    Those data are lost. The numbers are None where a report was lost that carries none.
    """

    count: int
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class SamplesMissed:
    """`count` samples of a waveform never came: its arrays leave a gap between them."""

    handle: int
    count: int


@dataclass(frozen=True, slots=True)
class SamplesOverlapping:
    """An array of a waveform began `count` samples before the one before it ended."""

    handle: int
    count: int


@dataclass(frozen=True, slots=True)
class DeviceSilent:
    """A device that reported steadily sent nothing for `seconds`; its association is kept."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceHeardAgain:
    """A device that was silent reported again, `seconds` after the report before."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ClockSet:
    """The device took our time: its clock showed `old`, and `new` at the same moment.

    `offset` is new minus old; with None for `old` nobody had read the clock before.
    """

    old: DeviceTime | None
    new: DeviceTime
    offset: timedelta | None


@dataclass(frozen=True, slots=True)
class AttributesRead:
    """The answer to `get()`: attributes of an object, each with its octets."""

    invoke_id: int
    handle: int
    attributes: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class AttributesSet:
    """The answer to `set()`: the attributes as they are now."""

    invoke_id: int
    handle: int
    attributes: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """The agent refused `get()` or `set()`; why stands in a ProtocolWarning."""

    invoke_id: int


@dataclass(frozen=True, slots=True)
class StoredPageKept:
    """A page of a PM-segment is durable and confirmed; `mark` is how it is known again.

    Told to a later `ManagerConnection` (its `stored_pages`), the page is confirmed there without
    being reported once more. A mark that was forgotten costs a repeat, nothing else.
    """

    system_id: SystemId
    mark: bytes


@dataclass(frozen=True, slots=True)
class SegmentFetched:
    """A segment's transfer ended: `entries` came; `complete`: as many as it holds, no gap."""

    store: int
    instance: int
    entries: int
    complete: bool


@dataclass(frozen=True, slots=True)
class SegmentCleared:
    """The agent cleared a segment whose entries are all durable, as the policy asked."""

    store: int
    instance: int


@dataclass(frozen=True, slots=True)
class StoredDataFinished:
    """The fetch of the PM-stores ended.

    `complete`: every segment with entries came whole.
    """

    complete: bool = True


@dataclass(frozen=True, slots=True)
class ScannerSwitched:
    """A scanner is on and may report, or is off (both roles)."""

    handle: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class DataRequestAnswered:
    """What the agent made of a data request: see `DataReqResult`, 0 is no error.

    `goes_on`: reports with this id follow until `DataRequestEnded`.
    """

    req_id: int
    result: int
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class DataRequestEnded:
    """A data request of a manager is over: stopped, or its period has passed (both roles)."""

    req_id: int


@dataclass(frozen=True, slots=True)
class ProtocolWarning:
    """Something odd that was tolerated; for a log, free of measured values."""

    text: str


@dataclass(frozen=True, slots=True)
class OctetsDiscarded:
    """`count` octets of the stream belonged to no APDU and were dropped."""

    count: int


@dataclass(frozen=True, slots=True)
class AssociationEnded:
    """The association (or the attempt at one) is over.

    `released`: ended in good order by RLRQ and RLRE. `cause` is a RemoteProtocolError when the
    peer aborted, broke the rules or did not answer in time; None when it was released, when
    our side aborted, or when the transport closed.
    """

    cause: Exception | None
    released: bool


Event = (
    Associated
    | ConfigurationReceived
    | ConfigurationDistrusted
    | DeviceDescribed
    | ObservationsReported
    | ReportsMissed
    | SamplesMissed
    | SamplesOverlapping
    | DeviceSilent
    | DeviceHeardAgain
    | ClockSet
    | AttributesRead
    | AttributesSet
    | RequestRefused
    | StoredPageKept
    | SegmentFetched
    | SegmentCleared
    | StoredDataFinished
    | ScannerSwitched
    | DataRequestAnswered
    | DataRequestEnded
    | ProtocolWarning
    | OctetsDiscarded
    | AssociationEnded
)


@dataclass(frozen=True, slots=True)
class AgentAssociated:
    """The manager accepted; reports may be sent.

    `known`: the manager knew the configuration. `test`: the manager agreed to a test association.
    """

    config_id: int
    known: bool
    test: bool


@dataclass(frozen=True, slots=True)
class ReportConfirmed:
    """The manager confirmed the report that was sent under this invoke id."""

    invoke_id: int


@dataclass(frozen=True, slots=True)
class ReportRefused:
    """The manager refused the report; `reason` in words, with the code."""

    invoke_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class SegmentSent:
    """A segment's transfer ended. `complete`: the manager confirmed every page to the last."""

    store: int
    instance: int
    complete: bool


@dataclass(frozen=True, slots=True)
class ScanDue:
    """The Reporting-Interval of a periodic scanner is over: report what was gathered."""

    handle: int


@dataclass(frozen=True, slots=True)
class DataRequestStarted:
    """The manager asked for reports of these handles (or asked again, for longer).

    `person`: whose values it wants, None for anybody's. The reports carry `req_id`.
    """

    req_id: int
    handles: tuple[int, ...]
    person: int | None


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """The manager set the device's clock: how far it is now ahead of the device's own time."""

    moved: timedelta


AgentEvent = (
    AgentAssociated
    | ReportConfirmed
    | ReportRefused
    | SegmentSent
    | ScannerSwitched
    | ScanDue
    | DataRequestStarted
    | DataRequestEnded
    | ClockMoved
    | ProtocolWarning
    | OctetsDiscarded
    | AssociationEnded
)
