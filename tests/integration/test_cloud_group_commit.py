"""Batches that wait share a transaction; each is answered, and refused, on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry
from sqlalchemy import event, text

from cloud.core.kernel.work import StorageFaultError
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.ingest.batches import BatchRecorder, Reply
from cloud.ingest.line import LENGTH, MOST_TOGETHER, OCTETS_TOGETHER, MessageLine
from protocols.uplink.channels import STATUS, UP
from protocols.uplink.codec import decode_ack, encode_batch
from protocols.uplink.messages import Receipt, UplinkAck, UplinkBatch
from tests.fixtures.brokers import topic
from tests.fixtures.cloud import START, Installation, batch, numeric


def batches(cloud: Installation, count: int, **more: object) -> list[UplinkBatch]:
    """One reading each, of one stream, one behind the other."""
    whole = batch(
        cloud.mine,
        [numeric("97", START + timedelta(seconds=one)) for one in range(count)],
        boot_epoch=1,
    )
    return [replace(whole, rows=(row,), **more) for row in whole.rows]  # type: ignore[arg-type]  # a batch's own fields


def accept(cloud: Installation, sent: Sequence[UplinkBatch]) -> list[UplinkAck | None]:
    metrics = IngestMetrics(CollectorRegistry())
    recorder = BatchRecorder(cloud.database, metrics, cloud.clock, max_octets=1 << 20)
    mine = topic(cloud.mine, UP)
    replies: list[Reply | None] = recorder.accept([(mine, encode_batch(one, 2)) for one in sent])
    return [None if one is None else decode_ack(one.payload) for one in replies]


def commits(cloud: Installation) -> list[str]:
    """Filled with a word for each commit from now on."""
    noted: list[str] = []
    event.listen(cloud.database.engine, "commit", lambda _: noted.append("commit"))
    return noted


def test_batches_that_wait_are_committed_once_and_answered_each(cloud: Installation) -> None:
    noted = commits(cloud)
    acks = accept(cloud, batches(cloud, 5))
    assert noted == ["commit"]
    for number, ack in enumerate(acks, start=1):
        assert ack is not None
        assert (ack.stored, ack.repeated, ack.rejected) == (1, 0, ())
        assert ack.receipt == Receipt(stream="numerics", boot_epoch=1, through=number)
    again = accept(cloud, batches(cloud, 5))
    assert [ack and ack.repeated for ack in again] == [1] * 5
    assert cloud.rows() == (5, 0)


def test_a_batch_that_is_refused_whole_takes_none_with_it(cloud: Installation) -> None:
    first, second, third = batches(cloud, 3)
    foreign = replace(second, vehicle_id="a\nb")
    acks = accept(cloud, [first, foreign, third])
    assert [ack is not None for ack in acks] == [True, False, True]
    assert cloud.rows() == (2, 0)


def test_a_rule_that_breaks_only_at_the_end_leaves_each_to_itself(embedded: Installation) -> None:
    """The store refuses what a unit adds last: each batch then has a transaction of its own."""
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.execute(
            text(
                "CREATE TRIGGER one_event BEFORE INSERT ON outbox WHEN"
                " (SELECT count(*) FROM outbox) >= 3 BEGIN"
                " SELECT RAISE(ABORT, 'UNIQUE constraint failed'); END"
            )
        )
    noted = commits(embedded)
    acks = accept(embedded, batches(embedded, 3))
    kept = [ack for ack in acks if ack is not None]
    assert 0 < len(kept) < 3
    assert len(noted) == len(kept)
    assert embedded.rows() == (len(kept), 0)


def test_a_store_that_is_away_keeps_none_of_them(embedded: Installation) -> None:
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.execute(text("DROP TABLE waveforms"))
        work.session.execute(text("ALTER TABLE observations RENAME TO elsewhere"))
    with pytest.raises(StorageFaultError):
        accept(embedded, batches(embedded, 3))
    with embedded.database.begin(now=embedded.clock()) as work:
        work.session.execute(text("ALTER TABLE elsewhere RENAME TO observations"))
    assert all(accept(embedded, batches(embedded, 3)))


def message(name: str, octets: int = 1) -> MQTTMessage:
    made = MQTTMessage(topic=name.encode())
    made.payload = bytes(octets)
    return made


def line_of(messages: Sequence[MQTTMessage]) -> MessageLine:
    line = MessageLine(lambda name: name == UP)
    client = Client(CallbackAPIVersion.VERSION2)
    for one in messages:
        assert line.put((client, one), timeout=0.01)
    return line


def topics(line: MessageLine) -> list[list[str]]:
    """What is taken each time, until nothing is left."""
    taken = []
    while found := line.take(timeout=0.01):
        taken.append([one.topic for _, one in found])
    return taken


def test_batches_are_taken_together_and_keep_their_place_before_others() -> None:
    line = line_of([message(one) for one in (UP, UP, STATUS, STATUS, UP)])
    assert len(line) == 5
    assert topics(line) == [[UP, UP], [STATUS], [STATUS], [UP]]


def test_what_is_taken_together_is_bounded() -> None:
    many = topics(line_of([message(UP)] * (MOST_TOGETHER + 1)))
    assert [len(one) for one in many] == [MOST_TOGETHER, 1]
    large = topics(line_of([message(UP, OCTETS_TOGETHER // 2)] * 3))
    assert [len(one) for one in large] == [2, 1]


def test_a_line_is_full_at_its_length() -> None:
    line = line_of([message(UP)] * LENGTH)
    assert not line.put((Client(CallbackAPIVersion.VERSION2), message(UP)), timeout=0.01)
