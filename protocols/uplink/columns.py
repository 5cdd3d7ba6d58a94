"""The wire form of contract version 2: what repeats is said once, numbers are differences.

Rows of one kind from one device are a series. A series holds all that its rows share; a row holds
which series it is of and a few small integers. Rows of one device with the same times are a
moment. A row that does not fit travels in the columns' midst as the row of version 1 it is. The
arrays only ever grow at their end, as in version 1.
"""

from __future__ import annotations

from typing import Final

import msgspec

NUMERIC: Final = "n"
COMPOUND: Final = "c"
SAMPLES: Final = "w"
CODED: Final = "e"
BITS: Final = "b"


class SeriesRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the rows of one series share.

    `kind` is the tag of the row's record in version 1; `device` counts in the batch's devices.
    `parts` are (code, unit, exponent, special value's name) of each number: one of a numeric or a
    waveform, one a component of a compound; of bits, the width stands for the exponent.
    `zone_seconds` is the device's own offset from UTC. `identity` says how a row's id comes about
    (see `derived_ids`). `samples` are a waveform's scale, offset and period in microseconds;
    `counts_reports` when its rows have report numbers.
    """

    device: int
    kind: str
    type_cf: int
    parts: tuple[tuple[int, int, int, str], ...]
    quality: str
    device_kind: str
    identity: int
    status: int = 0
    supplements: tuple[int, ...] = ()
    zone_seconds: int = 0
    samples: tuple[str, str, int] | None = None
    counts_reports: bool = False


class DeviceColumns(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A device and the course of its times in this batch; times in the moments' `unit`.

    `at`: its first observed time after the batch's `sent_at`; `step` how far its moments usually
    lie apart; `lag` the shortest time from observation to capture. `stamp`: its first device time
    (of a calendar: less the observed one), `stamp_step` as `step`, both in `stamp_unit`
    microseconds or ticks.
    """

    system_id: bytes
    at: int
    step: int
    lag: int
    stamp: int
    stamp_step: int
    stamp_unit: int


class MomentColumns(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One entry a moment, in the order of the rows.

    `rows` how many rows it has. `at`: how far its observed time is from one step after the
    device's moment before. `lag`: how much longer than the device's shortest its capture took.
    `stamp`: how far the device's time is from where it would be had it kept step. `at` and `lag`
    count in `unit` microseconds.
    """

    rows: tuple[int, ...]
    at: tuple[int, ...]
    lag: tuple[int, ...]
    stamp: tuple[int, ...]
    unit: int


class SampleColumn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """All samples of one series end to end, as differences to what they are expected to be.

    `rule` says what is expected (see `sample_columns`), `base` and `other` the series it looks at.
    `planes` are the octets of the differences (zigzag), lowest plane first.
    """

    series: int
    count: int
    rule: int
    base: int
    other: int
    planes: tuple[bytes, ...]


class PlaceColumns(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where the rows' octets are recorded; `runs` of four numbers each.

    How many rows, which recording (from 1; 0: none), how far behind the end of the one before in
    that recording, how many octets.
    """

    recordings: tuple[str, ...] = ()
    runs: tuple[int, ...] = ()


class ColumnsRecord(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A batch. `batch_id` is empty when it follows from the rows (see `messages.batch_name`).

    `sent_at` since 1970 in the moments' unit. `runs`: how many sequences are skipped, how many rows
    follow without a gap, and so on. `series_of`: for each row its series, counted from 1, 0 for
    a row of `plain`. `values`, `ids`, `counters` as many as the series ask for, row by row.
    """

    batch_id: bytes
    vehicle_id: str
    stream: str
    boot_epoch: int
    sent_at: int
    devices: tuple[DeviceColumns, ...]
    series: tuple[SeriesRecord, ...]
    series_of: tuple[int, ...]
    runs: tuple[int, ...]
    moments: MomentColumns
    values: tuple[int, ...]
    counters: tuple[int, ...] = ()
    ids: bytes = b""
    samples: tuple[SampleColumn, ...] = ()
    plain: tuple[msgspec.Raw, ...] = ()
    traceparent: str = ""
    floor: int = 0
    places: PlaceColumns = PlaceColumns()
