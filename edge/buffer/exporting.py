"""What waits, read without changing it: for a person to look at, and for a stick that is carried.

Works beside a running gateway. Rows stay where they are: the cloud knows a row that comes twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from edge.buffer.bundles import SPAN
from edge.buffer.clocks import State
from edge.buffer.database import Database, connect_to_read
from edge.buffer.faults import translated
from edge.buffer.held import rows_after
from edge.buffer.memory import STORED, uncounted
from edge.buffer.reading import unpacked
from edge.buffer.recovery import FILE_NAME
from edge.buffer.rows import Stream
from edge.buffer.salvage import SET_ASIDE
from edge.buffer.schema import FIRST_FORM, FORM, form_of, refuse_newer
from edge.buffer.times import corrected
from edge.errors import BufferFaultError
from protocols.model.identifiers import marked_id
from protocols.uplink.messages import UplinkBatch, UplinkRow

_NAMESPACE: Final = UUID("0b3c8f0e-3a55-5f64-8c1b-8f6b0d0a51d7")
_LAST_ID: Final = (1 << 62) - 1
_AS_IT_IS: Final = (timedelta(0), State.PLAUSIBLE)


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
        rows, span = ("sum(rows)", SPAN) if form == FORM else ("count(*)", "1")
        counts = dict(database.execute(f"SELECT stream, {rows} FROM held GROUP BY stream"))  # noqa: S608 - constants
        epochs = _table(
            database,
            f"SELECT stream, boot_epoch, {rows} AS rows, min(sequence) AS first,"  # noqa: S608 - constants
            f" max(sequence + {span} - 1) AS last FROM held GROUP BY stream, boot_epoch",
        )
        totals = Counter(dict(database.execute("SELECT name, amount FROM totals")))
        if form == FORM:
            totals[STORED] += uncounted(database)
        return Overview(
            form=form,
            waiting={stream.label: counts.get(stream.value, 0) for stream in Stream},
            totals=dict(totals),
            quarantine=dict(
                database.execute("SELECT reason, count(*) FROM quarantine GROUP BY reason")
            ),
            epochs=[{**row, "stream": Stream(row["stream"]).label} for row in epochs],
            clocks=_table(database, "SELECT * FROM clocks") if form > FIRST_FORM else [],
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
        vehicles = dict(database.execute("SELECT epoch, vehicle_id FROM boots"))
        for stream in streams:
            for bundle, row in rows_after(database, 0, _LAST_ID, stream.value):
                unpacked_row = unpacked(row, bundle.octets)
                if unpacked_row is not None:
                    by, state = corrections.get((bundle.boot_epoch, bundle.clock), _AS_IT_IS)
                    is_estimate = state in (State.UNSET, State.ESTIMATED)
                    unpacked_row = corrected(unpacked_row, by, is_estimate=is_estimate)
                    vehicle = vehicles.get(bundle.boot_epoch, "")
                    yield Waiting(stream, bundle.boot_epoch, vehicle, unpacked_row)


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
