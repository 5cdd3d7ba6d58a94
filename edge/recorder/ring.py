"""Read a ring: which recordings it holds, what passed in one of them, the octets of a reference.

Safe beside a gateway that writes. What is damaged is counted and passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from edge.errors import SettingsError
from edge.recorder.decoded import Made, unpack_made
from edge.recorder.records import Damage, Kind, Record, scan
from edge.recorder.references import OctetRange
from edge.recorder.segments import RING_FILE, SUFFIX, read_ring

_PASSED: Final = (Kind.RECEIVED, Kind.SENT)


@dataclass(slots=True)
class SegmentLook:
    """One file. `sealed`: it was ended in good order and its digest is right."""

    path: Path
    octets: int
    sealed: bool = False
    damaged_octets: int = 0


@dataclass(slots=True)
class KeptRecording:
    """One recording as far as the ring still holds it.

    `facts` are those of its opening: `device`, `address` and what its octets need to be read.
    `is_whole`: its first octet is there. `lost_octets` were let go by the recorder.
    """

    name: str
    facts: dict[str, Any]
    first: datetime
    last: datetime
    received: int = 0
    sent: int = 0
    lost_octets: int = 0
    decoded: int = 0
    system_ids: list[str] = field(default_factory=list)
    ended: bool = False
    is_whole: bool = False

    @property
    def device(self) -> str:
        """What the crew calls it."""
        return str(self.facts.get("device", ""))

    def is_of(self, device: str) -> bool:
        """Whether `device` is its name, its address or its System-Id."""
        known = {self.device, str(self.facts.get("address", "")), *self.system_ids}
        return device in known or _digits(device) in {_digits(text) for text in self.system_ids}


@dataclass(slots=True)
class Ring:
    """The recordings in a folder. SettingsError for a folder that holds none."""

    folder: Path
    segments: list[SegmentLook] = field(default_factory=list)
    _where: dict[str, set[Path]] = field(default_factory=dict)

    def recordings(self) -> list[KeptRecording]:
        """All of them, oldest first."""
        kept: dict[str, KeptRecording] = {}
        ends: dict[tuple[str, Kind], int] = {}
        self._where = {}
        for ring, record in self._records():
            if not record.recording:
                continue
            name = f"{ring}-{record.recording}"
            # A ring is large: one recording is then looked for where it was seen alone.
            self._where.setdefault(name, set()).add(self.segments[-1].path)
            if record.kind is Kind.OPENED:
                kept.setdefault(name, KeptRecording(name, record.facts, record.utc, record.utc))
            elif name in kept:
                _count(kept[name], record, ends)
        return list(kept.values())

    def find(self, name: str) -> KeptRecording:
        """One of them; SettingsError when the ring does not hold it."""
        for recording in self.recordings():
            if recording.name == name:
                return recording
        raise SettingsError(
            f"the recorder holds no recording {name}",
            mend="`vitalwire-edge recorder list` shows those it holds; the oldest give way",
        )

    def records_of(self, name: str) -> Iterator[Record]:
        """What one recording holds, in order, each octet once."""
        ends: dict[Kind, int] = {}
        seen: set[tuple[Kind, bytes]] = set()
        for ring, record in self._records(self._where.get(name)):
            if f"{ring}-{record.recording}" != name:
                continue
            if record.kind in _PASSED:
                end = record.offset + len(record.payload)
                if end <= ends.get(record.kind, 0):
                    continue  # repeated at the head of a later segment
                ends[record.kind] = end
            elif record.kind in (Kind.OPENED, Kind.LEARNT):
                if (record.kind, record.payload) in seen:
                    continue
                seen.add((record.kind, record.payload))
            yield record

    def octets_of(self, place: OctetRange) -> tuple[bytes, tuple[Record, ...]]:
        """The octets of a reference and the records they came in.

        SettingsError when the ring no longer holds all of them.
        """
        end = place.offset + place.length
        found, records, reached = bytearray(), [], place.offset
        for record in self.records_of(place.recording):
            stop = record.offset + len(record.payload)
            if record.kind is not Kind.RECEIVED or stop <= reached or record.offset >= end:
                continue
            if record.offset > reached:
                break
            found += record.payload[reached - record.offset : end - record.offset]
            records.append(record)
            reached = min(stop, end)
        if reached != end:
            raise SettingsError(
                f"the recorder no longer holds all octets of {place}",
                mend="`vitalwire-edge recorder list` shows what it holds; the oldest give way",
            )
        return bytes(found), tuple(records)

    def made_of(self, name: str) -> Iterator[tuple[OctetRange, tuple[Made, ...]]]:
        """What was made of the octets of one recording then."""
        for record in self.records_of(name):
            if record.kind is Kind.DECODED:
                length, made = unpack_made(record.facts)
                if made:
                    yield OctetRange(name, record.offset, length), made

    def _records(self, among: Collection[Path] | None = None) -> Iterator[tuple[str, Record]]:
        paths = sorted(self.folder.glob(f"*{SUFFIX}"))
        if not paths:
            raise SettingsError(
                f"{self.folder} holds no recordings",
                mend="Name the data folder of a gateway whose recorder is enabled",
            )
        if among is None:
            self.segments = []
        for path in paths if among is None else sorted(among):
            try:
                octets = path.read_bytes()
            except FileNotFoundError:
                continue  # it gave way while we read
            except OSError as exc:
                raise SettingsError(
                    f"{path} cannot be read ({(exc.strerror or '').lower()})",
                    mend="Run this as the gateway's user (sudo -u vitalwire) or as root",
                ) from exc
            look = SegmentLook(path, len(octets))
            if among is None:
                self.segments.append(look)
            yield from self._of_segment(look, octets)

    def _of_segment(self, look: SegmentLook, octets: bytes) -> Iterator[tuple[str, Record]]:
        ring = read_ring(self.folder / RING_FILE)[0]
        for item in scan(octets):
            if isinstance(item, Damage):
                look.damaged_octets += item.octets
            elif item.kind is Kind.SEGMENT:
                ring = str(item.facts.get("ring", ring))
            elif item.kind is Kind.SEALED:
                body = octets[: len(octets) - len(item.pack())]
                look.sealed = hashlib.sha256(body).hexdigest() == item.facts.get("sha256")
            else:
                yield ring, item


def _digits(system_id: str) -> str:
    return system_id.replace("-", "").upper()


def _count(kept: KeptRecording, record: Record, ends: dict[tuple[str, Kind], int]) -> None:
    if record.utc_us:
        kept.last = max(kept.last, record.utc)
    match record.kind:
        case Kind.RECEIVED | Kind.SENT:
            end = record.offset + len(record.payload)
            new = end - max(record.offset, ends.get((kept.name, record.kind), 0))
            if new <= 0:
                return
            ends[kept.name, record.kind] = end
            if record.kind is Kind.RECEIVED:
                kept.received += new
                kept.is_whole = kept.is_whole or record.offset == 0
            else:
                kept.sent += new
        case Kind.DECODED:
            kept.decoded += len(unpack_made(record.facts)[1])
        case Kind.LEARNT:
            system_id = str(record.facts.get("system_id", ""))
            if system_id and system_id not in kept.system_ids:
                kept.system_ids.append(system_id)
        case Kind.LOST:
            kept.lost_octets += record.offset
        case Kind.CLOSED:
            kept.ended = True
        case _:
            pass
