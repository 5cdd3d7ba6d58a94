"""What waits, read without changing it: for a person to look at, and for a stick that is carried.

Works beside a running gateway. Rows stay where they are: the cloud knows a row that comes twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from edge.buffer.clocks import State
from edge.buffer.database import Database, connect_to_read
from edge.buffer.faults import translated
from edge.buffer.recovery import FILE_NAME
from edge.buffer.rows import Stream, check_of, unpack_row
from edge.buffer.salvage import SET_ASIDE
from edge.buffer.schema import FORM, form_of, refuse_newer
from edge.buffer.times import corrected
from edge.errors import BufferFaultError
from protocols.errors import DecodeError
from protocols.model.identifiers import marked_id
from protocols.uplink.messages import UplinkBatch, UplinkRow

_NAMESPACE: Final = UUID("0b3c8f0e-3a55-5f64-8c1b-8f6b0d0a51d7")
_ROWS: Final = (
    "SELECT held.id, boot_epoch, sequence, observation_id, octets, crc, body, clock,"
    " coalesce(vehicle_id, '') FROM held LEFT JOIN boots ON epoch = boot_epoch"
    " WHERE held.id > ? AND stream = ? ORDER BY held.id LIMIT 500"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row with its key, its times corrected as far as they are known."""

    stream: Stream
    boot_epoch: int
    vehicle_id: str
    row: UplinkRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How a buffer's file stands. `set_aside`: broken files beside it, by name."""

    form: int
    waiting: dict[str, int]
    totals: dict[str, int]
    quarantine: dict[str, int]
    epochs: list[dict[str, Any]]
    clocks: list[dict[str, Any]]
    set_aside: list[str]


def look(folder: Path) -> Overview:
    """Look at the file in `folder`; BufferFaultError when there is none or it cannot be read."""
    with translated(), closing(_opened(folder)) as database:
        form = form_of(database)
        counts = dict(database.execute("SELECT stream, count(*) FROM held GROUP BY stream"))
        epochs = _table(
            database,
            "SELECT stream, boot_epoch, count(*) AS rows, min(sequence) AS first,"
            " max(sequence) AS last FROM held GROUP BY stream, boot_epoch",
        )
        return Overview(
            form=form,
            waiting={stream.label: counts.get(stream.value, 0) for stream in Stream},
            totals=dict(database.execute("SELECT name, amount FROM totals")),
            quarantine=dict(
                database.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason")
            ),
            epochs=[{**row, "stream": Stream(row["stream"]).label} for row in epochs],
            clocks=_table(database, "SELECT * FROM clocks") if form == FORM else [],
            set_aside=sorted(path.name for path in folder.glob(SET_ASIDE)),
        )


def waiting_rows(folder: Path, streams: tuple[Stream, ...] = tuple(Stream)) -> Iterator[Waiting]:
    """Every whole row of some lanes, lane by lane in the order of capture."""
    with translated(), closing(_opened(folder)) as database:
        if form_of(database) != FORM:
            raise BufferFaultError(
                "the buffer's file is of an older form", mend="Lead it up: buffer upgrade"
            )
        corrections = {
            (epoch, number): (timedelta(microseconds=moved), state)
            for epoch, number, moved, state in database.execute(
                "SELECT boot_epoch, number, correction_us, state FROM clocks"
            )
        }
        for stream in streams:
            for row in _paged(database, stream):
                waiting = _whole(stream, row, corrections)
                if waiting is not None:
                    yield waiting


def batches(
    rows: Iterator[Waiting], *, gateway_id: str, sent_at: datetime, most: int = 500
) -> Iterator[UplinkBatch]:
    """The rows as uplink batches; the same rows make batches of the same name."""
    pending: list[Waiting] = []
    for item in rows:
        if pending and (_batch_key(item) != _batch_key(pending[0]) or len(pending) >= most):
            yield _batch(pending, gateway_id, sent_at)
            pending = []
        pending.append(item)
    if pending:
        yield _batch(pending, gateway_id, sent_at)


def _batch_key(item: Waiting) -> tuple[Stream, int]:
    return item.stream, item.boot_epoch


def _batch(items: list[Waiting], gateway_id: str, sent_at: datetime) -> UplinkBatch:
    first = items[0]
    sequences = ",".join(str(item.row.sequence) for item in items)
    name = f"{gateway_id}/{first.stream.label}/{first.boot_epoch}/{sequences}"
    return UplinkBatch(
        batch_id=marked_id(_NAMESPACE, name),
        gateway_id=gateway_id,
        vehicle_id=first.vehicle_id,
        stream=first.stream.label,
        boot_epoch=first.boot_epoch,
        sent_at=sent_at,
        rows=tuple(item.row for item in items),
    )


def _opened(folder: Path) -> Database:
    path = folder / FILE_NAME
    if not path.is_file():
        raise BufferFaultError(
            f"there is no buffer in {folder}", mend="Name the data folder of a gateway that has run"
        )
    database = connect_to_read(path)
    try:
        refuse_newer(form_of(database), path.name)
    except BaseException:
        database.close()
        raise
    return database


def _table(database: Database, query: str) -> list[dict[str, Any]]:
    rows = database.execute(query)
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _paged(database: Database, stream: Stream) -> Iterator[tuple[Any, ...]]:
    seen = 0
    while page := database.execute(_ROWS, (seen, stream.value)).fetchall():
        seen = page[-1][0]
        yield from page


def _whole(
    stream: Stream,
    row: tuple[Any, ...],
    corrections: dict[tuple[int, int], tuple[timedelta, str]],
) -> Waiting | None:
    _, epoch, sequence, identity, octets, crc, body, number, vehicle_id = row
    if check_of(stream, epoch, sequence, identity, body, octets) != crc:
        return None
    try:
        unpacked = unpack_row(sequence, identity, body, octets)
    except DecodeError:
        return None
    by, state = corrections.get((epoch, number), (timedelta(0), State.PLAUSIBLE))
    is_estimate = state in (State.UNSET, State.ESTIMATED)
    return Waiting(stream, epoch, vehicle_id, corrected(unpacked, by, is_estimate=is_estimate))
