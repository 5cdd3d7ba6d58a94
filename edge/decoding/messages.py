"""20601 messages as trees, one exchange after the other.

A fixed report can be read only with the configuration that came before it, a page of stored
data only with its segment's map: an `ExchangeReader` remembers both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from edge.decoding.annotations import annotate
from edge.decoding.dissecting import dissect, plain, replace_range
from edge.decoding.node import Node
from edge.decoding.report_contents import ReportLayouts
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Aare, Aarq, Abrt, Apdu, Prst, Rlre, Rlrq, decode_apdu
from protocols.ieee20601.association import INFORMATION, DataProtocol, PhdAssociationInformation
from protocols.ieee20601.event_reports import (
    CONFIG_RESPONSE,
    EVENT_INFOS,
    EventType,
    decode_event_info,
)
from protocols.ieee20601.persistent_store import (
    ACT_SEG_GET_INFO,
    ACT_SEG_TRIG_XFER,
    SEGMENT_DATA_RESULT,
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
)
from protocols.ieee20601.remote_operations import (
    CHOICE_OF,
    MESSAGES,
    ActionRequest,
    EventReport,
    RorsConfirmedAction,
    RorsConfirmedEventReport,
)
from protocols.ieee20601.requests import ACT_DATA_REQUEST, ACTION_ARGUMENTS, DATA_RESPONSE
from protocols.mder.records import LENIENT, STRICT, Codec, Leniency

_MESSAGE_START = 12
T = TypeVar("T")
_RESULTS: dict[int, Codec[object]] = {
    ACT_SEG_GET_INFO: SEGMENT_INFOS,
    ACT_SEG_TRIG_XFER: TRIGGER_RESPONSE,
    ACT_DATA_REQUEST: DATA_RESPONSE,
}


@dataclass(slots=True)
class ExchangeReader:
    """Reads the messages of one exchange in order; `warnings` are those of the last one."""

    warnings: list[str] = field(default_factory=list)
    _layouts: ReportLayouts = field(default_factory=ReportLayouts)

    def read(self, octets: bytes) -> tuple[str, Node]:
        """Kind and tree of one message; DecodeError when it is none even by lenient rules."""
        self.warnings = []
        apdu = self._forgiving(lambda how, notes: decode_apdu(octets, leniency=how, notes=notes))
        kind, node = self._apdu(apdu, octets)
        return kind, annotate(kind, node)

    def _forgiving(self, read: Callable[[Leniency, list[str]], T]) -> T:
        """What strict rules read, else what lenient ones do, with a warning that says why."""
        notes: list[str] = []
        try:
            value = read(STRICT, notes)
        except DecodeError as exc:
            notes = [f"refused by strict rules: {exc}"]
            value = read(LENIENT, notes)
        self.warnings.extend(notes)
        return value

    def _apdu(self, apdu: Apdu, octets: bytes) -> tuple[str, Node]:
        match apdu:
            case Aarq():
                if apdu.phd is not None:
                    self._layouts.begin(apdu.phd.config_id)
                return "Aarq", self._aarq(apdu)
            case Aare():
                selected = self._protocol(apdu.selected, 6)
                fields = {"result": Node(apdu.result, 4, 6), "selected": selected}
                return "Aare", Node(fields)
            case Rlrq() | Rlre() | Abrt():
                return type(apdu).__name__, Node({"reason": Node(apdu.reason, 4, 6)})
            case Prst():
                return self._message(apdu, octets)

    def _aarq(self, apdu: Aarq) -> Node:
        offers, at = [], 12
        for protocol in apdu.protocols:
            offers.append(self._protocol(protocol, at))
            at = offers[-1].end or at
        version = Node(apdu.assoc_version, 4, 8)
        return Node({"assoc_version": version, "protocols": Node(list(offers), 8, at)})

    def _protocol(self, protocol: DataProtocol, start: int) -> Node:
        """Protocol id, length, content."""
        info = protocol.info
        if isinstance(info, PhdAssociationInformation):
            content = dissect(info, INFORMATION.wire, start + 4, self.warnings)
        else:
            content = replace_range(plain(info), start + 4, start + 4 + len(info))
        protocol_id = Node(protocol.protocol_id, start, start + 2)
        return Node({"protocol_id": protocol_id, "info": content}, start, content.end)

    def _message(self, apdu: Prst, octets: bytes) -> tuple[str, Node]:
        message, kind = apdu.data.message, type(apdu.data.message).__name__
        codec = MESSAGES[CHOICE_OF[type(message)]]
        body = dissect(message, codec.wire, _MESSAGE_START, self.warnings)
        fields = {"invoke_id": Node(apdu.data.invoke_id, 6, 8), **dict(body.children())}
        if isinstance(message, EventReport):
            self._event(message, fields, octets)
        elif isinstance(message, RorsConfirmedEventReport):
            self._reply(message, fields)
        elif isinstance(message, ActionRequest) and message.action_info:
            argument = ACTION_ARGUMENTS.get(message.action_type)
            self._content(fields, "action_info", argument, message.action_info)
        elif isinstance(message, RorsConfirmedAction) and message.action_info:
            result = _RESULTS.get(message.action_type)
            self._content(fields, "action_info", result, message.action_info)
            if message.action_type == ACT_SEG_GET_INFO:
                self._layouts.learn_segments(message)
        return kind, Node(fields)

    def _content(
        self, fields: dict[str, Node], name: str, codec: Codec[object] | None, octets: bytes
    ) -> None:
        """Replace the octets of a field by what they say; warn where they say nothing."""
        start = fields[name].start or 0
        if codec is None:
            self.warnings.append(f"{name}: nobody told what its octets are")
            return
        try:
            value = self._forgiving(
                lambda how, notes: codec.decode(octets, leniency=how, notes=notes)
            )
        except DecodeError as exc:
            self.warnings.append(str(exc))
            return
        fields[name] = dissect(value, codec.wire, start, self.warnings)

    def _reply(self, reply: RorsConfirmedEventReport, fields: dict[str, Node]) -> None:
        if not reply.event_reply_info:
            return
        codecs: dict[int, Codec[object]] = {
            EventType.CONFIG: CONFIG_RESPONSE,
            EventType.SEGMENT_DATA: SEGMENT_DATA_RESULT,
        }
        codec = codecs.get(reply.event_type)
        self._content(fields, "event_reply_info", codec, reply.event_reply_info)

    def _event(self, report: EventReport, fields: dict[str, Node], octets: bytes) -> None:
        start = fields["event_info"].start or 0
        try:
            info = self._forgiving(
                lambda how, notes: decode_event_info(
                    report.event_type, report.event_info, leniency=how, notes=notes
                )
            )
        except DecodeError as exc:
            self.warnings.append(str(exc))
            return
        node = dissect(info, EVENT_INFOS[report.event_type].wire, start, self.warnings)
        fields["event_info"] = self._layouts.lay_out(report, info, node, octets, self.warnings)
