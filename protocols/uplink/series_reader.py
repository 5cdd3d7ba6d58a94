"""What the rows of one series share, checked and ready for its rows to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import Identity
from protocols.model.timestamps import TimeQuality
from protocols.uplink import columns as col
from protocols.uplink.contents import decimal_of
from protocols.uplink.derived_ids import RULES, identity_of
from protocols.uplink.readings import SPECIALS, ReadingSeries

_MOST_EXPONENT: Final = 99
_KINDS: Final = frozenset({col.NUMERIC, col.COMPOUND, col.CODED, col.BITS, col.SAMPLES})
_PARTS: Final = {col.NUMERIC: 1, col.CODED: 0, col.BITS: 1, col.SAMPLES: 1}


@dataclass(frozen=True, slots=True)
class OpenSeries:
    """One series, ready to be read: how many integers of its own a row has, how its ids begin."""

    record: col.SeriesRecord
    shared: ReadingSeries
    identity: Identity
    width: int


def open_series(record: col.SeriesRecord, devices: Sequence[col.DeviceColumns]) -> OpenSeries:
    """One series of these devices; DecodeError when it cannot be."""
    is_known = record.kind in _KINDS and record.identity in RULES
    if not is_known or not 0 <= record.device < len(devices):
        raise DecodeError("uplink columns: a series of an unknown kind")
    if len(record.parts) != _PARTS.get(record.kind, len(record.parts)):
        raise DecodeError("uplink columns: a series with the wrong number of parts")
    for code, unit, exponent, special in record.parts:
        if abs(exponent) > _MOST_EXPONENT or (special and special not in SPECIALS):
            raise DecodeError("uplink columns: a series of impossible numbers")
        MdcCode.from_cf_code(code), UnitCode(unit)
    if (record.kind == col.SAMPLES) is (record.samples is None):
        raise DecodeError("uplink columns: a series of half a waveform")
    width = sum(not special for _, _, _, special in record.parts)
    if record.kind in (col.CODED, col.SAMPLES, col.BITS):
        width = 1 + record.counts_reports
    system_id = devices[record.device].system_id
    try:
        status, quality = obs.MeasurementStatus(record.status), TimeQuality(record.quality)
    except ValueError as exc:
        raise DecodeError(f"uplink columns: {exc}") from exc
    samples = None
    if record.samples is not None:
        scale, offset, period_us = record.samples
        samples = decimal_of(scale), decimal_of(offset), period_us
    shared = ReadingSeries(
        kind=record.kind,
        device=SystemId(system_id),
        type=MdcCode.from_cf_code(record.type_cf),
        status=status,
        quality=quality,
        device_kind=record.device_kind,
        supplements=tuple(map(MdcCode.from_cf_code, record.supplements)),
        parts=record.parts,
        samples=samples,
    )
    identity = identity_of(system_id, record.type_cf, record.supplements)
    return OpenSeries(record, shared, identity, width)
