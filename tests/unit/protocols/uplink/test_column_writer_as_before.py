"""What is written column by column is, octet for octet, what is written row by row, and is read."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from protocols.model.observation import Observation
from protocols.uplink.column_writer import write_batch
from protocols.uplink.columns import ColumnsRecord
from protocols.uplink.compact import decode_compact, encode_compact
from protocols.uplink.gathering import Gatherer
from protocols.uplink.kept_rows import named_by_of
from protocols.uplink.messages import UplinkBatch, UplinkRow
from protocols.uplink.row_codec import encode_row
from tests.fixtures import row_by_row, strategies
from tests.fixtures.vehicle_rows import Vehicle, batch_of

PLACES = ("", "a@0+10", "a@10+5", "b@7+9", "no place", "a@15+5")
NUMERICS = [row for second in Vehicle(5).numerics(240) for row in second]
STRIPS = Vehicle(6).twelve_leads(3)


def octets_of(record: ColumnsRecord) -> bytes:
    return msgspec.msgpack.encode(record)


def kept(batch: UplinkBatch) -> UplinkBatch:
    """The same batch of rows as a buffer keeps them."""
    gatherer = Gatherer()
    for row in batch.rows:
        assert not gatherer.keep([encode_row(row)], [row.sequence], [row.octets])
    return replace(batch, rows=gatherer.rows())


def are_as_before(batches: Sequence[UplinkBatch]) -> Iterator[bool]:
    """For each batch, made and kept; and whether it is read as it was."""
    for batch in batches:
        before = octets_of(row_by_row.write_batch(batch))
        yield octets_of(write_batch(batch)) == before
        yield octets_of(write_batch(kept(batch))) == before
        yield decode_compact(encode_compact(kept(batch)), gateway_id=batch.gateway_id) == batch


def without_hints(row: UplinkRow) -> UplinkRow:
    """The row as older programs kept it."""
    assert isinstance(row.content, Observation)
    return replace(row, content=replace(row.content, named_by=None))


def test_a_backlog_in_large_batches_and_small_ones() -> None:
    for size in (400, 7):
        batches = [batch_of(NUMERICS[n : n + size]) for n in range(0, len(NUMERICS), size)]
        assert all(are_as_before(batches[:40]))


def test_live_rows_between_those_of_a_backlog() -> None:
    half = len(NUMERICS) // 2
    starts = [start for n in range(0, half - 100, 100) for start in (n, half + n)]
    assert all(are_as_before([batch_of(NUMERICS[n : n + 100]) for n in starts]))


def test_strips() -> None:
    assert all(are_as_before([batch_of(STRIPS, "waveforms")]))


def test_a_backlog_far_from_a_connections_beginning_needs_no_octets_for_ids() -> None:
    # The first batch of a start: nothing was sent before it that could tell where the devices are.
    backlog = batch_of(NUMERICS[1000:])
    assert write_batch(kept(backlog)).ids == b""
    assert len(encode_compact(kept(backlog))) < 2 * len(backlog.rows)


def test_ids_that_older_programs_kept_travel_whole() -> None:
    old = [without_hints(row) for row in NUMERICS[:400]]
    batch = batch_of(old)
    assert all(are_as_before([batch]))
    clockless = sum(named_by_of(row) is not None for row in NUMERICS[:400])
    assert len(write_batch(kept(batch)).ids) == 16 * clockless > 0


@given(st.lists(strategies.rows, max_size=12), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_rows_of_every_kind_in_any_order(others: list[UplinkRow], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, no secret
    drawn = [*others, *chance.sample(NUMERICS, 10), *chance.sample(STRIPS, 4)]
    drawn += [without_hints(row) for row in chance.sample(NUMERICS, 3)]
    chance.shuffle(drawn)
    sequence, rows = 0, []
    for row in drawn:
        sequence += chance.choice((1, 1, 1, 2, 9))
        rows.append(replace(row, sequence=sequence, octets=chance.choice(PLACES)))
    batch = batch_of(rows)
    try:
        octets_of(row_by_row.write_batch(batch))
    except OverflowError:
        assume(False)  # devices whose times jump by ages could not be written at all
    assert all(are_as_before([batch]))
