"""Reports without attribute ids: laid out by what the exchange told before.

A fixed or grouped scan report is only octets until the configuration says which attributes they
are, and a page of stored data until its segment's map does. Both are remembered here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from edge.decoding.dissecting import dissect_attribute, merged, plain, scalar
from edge.decoding.node import Node
from protocols.errors import DecodeError
from protocols.ieee20601.attribute_table import PM_SEG_MAP, name_of
from protocols.ieee20601.attribute_values import SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import (
    ConfigReport,
    EventInfo,
    ScanReportGrouped,
    ScanReportMpGrouped,
)
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentData
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedAction
from protocols.ieee20601.segment_entries import StoredEntry, split_entries
from protocols.mder.records import LENIENT
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

_ENTRY_TIMES = ("absolute_time", "relative_time", "high_resolution_time", "base_offset_time")


@dataclass(slots=True)
class ReportLayouts:
    """The configuration and the segment maps of one exchange, as far as they were seen."""

    _configuration: Configuration | None = None
    _maps: dict[tuple[int, int], SegmentEntryMap] = field(default_factory=dict)

    def begin(self, config_id: int) -> None:
        """An association request: a standard configuration is known at once."""
        self._configuration = STANDARD_CONFIGURATIONS.get(config_id)
        self._maps.clear()

    def learn_segments(self, answer: RorsConfirmedAction) -> None:
        """Keep the maps that a store tells of its segments."""
        try:
            infos = SEGMENT_INFOS.decode(answer.action_info, leniency=LENIENT)
        except DecodeError:
            return  # the reader warned already
        for info in infos:
            entry_map = find_readable(info.attributes, PM_SEG_MAP, [])
            if entry_map is not None:
                self._maps[answer.handle, info.instance] = entry_map

    def lay_out(
        self,
        report: EventReport,
        info: EventInfo,
        node: Node,
        apdu: bytes,
        warnings: list[str],
    ) -> Node:
        """The tree of a report's content with its plain octets read, where it can be."""
        if isinstance(info, ConfigReport):
            self._configuration = decode_configuration(report.event_info, leniency=LENIENT)
            warnings.extend(self._configuration.warnings)
            return node
        layout = _Layout(apdu, report.handle, self._configuration, warnings)
        if isinstance(info, SegmentData):
            return layout.page(info, node, self._maps.get((report.handle, info.instance)))
        grouped = isinstance(info, ScanReportGrouped | ScanReportMpGrouped)
        return layout.report(node, grouped=grouped)


@dataclass(slots=True)
class _Layout:
    """One report being laid out; `apdu` holds the octets that the tree's ranges point at."""

    apdu: bytes
    handle: int
    configuration: Configuration | None
    warnings: list[str]

    def report(self, node: Node, *, grouped: bool) -> Node:
        """Every observation below, by its object's value map or the scanner's handle map."""
        if isinstance(node.content, list):
            items = [
                self._group(item)
                if grouped and not isinstance(item.content, dict)
                else self.report(item, grouped=grouped)
                for item in node.content
            ]
            return replace(node, content=items)
        if not isinstance(node.content, dict):
            return node
        fields = dict(node.content)
        if "values" in fields:
            if grouped:
                fields["values"] = self._group(fields["values"])
            else:
                fields = self._fixed(fields)
            return replace(node, content=fields)
        inner = {name: self.report(child, grouped=grouped) for name, child in fields.items()}
        return replace(node, content=inner)

    def page(self, page: SegmentData, node: Node, entry_map: SegmentEntryMap | None) -> Node:
        """The entries of a page of stored data."""
        if entry_map is None or not isinstance(node.content, dict):
            self.warnings.append(f"no entry map is known for segment {page.instance}")
            return node
        try:
            entries = split_entries(entry_map, page.entries)
        except DecodeError as exc:
            self.warnings.append(str(exc))
            return node
        whole = node.content["entries"]
        size = len(page.entries) // len(entries) if entries else 0
        start = whole.start or 0
        listed = [self._entry(e, start + at * size, size) for at, e in enumerate(entries)]
        return replace(node, content={**node.content, "entries": replace(whole, content=listed)})

    def _entry(self, entry: StoredEntry, start: int, size: int) -> Node:
        fields = {
            name: plain(value)
            for name in _ENTRY_TIMES
            if (value := getattr(entry, name)) is not None
        }
        # The times stand first: what the elements leave of the entry is theirs.
        at = start + size - sum(len(octets) for _, octets in entry.elements)
        for element, octets in entry.elements:
            slices = self._slices(element.value_map, octets, at)
            fields[str(scalar(element.type))] = Node(slices, at, at + len(octets))
            at += len(octets)
        return Node(fields, start, start + size)

    def _fixed(self, fields: dict[str, Node]) -> dict[str, Node]:
        handle, values = fields["handle"].content, fields["values"]
        known = None
        if self.configuration is not None and isinstance(handle, int):
            known = self.configuration.find(handle)
        if known is None or not known.value_map:
            self.warnings.append(f"no value map is known for handle {handle}")
            return fields
        laid_out = {"handle": fields["handle"]}
        if known.type is not None:
            laid_out["type"] = Node(scalar(known.type))
        if known.unit is not None:
            laid_out["unit"] = Node(scalar(known.unit))
        return laid_out | self._slices(known.value_map, self._octets(values), values.start or 0)

    def _group(self, values: Node) -> Node:
        scanner = self.configuration.find(self.handle) if self.configuration else None
        if scanner is None or not scanner.handle_maps:
            self.warnings.append(f"no handle map is known for scanner {self.handle}")
            return values
        octets, at = self._octets(values), values.start or 0
        fields: dict[str, Node] = {}
        for group in scanner.handle_maps:
            size = sum(entry.length for entry in group.value_map)
            fields[str(group.handle)] = Node(
                self._slices(group.value_map, octets[:size], at), at, at + size
            )
            octets, at = octets[size:], at + size
        if octets:
            self.warnings.append(f"a group has {len(octets)} octets that its map does not name")
        return replace(values, content=fields)

    def _slices(
        self, value_map: tuple[ValueMapEntry, ...], octets: bytes, start: int
    ) -> dict[str, Node]:
        total = sum(entry.length for entry in value_map)
        if total != len(octets):
            self.warnings.append(f"{len(octets)} octets where the value map has {total}")
        items, at = [], 0
        for entry in value_map:
            value = AttributeValue(entry.attribute_id, octets[at : at + entry.length])
            content = dissect_attribute(value, start + at, self.warnings)
            items.append(Node({name_of(entry.attribute_id): content}))
            at += entry.length
        return merged(items)

    def _octets(self, node: Node) -> bytes:
        return self.apdu[node.start : node.end]
