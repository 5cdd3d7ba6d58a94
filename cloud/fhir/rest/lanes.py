"""Waveforms of an encounter lane by lane: the leads of an ECG together, any other type by itself.

Strips follow a grid of ten seconds, so whole cells of it are read at a time and nothing is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from cloud.core.searching import waves
from cloud.core.searching.waves import Lane
from cloud.fhir.clocks import Clocks
from cloud.fhir.json import Element
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.ids import StripId
from cloud.fhir.rest.kind import served
from cloud.fhir.strips import STRIP_SECONDS, Leads, Wave, by_leads, is_ecg_lead, strips
from cloud.fhir.waveform import leads_name, leads_observation, strip_name, strip_observation
from protocols.model.codes import MdcCode

CELL: Final = timedelta(seconds=STRIP_SECONDS)
ECG: Final = 131328
"""MDC_ECG_ELEC_POTL, which names all leads of a device together."""
_AT_ONCE: Final = 6 * CELL
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def lanes(
    desk: Desk, encounter_ids: Sequence[str], device_ids: set[str] | None = None
) -> list[Lane]:
    """The lanes of encounters in the order of their names."""
    together: dict[tuple[str, str, int], list[int]] = {}
    for encounter_id, device_id, type_cf in waves.held(
        desk.work, desk.principal, encounter_ids, device_ids=device_ids
    ):
        code = ECG if is_ecg_lead(MdcCode.from_cf_code(type_cf)) else type_cf
        together.setdefault((encounter_id, device_id, code), []).append(type_cf)
    return sorted(Lane(*name, tuple(types)) for name, types in together.items())


def lane_of(desk: Desk, wanted: StripId) -> list[Lane]:
    """The lane of a strip, none where there is no such chunk."""
    row = waves.chunk(desk.work, desk.principal, wanted.first)
    if row is None or row.encounter_id is None or desk.chart(row.encounter_id) is None:
        return []
    found = lanes(desk, [row.encounter_id], {row.device_id})
    return [lane for lane in found if row.type_cf in lane.types]


def forward(desk: Desk, lane: Lane, since: datetime | None) -> Iterator[Wave]:
    """A lane's strips by time, from the cell of `since` on."""
    begin = None if since is None else cell(since)
    earliest = None if begin is None else begin - waves.LONGEST
    bounds = waves.bounds(desk.work, desk.principal, lane, start=earliest)
    at = None if bounds is None else max(cell(bounds[0]), begin or _EPOCH)
    while bounds is not None and at is not None and at <= bounds[1] + waves.LONGEST:
        found = starting(desk, lane, at, at + _AT_ONCE)
        yield from found
        at += _AT_ONCE
        if not found:
            # Over a hole in the recording in one step.
            ahead = waves.bounds(desk.work, desk.principal, lane, start=at - waves.LONGEST)
            at = None if ahead is None else max(at, cell(ahead[0]))


def backward(desk: Desk, lane: Lane, since: datetime | None) -> Iterator[Wave]:
    """A lane's strips against time, from the cell of `since` on."""
    end = None if since is None else cell(since) + CELL
    bounds = waves.bounds(desk.work, desk.principal, lane, end=end)
    at = None if bounds is None else end or cell(bounds[1] + waves.LONGEST) + CELL
    while bounds is not None and at is not None and at > bounds[0]:
        found = starting(desk, lane, at - _AT_ONCE, at)
        yield from reversed(found)
        at -= _AT_ONCE
        if not found:
            behind = waves.bounds(desk.work, desk.principal, lane, end=at)
            at = None if behind is None else min(at, cell(behind[1] + waves.LONGEST) + CELL)


def starting(desk: Desk, lane: Lane, start: datetime, end: datetime) -> list[Wave]:
    """The strips that begin in whole cells from `start` up to `end`."""
    found = by_leads(strips(waves.chunks(desk.work, desk.principal, lane, start, end)))
    return sorted((one for one in found if start <= one.start < end), key=_place)


def at_start(desk: Desk, lane: Lane, wanted: StripId) -> Wave | None:
    """The strip that begins with a chunk at a time."""
    begin = cell(wanted.start)
    for one in starting(desk, lane, begin, begin + CELL):
        if (one.chunks[0].observation.observation_id, one.start) == (wanted.first, wanted.start):
            return one
    return None


def cell(at: datetime) -> datetime:
    """The beginning of the cell a time is in."""
    return _EPOCH + (at - _EPOCH) // CELL * CELL


def identity(wave: Wave) -> StripId:
    """What leads back to a strip."""
    return StripId(wave.chunks[0].observation.observation_id, wave.start)


def resource(desk: Desk, wave: Wave) -> Element:
    """A strip, or the strips of one ECG, as the Observation it is served as."""
    encounter_id = wave.chunks[0].encounter_id or ""
    names = desk.charts([encounter_id])[encounter_id].names
    clocks = Clocks(names, wave.chunks, desk.monitors)
    changed_at = max(chunk.received_at for chunk in wave.chunks)
    if isinstance(wave, Leads):
        made, name = leads_observation(names, clocks, wave), ("Leads", leads_name(wave))
    else:
        made, name = strip_observation(names, clocks, wave), ("Strip", strip_name(wave))
    return served(made, names.id_of(*name), changed_at)


def _place(wave: Wave) -> tuple[datetime, int]:
    first = wave.strips[0] if isinstance(wave, Leads) else wave
    return wave.start, first.first.type.cf_code
