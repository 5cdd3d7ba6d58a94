"""Decode message after message, remembering the configuration that later reports rest on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.decoding.reading import Piece, read_pieces
from edge.decoding.tree import Tree, attribute_content, plain
from edge.errors import SettingsError
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Aarq, Apdu, Prst, decode_apdu
from protocols.ieee20601.attribute_table import name_of
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import (
    CONFIG_RESPONSE,
    ConfigReport,
    EventType,
    ObservationFixed,
    ScanReportFixed,
    decode_event_info,
)
from protocols.ieee20601.remote_operations import (
    ActionRequest,
    EventReport,
    RorsConfirmedEventReport,
)
from protocols.ieee20601.requests import decode_action_info
from protocols.specializations.registry import STANDARD_CONFIGURATIONS


@dataclass(frozen=True, slots=True)
class Explained:
    """One message explained."""

    kind: str
    fields: dict[str, Tree]
    warnings: tuple[str, ...]
    raw: bytes


@dataclass(slots=True)
class Explainer:
    """Explains the messages of one exchange in order."""

    _configuration: Configuration | None = None
    _warnings: list[str] = field(default_factory=list)

    def explain(self, octets: bytes) -> Explained:
        """One message; DecodeError when it is none."""
        self._warnings = []
        apdu = decode_apdu(octets, notes=self._warnings)
        kind, fields = self._apdu(apdu)
        return Explained(kind, fields, tuple(self._warnings), octets)

    def _apdu(self, apdu: Apdu) -> tuple[str, dict[str, Tree]]:
        if not isinstance(apdu, Prst):
            if isinstance(apdu, Aarq) and apdu.phd is not None:
                self._configuration = STANDARD_CONFIGURATIONS.get(apdu.phd.config_id)
            return type(apdu).__name__, plain(apdu, self._warnings)
        message = apdu.data.message
        fields: dict[str, Tree] = {"invoke_id": apdu.data.invoke_id}
        fields |= plain(message, self._warnings)
        if isinstance(message, EventReport):
            self._event(message, fields)
        elif isinstance(message, RorsConfirmedEventReport):
            fields["event_type"] = _event_name(message.event_type)
            if message.event_type == EventType.CONFIG:
                reply = CONFIG_RESPONSE.decode(message.event_reply_info)
                fields["event_reply_info"] = plain(reply, self._warnings)
        elif isinstance(message, ActionRequest) and message.action_info:
            self._action(message, fields)
        return type(message).__name__, fields

    def _event(self, report: EventReport, fields: dict[str, Tree]) -> None:
        fields["event_type"] = _event_name(report.event_type)
        try:
            info = decode_event_info(report.event_type, report.event_info, notes=self._warnings)
        except DecodeError as exc:
            self._warnings.append(str(exc))
            return
        if isinstance(info, ConfigReport):
            self._configuration = decode_configuration(report.event_info)
        fields["event_info"] = plain(info, self._warnings)
        if isinstance(info, ScanReportFixed):
            fields["event_info"]["observations"] = [
                self._fixed(observation) for observation in info.observations
            ]

    def _fixed(self, observation: ObservationFixed) -> Tree:
        """The slices of a fixed observation, where the configuration was seen."""
        known = self._configuration and self._configuration.find(observation.handle)
        if not known or not known.value_map:
            self._warnings.append(f"no value map is known for handle {observation.handle}")
            return plain(observation, self._warnings)
        tree: dict[str, Tree] = {"handle": observation.handle}
        if known.type is not None:
            tree["type"] = plain(known.type, self._warnings)
        if known.unit is not None:
            tree["unit"] = plain(known.unit, self._warnings)
        start = 0
        for entry in known.value_map:
            part = observation.values[start : start + entry.length]
            value = AttributeValue(entry.attribute_id, part)
            tree[name_of(entry.attribute_id)] = attribute_content(value, self._warnings)
            start += entry.length
        if start != len(observation.values):
            self._warnings.append(
                f"handle {observation.handle}: {len(observation.values)} octets where the value"
                f" map has {start}"
            )
        return tree

    def _action(self, request: ActionRequest, fields: dict[str, Tree]) -> None:
        try:
            argument = decode_action_info(request.action_type, request.action_info)
        except DecodeError as exc:
            self._warnings.append(str(exc))
        else:
            fields["action_info"] = plain(argument, self._warnings)


def decode_text(data: bytes, *, as_json: bool) -> Iterator[str]:
    """Lines for every message in `data`; SettingsError at the first that is none."""
    explainer, session = Explainer(), ""
    for piece in read_pieces(data):
        if piece.session != session:
            explainer, session = Explainer(), piece.session
            if not as_json:
                yield f"== {session}"
        explained = _explain(explainer, piece)
        yield from [_as_json(explained)] if as_json else _as_lines(explained, piece)


def _explain(explainer: Explainer, piece: Piece) -> Explained:
    try:
        explained = explainer.explain(piece.octets)
    except DecodeError as exc:
        raise SettingsError(
            f"{piece.where} is no 20601 message: {exc}", mend="Look at the octets there"
        ) from exc
    return Explained(
        explained.kind, explained.fields, piece.warnings + explained.warnings, explained.raw
    )


def _as_json(explained: Explained) -> str:
    return json.dumps(
        {
            "kind": explained.kind,
            "fields": explained.fields,
            "warnings": list(explained.warnings),
            "raw": explained.raw.hex(),
        }
    )


def _as_lines(explained: Explained, piece: Piece) -> Iterator[str]:
    direction = f"{piece.direction} " if piece.direction else ""
    yield f"{direction}{explained.kind} ({len(explained.raw)} octets)"
    yield from _indented(explained.fields, 1)
    for warning in explained.warnings:
        yield f"  ! {warning}"


def _indented(tree: Tree, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        if isinstance(value, dict | list) and value:
            yield f"{pad}{name}:"
            yield from _indented(value, depth + 1)
        else:
            yield f"{pad}{name}: {'' if value is None else value}"


def _event_name(event_type: int) -> str:
    try:
        return f"{event_type} ({EventType(event_type).name})"
    except ValueError:
        return str(event_type)
