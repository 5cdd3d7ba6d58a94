"""Every check of an agent, one line each: what it asks, and the clause that asks for it.

A check of a later stage is only tried when the device came that far; what was not reached is
"not tried", never "pass".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Verdict(Enum):
    """What a check came to."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its id, the group it belongs to, the sentence it holds the device to."""

    id: str
    group: str
    title: str
    clause: str


# fmt: off
CHECKS: Final[tuple[Check, ...]] = (
    Check("LINE-1", "Transport", "sends whole APDUs and nothing between them", "20601 8.3"),

    Check("ASSOC-1", "Association", "asks for an association after the transport is there", "20601 8.7.2"),
    Check("ASSOC-2", "Association", "its request follows the encoding", "20601 Annex A, AARQ-apdu"),
    Check("ASSOC-3", "Association", "offers association version 1", "20601 8.7.3.1"),
    Check("ASSOC-4", "Association", "offers data protocol 20601", "20601 8.7.3.1"),
    Check("ASSOC-5", "Association", "offers protocol versions that exist, 1 among them or newer", "20601 8.7.3.2"),
    Check("ASSOC-6", "Association", "offers the encoding rules MDER", "20601 8.7.3.2"),
    Check("ASSOC-7", "Association", "offers nomenclature version 1", "20601 8.7.3.2"),
    Check("ASSOC-8", "Association", "says that it is an agent, and only that", "20601 SystemType"),
    Check("ASSOC-9", "Association", "names itself by a System-Id of eight octets", "20601 6.3.2, System-Id"),
    Check("ASSOC-10", "Association", "names a standard or an extended configuration", "20601 ConfigId"),
    Check("ASSOC-11", "Association", "uses no functional unit that is reserved", "20601 FunctionalUnits"),
    Check("ASSOC-12", "Association", "asks to carry real readings, not a test", "20601 FunctionalUnits"),

    Check("CONF-1", "Configuration", "reports its configuration when it is unknown, within 10 s", "20601 8.8.2, TO_config"),
    Check("CONF-2", "Configuration", "reports it as a confirmed event of the MDS", "20601 8.8.2"),
    Check("CONF-3", "Configuration", "its report follows the encoding", "20601 Annex A, ConfigReport"),
    Check("CONF-4", "Configuration", "reports the configuration that it offered", "20601 8.8.2"),
    Check("CONF-5", "Configuration", "its objects have handles of their own, none of them 0", "20601 6.2"),
    Check("CONF-6", "Configuration", "every metric object says what it measures", "20601 6.3.3, Type"),
    Check("CONF-7", "Configuration", "every metric object has a Metric-Spec-Small", "20601 6.3.3"),
    Check("CONF-8", "Configuration", "value maps have the lengths of their attributes", "20601 Attribute-Value-Map"),
    Check("CONF-9", "Configuration", "a standard configuration is the one of its standard", "104xx, standard configurations"),
    Check("CONF-10", "Configuration", "offers another configuration or releases when one is refused", "20601 8.8.3"),
    Check("CONF-11", "Configuration", "its next offer after a refusal has another id", "20601 8.8.3"),
    Check("CONF-12", "Configuration", "stays associated when its configuration is accepted", "20601 8.8.2"),

    Check("MDS-1", "Device", "answers a Get of the MDS within 3 s", "20601 8.9.2, TO_get"),
    Check("MDS-2", "Device", "its attributes follow the encoding", "20601 6.3.2"),
    Check("MDS-3", "Device", "names the System-Id of the association", "20601 6.3.2, System-Id"),
    Check("MDS-4", "Device", "names the configuration in use", "20601 6.3.2, Dev-Configuration-Id"),
    Check("MDS-5", "Device", "names its manufacturer and model", "20601 6.3.2, System-Model"),
    Check("MDS-6", "Device", "names its specializations or its type", "20601 6.3.2, System-Type-Spec-List"),
    Check("MDS-7", "Device", "a clock that it claims to have tells a time", "20601 6.3.2, Mds-Time-Info"),
    Check("MDS-8", "Device", "answers a Get of one attribute with that attribute", "20601 7.3, Get"),
    Check("MDS-9", "Device", "its Date-and-Time goes on as time does", "20601 6.3.2, Date-and-Time"),
    Check("MDS-10", "Device", "a base-offset time that it claims is a time", "20601 6.3.2, Base-Offset-Time"),
    Check("MDS-11", "Device", "answers a Get of an unknown attribute without any", "20601 7.3, Get"),

    Check("OPER-1", "Operating", "answers a Get of no object with no-such-object-instance", "20601 ROER"),
    Check("OPER-2", "Operating", "answers an unknown action with an error", "20601 ROER"),
    Check("OPER-3", "Operating", "takes a Set-Time that it says it can take", "20601 7.3, Set-Time"),
    Check("OPER-4", "Operating", "answers what is badly structured with RORJ or an abort", "20601 RORJ"),
    Check("OPER-5", "Operating", "stays associated while it has nothing to say", "20601 8.9.1"),

    Check("REP-1", "Reports", "sends an observation", "20601 8.9.3"),
    Check("REP-2", "Reports", "its reports follow the encoding", "20601 7.4"),
    Check("REP-3", "Reports", "reports only objects of its configuration", "20601 7.4"),
    Check("REP-4", "Reports", "fixed reports have the lengths of their value maps", "20601 Attribute-Value-Map"),
    Check("REP-5", "Reports", "counts its reports without a gap", "20601 scan-report-no"),
    Check("REP-6", "Reports", "gives waiting reports different invoke ids", "20601 7.5.4"),
    Check("REP-7", "Reports", "its time stamps are times", "20601 AbsoluteTime"),
    Check("REP-8", "Reports", "every value can be read", "20601 6.3"),
    Check("REP-9", "Reports", "gives up when a confirmed report stays unconfirmed", "20601 8.9.3, TO_cer"),
    Check("REP-10", "Reports", "gives up when its Confirm-Timeout is over, not before", "20601 8.9.3, TO_cer"),
    Check("REP-11", "Reports", "reports nothing before its configuration is accepted", "20601 8.8.2"),

    Check("SCAN-1", "Scanners", "takes a Set of a scanner's state and answers with it", "20601 6.3.8, Operational-State"),
    Check("SCAN-2", "Scanners", "a scanner reports while it is enabled", "20601 6.3.8"),
    Check("SCAN-3", "Scanners", "a scanner is silent while it is disabled", "20601 6.3.8"),

    Check("DATA-1", "Data requests", "serves a data request that its offer names", "20601 DataReqModeFlags"),
    Check("DATA-2", "Data requests", "reports under the id of the data request", "20601 data-req-id"),
    Check("DATA-3", "Data requests", "stops when it is told to", "20601 DataReqMode"),

    Check("STORE-1", "Stored data", "tells the segments of its store", "20601 8.9.3.4, Get-Segment-Info"),
    Check("STORE-2", "Stored data", "every segment has an entry map and counts its entries", "20601 6.3.9"),
    Check("STORE-3", "Stored data", "transfers a segment that has entries", "20601 8.9.3.4, Trig-Segment-Data-Xfer"),
    Check("STORE-4", "Stored data", "its pages follow one another from first to last", "20601 SegmentDataEvent"),
    Check("STORE-5", "Stored data", "sends as many entries as it counts", "20601 6.3.9, Segment-Usage-Count"),
    Check("STORE-6", "Stored data", "answers a Get of its store and counts its segments", "20601 6.3.8, Number-Of-Segments"),

    Check("REL-1", "Release and abort", "answers a release within 3 s", "20601 8.10, TO_release"),
    Check("REL-2", "Release and abort", "says nothing after an abort until it associates again", "20601 8.11"),
    Check("REL-3", "Release and abort", "takes a refused association for an answer", "20601 8.7.4"),
    Check("REL-4", "Release and abort", "says nothing more when no parameter is common", "20601 8.7.4"),

    Check("WRONG-1", "Wrong messages", "aborts on an association request of ours", "20601 state table 8.8"),
    Check("WRONG-2", "Wrong messages", "aborts on a second association response", "20601 state table 8.12"),
    Check("WRONG-3", "Wrong messages", "aborts on a release response it did not ask for", "20601 state table 8.17"),
    Check("WRONG-4", "Wrong messages", "aborts on an answer to nothing it asked", "20601 state table 8.26"),
)
# fmt: on
BY_ID: Final = {check.id: check for check in CHECKS}
GROUPS: Final = tuple(dict.fromkeys(check.group for check in CHECKS))
