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
from protocols.ieee20601.attribute_values import SaFlags
from protocols.ieee20601.event_reports import ConfigResult
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SegmentStatus, TransferResult
from protocols.ieee20601.remote_operations import ErrorCode, ModifyOperator, RejectProblem
from protocols.ieee20601.segment_entries import EntryHeader
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature.bits import name_bits
from protocols.nomenclature.lookup import find

_FLAGS: Final[dict[str, type[IntFlag]]] = {
    "protocol_version": ProtocolVersion,
    "encoding": EncodingRules,
    "functional_units": FunctionalUnits,
    "system_type": SystemType,
    "data_req_flags": DataRequestFlags,
    "header": EntryHeader,
    "sa_flags": SaFlags,
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
_IN_ATTRIBUTE: Final = {("MDC_ATTR_SA_SPECN", "flags"): "sa_flags"}
"""Fields whose name alone does not say which bits they have: attribute and field."""
_OBJECTS: Final = 1
_BIT_WIDTHS: Final = {
    "MDC_ATTR_ENUM_OBS_VAL_BASIC_BIT_STR": 16,
    "MDC_ATTR_ENUM_OBS_VAL_SIMP_BIT_STR": 32,
}
_OWN_BITS: Final = {
    "MDC_ATTR_POWER_STAT": (MdcCode(_OBJECTS, 2389), 16),
    "capability": (MdcCode(_OBJECTS, 2683), 16),
}
_HEXADECIMAL: Final = {"assoc_version", "nomenclature_version", "config_id", "data_req_id"}


def annotate(kind: str, node: Node, name: str = "", type_code: MdcCode | None = None) -> Node:
    """The tree with a note wherever a number has a name.

    `type_code` is what the object above measures, where one is known.
    """
    if isinstance(node.content, dict):
        own = _type_of(node.content) or type_code
        fields = {
            inner: annotate(kind, child, _IN_ATTRIBUTE.get((name, inner), inner), own)
            for inner, child in node.content.items()
        }
        return replace(node, content=fields)
    if isinstance(node.content, list):
        items = [annotate(kind, child, name, type_code) for child in node.content]
        return replace(node, content=items)
    if isinstance(node.content, bool) or not isinstance(node.content, int) or node.note:
        return node
    return replace(node, note=_note(kind, name, node.content, type_code))


def _type_of(fields: dict[str, Node]) -> MdcCode | None:
    """The type that a laid-out observation or a configured object names beside its values."""
    for name in ("type", "MDC_ATTR_ID_TYPE"):
        text = fields[name].content if name in fields else None
        if isinstance(text, str):
            return MdcCode.parse(text.split(" ")[0])
    return None


def _note(kind: str, name: str, number: int, type_code: MdcCode | None) -> str:
    bits = _named_bits(name, number, type_code)
    if bits:
        return bits
    flags, codes = _FLAGS.get(name), _CODES.get((kind, name))
    if flags is not None:
        return _bits(flags, number)
    if codes is not None:
        return _code(codes, number)
    if name in {"event_type", "action_type"}:
        row = find(MdcCode(_OBJECTS, number))
        return row.reference_id if row else ""
    if name == "object_class":
        return _code(ObjectClass, number)
    if name == "operator":
        return _code(ModifyOperator, number)
    if name == "status" and kind in {"RoivConfirmedEventReport", "RorsConfirmedEventReport"}:
        return _bits(SegmentStatus, number)
    if name == "MDC_ATTR_MSMT_STAT":
        return ", ".join(bit.name or "" for bit in MeasurementStatus if bit.value & number)
    return f"0x{number:04X}" if name in _HEXADECIMAL else ""


def _named_bits(name: str, number: int, type_code: MdcCode | None) -> str:
    """The bits of a state, by what the standards call them."""
    if name in _BIT_WIDTHS and type_code is not None:
        return ", ".join(name_bits(type_code, number, width=_BIT_WIDTHS[name]))
    if name in _OWN_BITS:
        code, width = _OWN_BITS[name]
        return ", ".join(name_bits(code, number, width=width))
    return ""


def _bits(flags: type[IntFlag], number: int) -> str:
    names = [bit.name or "" for bit in flags if bit.value & number]
    return ", ".join([f"0x{number:X}", *names])


def _code(codes: type[IntEnum], number: int) -> str:
    return codes(number).name if number in {code.value for code in codes} else ""
