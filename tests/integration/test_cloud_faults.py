"""The store goes away: nothing half-written, 503 with a time to try again, and a way back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import httpx
from sqlalchemy import event

from cloud.db.engine import open_engine
from cloud.ingest.batches import BatchRecorder
from cloud.ingest.messages import AnswerRecorder, MessageDesk
from cloud.ingest.mqtt import BrokerAddress, IngestPolicy, MqttIngest
from protocols.uplink.channels import HTTP_BATCHES_PATH, MEDIA_TYPE_BINARY, UP, Channel
from protocols.uplink.codec import encode_batch
from tests.fixtures.brokers import gateway, mosquitto
from tests.fixtures.cloud import START, Installation, batch, numeric, running, waveform
from tests.integration.conftest import Template
from tests.postgres import PostgresServer
from tests.waiting import wait_until


async def send(client: httpx.AsyncClient, headers: dict[str, str], octets: bytes) -> httpx.Response:
    return await client.post(
        HTTP_BATCHES_PATH, content=octets, headers={**headers, "Content-Type": MEDIA_TYPE_BINARY}
    )


async def test_a_full_disk_is_503_and_nothing_is_half_written(embedded: Installation) -> None:
    engine = embedded.database.engine
    limit = {"pages": 0}

    def cap(connection: sqlite3.Connection, *_: object) -> None:
        if limit["pages"]:
            connection.execute(f"PRAGMA max_page_count={limit['pages']}")

    event.listen(engine, "checkout", cap)
    big = batch(
        embedded.mine,
        [numeric("97", START), *(waveform(START, count=20_000 + extra) for extra in range(20))],
    )
    async with embedded.client() as client:
        headers = await embedded.token(
            client, embedded.mine.gateway_id, embedded.mine.gateway_secret
        )
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        limit["pages"] = pages + 20
        response = await send(client, headers, encode_batch(big))
        assert (response.status_code, response.json()["error"]) == (503, "storage_unavailable")
        assert int(response.headers["retry-after"]) > 0
        assert embedded.rows() == (0, 0)
        limit["pages"] = 1_000_000
        assert (await send(client, headers, encode_batch(big))).status_code == 200
        assert embedded.rows() == (1, 20)


async def test_a_database_that_stops_is_503_until_it_is_back(
    postgres: PostgresServer, postgres_template: Template
) -> None:
    url = postgres.new_database(template=postgres_template.database_name)
    with running(postgres_template.data, postgres_template.tenants, url) as cloud:
        async with cloud.client() as client:
            headers = await cloud.headers(client)
            assert (await client.get("/api/v1/devices", headers=headers)).status_code == 200
            postgres.stop_at_once()
            try:
                response = await client.get("/api/v1/devices", headers=headers)
                health = await client.get("/health")
            finally:
                postgres.start()
            assert (response.status_code, response.json()["error"]) == (503, "storage_unavailable")
            assert "retry-after" in response.headers
            assert health.status_code == 503
            assert health.json()["parts"]["database"]["ok"] is False
            assert (await client.get("/api/v1/devices", headers=headers)).status_code == 200


def test_a_connection_that_died_while_nobody_used_it_is_made_anew(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    ticks = iter((10.0, 20.0, 20.5, 20.9, 30.0, 31.0, 31.5))
    url = postgres.new_database()
    engine = open_engine(data=tmp_path, database_url=url, monotonic=ticks.__next__)

    def used() -> int:
        with engine.connect() as connection:
            number: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        return number

    first = used()
    assert used() == first, "soon again"
    other = open_engine(data=tmp_path, database_url=url)
    with other.connect() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(%s)", (first,))
    other.dispose()
    assert used() != first
    engine.dispose()


def test_ingest_keeps_a_batch_until_the_database_is_back(
    postgres: PostgresServer, postgres_template: Template, tmp_path: Path
) -> None:
    url = postgres.new_database(template=postgres_template.database_name)
    with (
        running(postgres_template.data, postgres_template.tenants, url) as cloud,
        mosquitto(tmp_path) as port,
    ):
        mine = cloud.mine
        recorder = BatchRecorder(
            cloud.database, cloud.parts.ingest_metrics, cloud.clock, max_octets=1_000_000
        )
        address = BrokerAddress.parse(f"mqtt://127.0.0.1:{port}", username="i", password="x")
        answers = AnswerRecorder(
            cloud.database, cloud.parts.vault, cloud.parts.fleet_metrics, cloud.clock
        )
        desk = MessageDesk(recorder, answers)
        ingest = MqttIngest(address, desk, IngestPolicy(first_wait=0.05, longest_wait=0.1))
        ingest.start()
        try:
            assert ingest.wait_ready(10)
            with gateway(port, mine.gateway_id, "unchecked") as one:
                assert one.subscribe(Channel(mine.tenant_id, mine.gateway_id, "ack").topic)
                postgres.stop_at_once()
                try:
                    up = Channel(mine.tenant_id, mine.gateway_id, UP).topic
                    one.publish(up, encode_batch(batch(mine, [numeric("97", START)])))
                    wait_until(lambda: not ingest.is_working, timeout=10, what="the store's fault")
                    assert one.messages.empty()
                finally:
                    postgres.start()
                assert one.ack().stored == 1
                assert ingest.is_working
        finally:
            ingest.stop(10)
        assert cloud.rows() == (1, 0)


def test_two_engines_write_one_file_without_losing_a_row(embedded: Installation) -> None:
    second = open_engine(data=embedded.parts.settings.data, database_url=None)
    with second.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    second.dispose()
