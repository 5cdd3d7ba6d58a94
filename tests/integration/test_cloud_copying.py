"""Large batches into PostgreSQL by COPY: the same rows as by INSERT, and as forgiving."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from uuid import UUID

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import DBAPIError, OperationalError

from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations.tables import ObservationRow, WaveformRow
from cloud.db.base import table_of
from cloud.db.copy_spelling import CopySpelling
from cloud.db.copying import copy_rows
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    Observation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.uplink.codec import encode_batch, read_batch
from protocols.uplink.messages import UplinkAck, UplinkBatch
from tests.fixtures.cloud import START, Installation, batch, numeric, running, waveform
from tests.integration.conftest import Template
from tests.postgres import PostgresServer

MANY = 60


def record(cloud: Installation, sent: UplinkBatch) -> UplinkAck:
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, cloud.mine.gateway, sent)


def readings(count: int, first: int = 0) -> list[Observation]:
    return [
        numeric(f"97.{one % 10}0", START + timedelta(seconds=one))
        for one in range(first, first + count)
    ]


def test_numbers_of_readings_are_taken_by_the_block_and_never_twice(
    postgres: PostgresServer, postgres_template: Template
) -> None:
    url = postgres.new_database(template=postgres_template.database_name)
    engine, table = create_engine(url), table_of(ObservationRow)
    with engine.begin() as one, engine.begin() as other:
        taken = [
            CopySpelling(connection, table).numbers(count).tolist()
            for connection, count in ((one, 100), (other, 64), (one, 1), (other, 200))
        ]
        # As a program of before takes them.
        single = one.exec_driver_sql("SELECT nextval('observations_row_id_seq')").scalar_one()
    with engine.begin() as one:
        # As a schema of before gives them.
        one.exec_driver_sql("ALTER SEQUENCE observations_row_id_seq INCREMENT BY 1")
        after = CopySpelling(one, table).numbers(3).tolist()
    engine.dispose()
    assert [len(numbers) for numbers in taken] == [100, 64, 1, 200]
    every = [*chain.from_iterable(taken), single]
    assert every == sorted(set(every))
    assert after == [single + 1, single + 2, single + 3]


def test_keys_are_put_down_in_the_order_of_their_ids(
    postgres: PostgresServer, postgres_template: Template
) -> None:
    url = postgres.new_database(template=postgres_template.database_name)
    with running(postgres_template.data, postgres_template.tenants, url) as cloud:
        sent = encode_batch(batch(cloud.mine, readings(MANY)), 2)
        gateway_id = str(cloud.mine.gateway.gateway_id)
        assert record(cloud, read_batch(sent, gateway_id=gateway_id)).stored == MANY
        with cloud.database.engine.connect() as connection:
            keys = connection.exec_driver_sql(
                "SELECT key.observation_id, key.row_id = row.row_id,"
                " key.observed_at = row.observed_at FROM observations_keys AS key"
                " JOIN observations AS row USING (observation_id) ORDER BY key.ctid"
            ).all()
    ids = [one for one, _, _ in keys]
    assert ids == sorted(ids)
    assert len(ids) == MANY
    assert {(is_numbered, is_timed) for _, is_numbered, is_timed in keys} == {(True, True)}


def odd_ones() -> list[Observation]:
    """One of each kind, with what a text form might stumble over."""
    like = numeric("1", START - timedelta(days=1))
    at, device = like.observed_at, like.device
    parts = ((MdcCode(2, 1), Quantity(Decimal("1.50"), UnitCode(1))),)
    text = "tab\t back\\slash\nline \\N é"
    some = MdcCode(2, 1)
    return [
        numeric(SpecialValue.NRES, START - timedelta(days=2)),
        TextObservation(
            observation_id=UUID(int=1), type=some, observed_at=at, device=device, text=text
        ),
        CodedObservation(
            observation_id=UUID(int=2),
            type=some,
            observed_at=at,
            device=device,
            value=MdcCode(3, 4),
            supplements=(MdcCode(2, 7), MdcCode(2, 8)),
        ),
        BitsObservation(
            observation_id=UUID(int=3), type=some, observed_at=at, device=device, bits=5, width=16
        ),
        CompoundNumericObservation(
            observation_id=UUID(int=4), type=some, observed_at=at, device=device, components=parts
        ),
    ]


def stored(cloud: Installation) -> list[dict[str, object]]:
    with cloud.database.reading(now=cloud.clock()) as work:
        kept = []
        for table in (ObservationRow, WaveformRow):
            rows = list(work.session.scalars(select(table).order_by(table.sequence)))
            names = [name for name in table.__mapper__.attrs.keys() if name != "row_id"]  # noqa: SIM118 - it is no dict
            kept += [{name: getattr(row, name) for name in names} for row in rows]
        return kept


def test_copied_rows_are_the_inserted_ones(cloud: Installation) -> None:
    """One large batch, and the same rows one by one in another tenant's place: no difference."""
    strips = [waveform(START + timedelta(seconds=one)) for one in range(MANY)]
    sent = batch(cloud.mine, [*readings(MANY), *odd_ones(), *strips], boot_epoch=1)
    assert record(cloud, sent).stored == 2 * MANY + 5
    copied = stored(cloud)
    with cloud.database.begin(now=cloud.clock()) as work:
        for table in (ObservationRow, WaveformRow):
            work.session.execute(table_of(table).delete())
    for row in sent.rows:
        record(cloud, replace(sent, rows=(row,), boot_epoch=2))
    inserted = stored(cloud)
    for one in (*copied, *inserted):
        del one["boot_epoch"], one["device_id"]
    assert copied == inserted


def test_repeats_among_many_are_stored_once(cloud: Installation) -> None:
    record(cloud, batch(cloud.mine, readings(MANY)))
    ack = record(cloud, batch(cloud.mine, readings(2 * MANY)))
    assert (ack.stored, ack.repeated) == (MANY, MANY)
    ack = record(cloud, batch(cloud.mine, [*readings(MANY, 500), *readings(MANY, 500)]))
    assert (ack.stored, ack.repeated) == (MANY, MANY)


def test_one_bad_row_among_many_is_refused_alone(cloud: Installation) -> None:
    wide = replace(readings(1, 900)[0], type=MdcCode(65_535, 65_535))
    bad = BitsObservation(
        observation_id=UUID(int=9),
        type=MdcCode(2, 1),
        observed_at=wide.observed_at,
        device=wide.device,
        bits=1,
        width=2**40,
    )
    ack = record(cloud, batch(cloud.mine, [*readings(MANY), bad, wide]))
    if cloud.database.engine.dialect.name == "postgresql":
        assert [(one.sequence, one.reason) for one in ack.rejected] == [(MANY + 1, "unstorable")]
    assert ack.stored + len(ack.rejected) == MANY + 2


def test_what_is_wrong_with_the_store_is_told_as_by_an_insert(
    postgres: PostgresServer,
) -> None:
    engine = create_engine(postgres.new_database())
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        copy_rows(connection, table_of(ObservationRow), [{"tenant_id": "t"}])
    assert not isinstance(caught.value, OperationalError)
    engine.dispose()
