"""The stores of a device: what they tell, and one segment of theirs read to its end."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from edge.certifying.asking import Answered, Examination, ask, has_ended
from edge.certifying.probe import Expect, Incoming, Probe
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Abrt, Rlrq
from protocols.ieee20601.attribute_table import ATTRIBUTES, NUM_SEG, PM_SEG_MAP, SEG_USAGE_CNT
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
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedAction, RorsGet
from protocols.ieee20601.requests import get_all
from protocols.ieee20601.segment_selection import AllSegments, request_infos

_PAGE_SECONDS: Final = 20.0
_MOST_PAGES: Final = 10_000
_MOST_ASKED: Final = 4
_LATER_SECONDS: Final = 5.0


def examine_stores(probe: Probe, stores: tuple[int, ...]) -> Examination:
    """STORE-1 to STORE-6; whether the association is still there."""
    for store in stores:
        answered = yield from ask(probe, request_infos(store, AllSegments()))
        incoming = answered.incoming
        infos = _infos(probe, incoming)
        if infos is None:
            return not answered.ended
        if not (yield from _attributes(probe, store, len(infos))):
            return False
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
        if not (yield from _transfer(probe, store, filled[0])):
            return False
    return True


def _attributes(probe: Probe, store: int, segments: int) -> Examination:
    """STORE-6: a Get of the store itself."""
    answered = yield from ask(probe, get_all(store))
    message, incoming = answered.message, answered.incoming
    if not isinstance(message, RorsGet):
        probe.record.judge("STORE-6", False, incoming.in_words(), *incoming.evidence)
        return not answered.ended
    for value in message.attributes:
        kind = ATTRIBUTES.get(value.attribute_id)
        try:
            if kind is not None:
                kind.decode(value.octets)
        except DecodeError as exc:
            probe.record.judge("STORE-6", False, str(exc), *incoming.evidence)
    counted = find_readable(message.attributes, NUM_SEG, [])
    detail = f"{segments} segments where its Number-Of-Segments is {counted}"
    probe.record.judge("STORE-6", counted == segments, detail, *incoming.evidence)
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


def _begin(
    probe: Probe, store: int, info: SegmentInfo
) -> Generator[Expect, Incoming, tuple[Answered, int]]:
    """Ask for the transfer, again when the store says try-later; its result, -1 for none."""
    for _ in range(_MOST_ASKED):
        answered = yield from ask(probe, trigger_transfer(store, info.instance))
        result = _result(answered)
        if result != TransferResult.TRY_LATER:
            break
        waited = yield Expect(has_ended, _LATER_SECONDS)
        if has_ended(waited):
            return Answered(waited), -1
    return answered, result


def _result(answered: Answered) -> int:
    message = answered.message
    if not isinstance(message, RorsConfirmedAction):
        return -1
    try:
        return int(TRIGGER_RESPONSE.decode(message.action_info).result)
    except DecodeError:
        return -1


def _transfer(probe: Probe, store: int, info: SegmentInfo) -> Examination:
    answered, result = yield from _begin(probe, store, info)
    incoming = answered.incoming
    if result == TransferResult.TRY_LATER:
        said = f"it was asked {_MOST_ASKED} times and said try-later"
        for number in range(3, 6):
            probe.record.leave_out(f"STORE-{number}", said)
        return True
    begins = result == TransferResult.SUCCESSFUL
    detail = incoming.in_words() if result < 0 else f"result {result}"
    probe.record.judge("STORE-3", begins, detail, *incoming.evidence)
    if not begins:
        return not answered.ended
    return (yield from _pages(probe, info))


def _pages(probe: Probe, info: SegmentInfo) -> Examination:
    entries, gave_up = 0, False
    for number in range(_MOST_PAGES):
        incoming = yield Expect(_is_page, _PAGE_SECONDS)
        page = _page(incoming)
        if page is None:
            probe.record.judge("STORE-4", False, incoming.in_words(), *incoming.evidence)
            return not has_ended(incoming)
        probe.take_report(incoming, confirm=True)
        is_first = bool(page.status & SegmentStatus.FIRST_ENTRY)
        follows = page.first == entries and is_first == (number == 0)
        detail = f"page {number}: entry {page.first}, status 0x{page.status:04X}"
        probe.record.judge("STORE-4", follows, detail, *incoming.evidence)
        entries = page.first + page.count
        gave_up = bool(page.status & SegmentStatus.AGENT_ABORT)
        if gave_up or page.status & SegmentStatus.LAST_ENTRY:
            break
    usage = find_readable(info.attributes, SEG_USAGE_CNT, [])
    detail = f"{entries} entries{' until it gave up' if gave_up else ''} where it counts {usage}"
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
