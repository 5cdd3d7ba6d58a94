"""What a PM-segment says about itself: its attributes, read once (20601 6.3.9).

facts = read_segment(info, notes)
facts.entry_map, facts.usage, facts.label, facts.transfer_seconds ...
facts.identity        sixteen octets that tell this segment from another under its number
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    BaseOffsetTime,
    SegmentEntryMap,
    SegmentStatistic,
)
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.persistent_store import SegmentInfo
from protocols.ieee20601.timeouts import seconds_of
from protocols.mder.sequences import text_of
from protocols.mder.times import AbsoluteTime

RECORDING: Final = 1
"""Operational-State enabled: entries may still be added to the segment."""
_IDENTITY_OCTETS: Final = 16
_LASTING: Final = (
    at.PM_SEG_MAP,
    at.PM_SEG_LABEL_STRING,
    at.PM_SEG_PERSON_ID,
    at.TIME_START_SEG,
    at.TIME_START_SEG_BO,
)
"""Attributes that stay while a segment fills; usage, end, statistics and adjustment do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFacts:
    """One segment; None or empty where the agent says nothing.

    `usage`: how many entries it holds. `is_recording`: more may come. `start`, `end`, `start_bo`,
    `end_bo`: its times on the device's timeline. `adjustment`: what is added to its entries'
    absolute times to bring them onto the device's present calendar. The timeouts are seconds,
    None where the agent names none or zero. `statistics` stay encoded, laid out like an entry.
    """

    instance: int
    identity: bytes
    entry_map: SegmentEntryMap | None = None
    usage: int | None = None
    label: str = ""
    person: int | None = None
    is_recording: bool | None = None
    start: AbsoluteTime | None = None
    end: AbsoluteTime | None = None
    start_bo: BaseOffsetTime | None = None
    end_bo: BaseOffsetTime | None = None
    adjustment: timedelta | None = None
    transfer_seconds: float | None = None
    clear_seconds: float | None = None
    confirm_seconds: float | None = None
    statistics: tuple[SegmentStatistic, ...] = ()

    @property
    def has_times(self) -> bool:
        """Whether its entries can be told from those of a segment that had its number before."""
        in_entries = self.entry_map is not None and bool(self.entry_map.header)
        return in_entries or self.start_bo is not None or _is_known(self.start)


def read_segment(info: SegmentInfo, notes: list[str]) -> SegmentFacts:
    """The facts of one segment; what cannot be read is a sentence in `notes`."""
    attributes, own = info.attributes, list[str]()
    label = find_readable(attributes, at.PM_SEG_LABEL_STRING, own)
    state = find_readable(attributes, at.OP_STAT, own)
    adjustment = find_readable(attributes, at.TIME_ABS_ADJUST, own)
    facts = SegmentFacts(
        instance=info.instance,
        identity=_identity(info),
        entry_map=find_readable(attributes, at.PM_SEG_MAP, own),
        usage=find_readable(attributes, at.SEG_USAGE_CNT, own),
        label=text_of(label or b""),
        person=find_readable(attributes, at.PM_SEG_PERSON_ID, own),
        is_recording=None if state is None else state == RECORDING,
        start=find_readable(attributes, at.TIME_START_SEG, own),
        end=find_readable(attributes, at.TIME_END_SEG, own),
        start_bo=find_readable(attributes, at.TIME_START_SEG_BO, own),
        end_bo=find_readable(attributes, at.TIME_END_SEG_BO, own),
        adjustment=None if adjustment is None else read_adjustment(adjustment),
        transfer_seconds=seconds_of(find_readable(attributes, at.TRANSFER_TIMEOUT, own)),
        clear_seconds=seconds_of(find_readable(attributes, at.CLEAR_TIMEOUT, own)),
        confirm_seconds=seconds_of(find_readable(attributes, at.CONFIRM_TIMEOUT, own)),
        statistics=find_readable(attributes, at.SEG_STATS, own) or (),
    )
    notes.extend(f"segment {info.instance}: {sentence}" for sentence in own)
    return facts


def read_adjustment(octets: bytes) -> timedelta:
    """AbsoluteTimeAdjust: 48 bits with a sign, in hundredths of a second (20601 Annex A).

    That it is to be added to a stamp is unconfirmed.
    """
    return timedelta(milliseconds=10 * int.from_bytes(octets, "big", signed=True))


def clear_seconds_of(attributes: tuple[AttributeValue, ...]) -> float | None:
    """The Clear-Timeout of a PM-store's own attributes, in seconds; None for none or zero."""
    return seconds_of(find_readable(attributes, at.CLEAR_TIMEOUT, []))


def _is_known(time: AbsoluteTime | None) -> bool:
    return time is not None and time.at is not None


def _identity(info: SegmentInfo) -> bytes:
    digest = hashlib.blake2b(info.instance.to_bytes(2, "big"), digest_size=_IDENTITY_OCTETS)
    for kind in _LASTING:
        for attribute in info.attributes:
            if attribute.attribute_id == kind.attribute_id:
                digest.update(attribute.attribute_id.to_bytes(2, "big"))
                digest.update(len(attribute.octets).to_bytes(2, "big"))
                digest.update(attribute.octets)
    return digest.digest()
