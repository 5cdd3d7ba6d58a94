"""Names of bits and codes beside the numbers, for people: they are no part of the JSON."""

from __future__ import annotations

from dataclasses import replace
from enum import IntEnum, IntFlag
from typing import Final

from edge.decoding.node import Node
from protocols.ieee20601.association import (
    AbortReason,
    AssociateResult,
    DataRequestFlags,
    EncodingRules,
    FunctionalUnits,
    ProtocolVersion,
    ReleaseReason,
    SystemType,
)
from protocols.ieee20601.event_reports import ConfigResult, EventType
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SegmentStatus, TransferResult
from protocols.ieee20601.remote_operations import ErrorCode, ModifyOperator, RejectProblem
from protocols.ieee20601.segment_entries import EntryHeader
from protocols.model.observation import MeasurementStatus

_FLAGS: Final[dict[str, type[IntFlag]]] = {
    "protocol_version": ProtocolVersion,
    "encoding": EncodingRules,
    "functional_units": FunctionalUnits,
    "system_type": SystemType,
    "data_req_flags": DataRequestFlags,
    "header": EntryHeader,
}
_CODES: Final[dict[tuple[str, str], type[IntEnum]]] = {
    ("Aare", "result"): AssociateResult,
    ("Rlrq", "reason"): ReleaseReason,
    ("Rlre", "reason"): ReleaseReason,
    ("Abrt", "reason"): AbortReason,
    ("Roer", "error"): ErrorCode,
    ("Rorj", "problem"): RejectProblem,
    ("RorsConfirmedEventReport", "result"): ConfigResult,
    ("RorsConfirmedAction", "result"): TransferResult,
}
_HEXADECIMAL: Final = {"assoc_version", "nomenclature_version", "config_id", "data_req_id"}


def annotate(kind: str, node: Node, name: str = "") -> Node:
    """The tree with a note wherever a number has a name."""
    if isinstance(node.content, dict):
        fields = {inner: annotate(kind, child, inner) for inner, child in node.content.items()}
        return replace(node, content=fields)
    if isinstance(node.content, list):
        return replace(node, content=[annotate(kind, child, name) for child in node.content])
    if isinstance(node.content, bool) or not isinstance(node.content, int):
        return node
    return replace(node, note=_note(kind, name, node.content))


def _note(kind: str, name: str, number: int) -> str:
    flags, codes = _FLAGS.get(name), _CODES.get((kind, name))
    if flags is not None:
        return _bits(flags, number)
    if codes is not None:
        return _code(codes, number)
    if name == "event_type":
        found = _code(EventType, number)
        return f"MDC_NOTI_{found}" if found else ""
    if name == "object_class":
        return _code(ObjectClass, number)
    if name == "operator":
        return _code(ModifyOperator, number)
    if name == "status" and kind in {"RoivConfirmedEventReport", "RorsConfirmedEventReport"}:
        return _bits(SegmentStatus, number)
    if name == "MDC_ATTR_MSMT_STAT":
        return ", ".join(bit.name or "" for bit in MeasurementStatus if bit.value & number)
    return f"0x{number:04X}" if name in _HEXADECIMAL else ""


def _bits(flags: type[IntFlag], number: int) -> str:
    names = [bit.name or "" for bit in flags if bit.value & number]
    return ", ".join([f"0x{number:X}", *names])


def _code(codes: type[IntEnum], number: int) -> str:
    return codes(number).name if number in {code.value for code in codes} else ""
