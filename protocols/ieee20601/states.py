"""States, triggers and rows of both state tables, in the words of IEEE 11073-20601.

The tables themselves are `manager_table` and `agent_table`; what an APDU means to them is worked
out in `classification`.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, Generic, NamedTuple, TypeVar

from protocols.model.table_keys import TableKey


class State(TableKey):
    """Where an association stands (20601 8.2, connection state machine)."""

    DISCONNECTED = "Disconnected"
    UNASSOCIATED = "Unassociated"
    ASSOCIATING = "Associating"
    CONFIG_SENDING = "Config Sending"
    WAITING_APPROVAL = "Waiting Approval"
    WAITING_FOR_CONFIG = "Waiting for Config"
    CHECKING_CONFIG = "Checking Config"
    OPERATING = "Operating"
    DISASSOCIATING = "Disassociating"


class Trigger(TableKey):
    """What may happen to an association, as flat as the tables need it."""

    # The transport and our own side.
    TRANSPORT_CONNECTED = "transport connected"
    TRANSPORT_CLOSED = "transport closed"
    REQ_ASSOCIATE = "associate requested"
    REQ_SEND_CONFIG = "configuration report requested"
    REQ_SEND_CONFIRMED = "confirmed report requested"
    REQ_SEND_UNCONFIRMED = "unconfirmed report requested"
    REQ_CONFIRM = "confirm requested"
    REQ_INVOKE = "Get, Set or Action requested"
    REQ_FETCH_STORED = "fetch of stored data requested"
    REQ_STOP_STORED = "end of the fetch of stored data requested"
    REQ_RELEASE = "release requested"
    REQ_ABORT = "abort requested"
    CONFIG_SUPPORTED = "configuration supported"
    CONFIG_UNSUPPORTED = "configuration unsupported"
    CONFIG_STANDARD_UNKNOWN = "standard configuration unknown"
    CONFIG_BAD = "configuration badly structured"
    # Time.
    TIMEOUT_ASSOCIATE_AGAIN = "no AARE, retries left"
    TIMEOUT_ASSOCIATE = "no AARE, no retries left"
    TIMEOUT_CONFIG = "configuration timeout"
    TIMEOUT_RESPONSE = "response timeout"
    TIMEOUT_PAGE_AGAIN = "no answer to a page, retries left"
    TIMEOUT_TRANSFER = "segment transfer timeout"
    TIMEOUT_RELEASE = "release timeout"
    TIMEOUT_SILENCE = "no report of a steady device"
    OUTPUT_UNREAD = "too many answers wait to be read by the peer"
    # Association APDUs.
    RX_AARQ_KNOWN_CONFIG = "AARQ acceptable, configuration known"
    RX_AARQ_UNKNOWN_CONFIG = "AARQ acceptable, configuration unknown"
    RX_AARQ_UNACCEPTABLE = "AARQ not acceptable"
    RX_AARQ = "AARQ"
    RX_AARE = "AARE"
    RX_AARE_ACCEPTED = "AARE accepted"
    RX_AARE_UNKNOWN_CONFIG = "AARE accepted, unknown configuration"
    RX_AARE_REJECTED = "AARE rejected"
    RX_RLRQ = "RLRQ"
    RX_RLRE = "RLRE"
    RX_ABRT = "ABRT"
    RX_STALE = "APDU of an association that was aborted"
    RX_UNDECODABLE = "undecodable APDU, no invoke id"
    RX_BADLY_STRUCTURED = "badly structured PRST, invoke id readable"
    RX_OVERSIZE = "APDU longer than allowed, invoke id readable"
    RX_OVERSIZE_UNREADABLE = "APDU longer than allowed, no invoke id"
    # Remote operations.
    RX_CONFIG_REPORT = "ROIV confirmed configuration report"
    RX_REPORT_CONFIRMED = "ROIV confirmed report"
    RX_REPORT_UNCONFIRMED = "ROIV unconfirmed report"
    RX_REPORT_REPEATED = "ROIV confirmed report again, already confirmed"
    RX_REPORT_REPEATED_WAITING = "ROIV confirmed report again, not yet confirmed"
    RX_REPORT_UNKNOWN_EVENT = "ROIV confirmed report, unknown event type"
    RX_REPORT_UNKNOWN_HANDLE = "ROIV confirmed report, unknown handle"
    RX_REPORT_UNDECODABLE = "ROIV confirmed report, undecodable"
    RX_REPORT_UNWANTED = "ROIV confirmed report, no room for it"
    RX_REPORT_UNCONFIRMED_UNWANTED = "ROIV unconfirmed report, no room for it"
    RX_REPORT_AGAINST_MEMORY = "ROIV report that does not fit the remembered configuration"
    RX_SEGMENT_STOPPED = "ROIV confirmed segment data of a transfer given up"
    RX_UNCONFIRMED_UNUSABLE = "ROIV unconfirmed, not usable"
    RX_GET_MDS = "ROIV Get of the MDS"
    RX_REQUEST = "ROIV Get, Set or Action"
    RX_REQUEST_UNKNOWN_OBJECT = "ROIV Get, Set or Action of an unknown object"
    RX_STORE_REQUEST = "ROIV Get or Action of a PM-store"
    RX_REQUEST_UNCONFIRMED = "ROIV unconfirmed Set or Action"
    RX_CONFIG_ACCEPTED = "RORS configuration accepted"
    RX_CONFIG_REFUSED = "RORS configuration not accepted"
    RX_RESPONSE = "RORS to a request of ours"
    RX_ERROR = "ROER or RORJ to a request of ours"
    RX_RESPONSE_UNKNOWN = "RORS to nothing of ours"
    RX_ERROR_UNKNOWN = "ROER or RORJ to nothing of ours"


ActionT = TypeVar("ActionT", bound=Enum)


class Row(NamedTuple, Generic[ActionT]):
    """One line of a table: the standard's row number (or ours), and what happens.

    `triggers` lists every trigger that has this same answer in this state.
    """

    ref: str
    state: State
    triggers: tuple[Trigger, ...]
    next_state: State
    action: ActionT


def index_rows(rows: Iterable[Row[ActionT]]) -> dict[tuple[State, Trigger], Row[ActionT]]:
    """The rows by (state, trigger); AssertionError when a pair has two answers."""
    table: dict[tuple[State, Trigger], Row[ActionT]] = {}
    for row in rows:
        for trigger in row.triggers:
            if (row.state, trigger) in table:
                raise AssertionError(f"two rows for {row.state} and {trigger}")
            table[row.state, trigger] = row
    return table


_HEADINGS: Final = ("Row", "State", "Trigger", "Next state", "Answer")


def table_as_markdown(title: str, rows: Iterable[Row[ActionT]]) -> str:
    """A state table as a Markdown document, in the order of its rows."""
    lines = [f"# {title}", "", "| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
    for row in rows:
        triggers = "; ".join(trigger.value for trigger in row.triggers)
        cells = (row.ref, row.state.value, triggers, row.next_state.value, row.action.value)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
