"""The stores of a device: what they tell, and one segment of theirs read to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Abrt, Rlrq
from protocols.ieee20601.attribute_table import PM_SEG_MAP, SEG_USAGE_CNT
from protocols.ieee20601.attributes import find_readable
from protocols.ieee20601.event_reports import EventType, decode_event_info
from protocols.ieee20601.persistent_store import (
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentInfo,
    SegmentStatus,
    TransferResult,
    trigger_transfer,
)
from protocols.ieee20601.remote_operations import EventReport, Message, RorsConfirmedAction
from protocols.ieee20601.segment_selection import AllSegments, request_infos

_PAGE_SECONDS: Final = 20.0
_MOST_PAGES: Final = 10_000
Ask = Callable[[Probe, Message], Generator[Expect, Incoming, Incoming]]


def examine_stores(
    probe: Probe, stores: tuple[int, ...], *, ask: Ask
) -> Generator[Expect, Incoming, bool]:
    """STORE-1 to STORE-5; whether the association is still there."""
    for store in stores:
        incoming = yield from ask(probe, request_infos(store, AllSegments()))
        infos = _infos(probe, incoming)
        if infos is None:
            return not _ended(incoming)
        for info in infos:
            mapped = find_readable(info.attributes, PM_SEG_MAP, []) is not None
            usage = find_readable(info.attributes, SEG_USAGE_CNT, [])
            detail = f"segment {info.instance} of store {store}"
            told = mapped and usage is not None
            probe.record.judge("STORE-2", told, detail, *incoming.evidence)
        filled = [info for info in infos if find_readable(info.attributes, SEG_USAGE_CNT, [])]
        if not filled:
            for number in range(2 if not infos else 3, 6):
                probe.record.leave_out(f"STORE-{number}", "no segment of it has entries")
            continue
        if not (yield from _transfer(probe, store, filled[0], ask)):
            return False
    return True


def _infos(probe: Probe, incoming: Incoming) -> tuple[SegmentInfo, ...] | None:
    answer = incoming.message
    infos: tuple[SegmentInfo, ...] | None = None
    why = incoming.in_words()
    if isinstance(answer, RorsConfirmedAction):
        try:
            infos = SEGMENT_INFOS.decode(answer.action_info)
        except DecodeError as exc:
            why = str(exc)
    probe.record.judge("STORE-1", infos is not None, why, *incoming.evidence)
    return infos


def _transfer(
    probe: Probe, store: int, info: SegmentInfo, ask: Ask
) -> Generator[Expect, Incoming, bool]:
    incoming = yield from ask(probe, trigger_transfer(store, info.instance))
    answer, result = incoming.message, -1
    if isinstance(answer, RorsConfirmedAction):
        try:
            result = TRIGGER_RESPONSE.decode(answer.action_info).result
        except DecodeError:
            result = -1
    begins = result == TransferResult.SUCCESSFUL
    detail = incoming.in_words() if result < 0 else f"result {result}"
    probe.record.judge("STORE-3", begins, detail, *incoming.evidence)
    if not begins:
        return not _ended(incoming)
    entries = 0
    for number in range(_MOST_PAGES):
        incoming = yield Expect(_is_page, _PAGE_SECONDS)
        page = _page(incoming)
        if page is None:
            probe.record.judge("STORE-4", False, incoming.in_words(), *incoming.evidence)
            return not _ended(incoming)
        probe.take_report(incoming, confirm=True)
        is_first = bool(page.status & SegmentStatus.FIRST_ENTRY)
        follows = page.first == entries and is_first == (number == 0)
        detail = f"page {number}: entry {page.first}, status 0x{page.status:04X}"
        probe.record.judge("STORE-4", follows, detail, *incoming.evidence)
        entries = page.first + page.count
        if page.status & (SegmentStatus.LAST_ENTRY | SegmentStatus.AGENT_ABORT):
            break
    usage = find_readable(info.attributes, SEG_USAGE_CNT, [])
    detail = f"{entries} entries where it counts {usage}"
    probe.record.judge("STORE-5", entries == usage, detail, *incoming.evidence)
    return True


def _is_page(incoming: Incoming) -> bool:
    message = incoming.message
    is_page = isinstance(message, EventReport) and message.event_type == EventType.SEGMENT_DATA
    return is_page or isinstance(incoming.apdu, Abrt | Rlrq)


def _page(incoming: Incoming) -> SegmentData | None:
    message = incoming.message
    if not isinstance(message, EventReport):
        return None
    try:
        info = decode_event_info(message.event_type, message.event_info)
    except DecodeError:
        return None
    return info if isinstance(info, SegmentData) else None


def _ended(incoming: Incoming) -> bool:
    return incoming.outcome is Outcome.CLOSED or isinstance(incoming.apdu, Abrt | Rlrq)
