"""Receipts: what a stream's repeats cost, how far it is settled, and what of it is missing."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations.receipts import gaps, open_progress
from cloud.core.observations.tables import StreamRow
from protocols.model.observation import Observation
from protocols.uplink.messages import Receipt, UplinkAck, UplinkBatch
from tests.fixtures.cloud import START, Installation, batch, numeric, waveform


def record(cloud: Installation, sent: UplinkBatch) -> UplinkAck:
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, cloud.mine.gateway, sent)


def readings(first: int, count: int) -> list[Observation]:
    return [numeric("97", START + timedelta(seconds=one)) for one in range(first, first + count)]


def stretch(cloud: Installation, first: int, count: int, *, floor: int = 0) -> UplinkBatch:
    return batch(
        cloud.mine,
        readings(first, count),
        first_sequence=first,
        boot_epoch=7,
        floor=floor,
    )


def streams(cloud: Installation) -> list[tuple[int, int, int, list[list[int]]]]:
    with cloud.database.reading(now=cloud.clock()) as work:
        rows = work.session.scalars(select(StreamRow).order_by(StreamRow.boot_epoch))
        return [(row.through, row.gaps, row.missing, row.known) for row in rows]


def test_a_receipt_grows_with_what_is_committed_without_a_gap(cloud: Installation) -> None:
    receipts = [record(cloud, stretch(cloud, first, 3)).receipt for first in (1, 7, 4)]
    assert receipts == [Receipt(stream="numerics", boot_epoch=7, through=n) for n in (3, 3, 9)]
    assert streams(cloud) == [(9, 0, 0, [[1, 9]])]


def test_batches_of_one_stream_at_once_are_all_settled(cloud: Installation) -> None:
    record(cloud, stretch(cloud, 1, 4))
    # Neighbours overlap by a row, as when a batch was cut otherwise for its repeat.
    parts = [stretch(cloud, first, 5) for first in range(4, 84, 4)]
    with ThreadPoolExecutor(4) as pool:
        acks = list(pool.map(lambda part: record(cloud, part), parts))
    assert sum(ack.stored for ack in acks) == 80
    assert sum(ack.repeated for ack in acks) == 20
    assert max(ack.receipt.through for ack in acks if ack.receipt is not None) == 84
    assert streams(cloud) == [(84, 0, 0, [[1, 84]])]
    assert cloud.rows() == (84, 0)


def test_what_another_batch_added_meanwhile_is_kept(
    cloud: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    record(cloud, stretch(cloud, 1, 3, floor=1))
    parts = (stretch(cloud, 6, 2, floor=1), stretch(cloud, 8, 1, floor=5))
    with cloud.database.begin(now=cloud.clock()) as work:
        found = [open_progress(work, cloud.mine.gateway, part) for part in parts]
        receipts = [
            one.settle(work, part, UplinkAck(batch_id=part.batch_id, stored=0, repeated=0))
            for one, part in zip(found, parts, strict=True)
        ]
    assert [one.through for one in receipts] == [3, 4]
    assert streams(cloud) == [(4, 1, 1, [[1, 4], [6, 8]])]
    assert caplog.text.count("event=rows_missing") == 1


def test_streams_and_epochs_are_settled_each_by_itself(cloud: Installation) -> None:
    record(cloud, stretch(cloud, 1, 3))
    other = replace(stretch(cloud, 4, 2), boot_epoch=8)
    assert record(cloud, other).receipt == Receipt(stream="numerics", boot_epoch=8, through=0)
    assert streams(cloud) == [(3, 0, 0, [[1, 3]]), (0, 0, 0, [[4, 5]])]


def test_a_repeat_is_known_by_its_keys_and_touches_no_reading(cloud: Installation) -> None:
    sent = stretch(cloud, 1, 50)
    record(cloud, sent)
    statements: list[str] = []

    @event.listens_for(cloud.database.engine, "before_cursor_execute")
    def note(*words: object) -> None:
        statements.append(str(words[2]))

    ack = record(cloud, sent)
    assert (ack.stored, ack.repeated) == (0, 50)
    assert ack.receipt is not None
    assert ack.receipt.through == 50
    assert not [one for one in statements if "observations" in one or "encounters" in one]


def test_a_batch_cut_otherwise_stores_only_what_is_new(cloud: Installation) -> None:
    record(cloud, stretch(cloud, 1, 5))
    ack = record(cloud, stretch(cloud, 3, 6))
    assert (ack.stored, ack.repeated) == (3, 3)
    assert cloud.rows() == (8, 0)


def test_the_same_reading_under_another_key_is_known_by_its_id(cloud: Installation) -> None:
    record(cloud, stretch(cloud, 1, 3))
    again = batch(cloud.mine, readings(1, 3), first_sequence=20, boot_epoch=7)
    ack = record(cloud, again)
    assert (ack.stored, ack.repeated) == (0, 3)


def test_a_refused_row_is_refused_again_until_the_gateway_has_set_it_aside(
    cloud: Installation,
) -> None:
    contents = [*readings(1, 2), waveform(START, samples=b""), *readings(4, 1)]
    sent = batch(cloud.mine, contents, boot_epoch=7, floor=1)
    for _ in range(2):
        ack = record(cloud, sent)
        assert [row.sequence for row in ack.rejected] == [3]
        assert ack.receipt is not None
        assert ack.receipt.through == 2
    ack = record(cloud, stretch(cloud, 5, 1, floor=5))
    assert ack.receipt is not None
    assert ack.receipt.through == 5
    assert streams(cloud) == [(5, 0, 0, [[1, 5]])]


def test_what_the_gateway_no_longer_holds_and_never_sent_is_missing(
    cloud: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    record(cloud, stretch(cloud, 1, 3, floor=1))
    record(cloud, stretch(cloud, 9, 2, floor=4))
    assert streams(cloud) == [(3, 1, 0, [[1, 3], [9, 10]])]
    with cloud.database.reading(now=cloud.clock()) as work:
        assert gaps(work) == (1, 0)
    with caplog.at_level(logging.WARNING, "vitalwire.observations"):
        ack = record(cloud, stretch(cloud, 11, 1, floor=7))
    assert ack.receipt is not None
    assert ack.receipt.through == 6, "two may come yet"
    assert "event=rows_missing" in caplog.text
    assert "rows=3 below=7" in caplog.text
    record(cloud, stretch(cloud, 7, 2, floor=7))
    assert streams(cloud) == [(11, 0, 3, [[1, 11]])]


def test_a_floor_above_the_batchs_own_rows_closes_nothing_in_it(cloud: Installation) -> None:
    ack = record(cloud, stretch(cloud, 5, 2, floor=99))
    assert ack.receipt is not None
    assert ack.receipt.through == 6
    assert streams(cloud) == [(6, 0, 4, [[1, 6]])]


async def test_gaps_and_missing_rows_are_shown_to_who_watches_the_service(
    embedded: Installation,
) -> None:
    record(embedded, stretch(embedded, 5, 2, floor=3))
    async with embedded.client() as client:
        text = (await client.get("/metrics")).text
    assert "vitalwire_uplink_missing_rows 2.0" in text
    assert "vitalwire_uplink_gaps 1.0" in text
