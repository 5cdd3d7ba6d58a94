"""Readings that come in columns are stored as those that come row by row, and as forgivingly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select, text

from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations.tables import ObservationRow, WaveformRow
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.uplink.codec import encode_batch, read_batch
from protocols.uplink.device_stamps import to_microseconds
from protocols.uplink.messages import RejectedRow, UplinkAck, UplinkBatch, UplinkRow
from protocols.uplink.whole_numbers import to_numbers
from tests.fixtures.cloud import (
    HEART_RATE,
    PER_MINUTE,
    START,
    Installation,
    batch,
    device_info,
    numeric,
    waveform,
)
from tests.fixtures.vehicle_rows import Vehicle, batch_of
from tests.integration.test_cloud_recording import open_encounter

MANY = 60


def in_columns(sent: UplinkBatch) -> UplinkBatch:
    """A batch as it is read after its way."""
    return read_batch(encode_batch(sent, 2), gateway_id=sent.gateway_id)


def record(cloud: Installation, sent: UplinkBatch) -> UplinkAck:
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, cloud.mine.gateway, sent)


def stored(cloud: Installation) -> list[dict[str, object]]:
    """Every row without its number, in the order of the sequences."""
    kept: list[dict[str, object]] = []
    with cloud.database.reading(now=cloud.clock()) as work:
        for table in (ObservationRow, WaveformRow):
            names = [name for name in table.__mapper__.attrs.keys() if name != "row_id"]  # noqa: SIM118 - it is no dict
            rows = list(work.session.scalars(select(table)))
            kept += [{name: getattr(row, name) for name in names} for row in rows]
    return sorted(kept, key=lambda one: (str(one["sequence"]), str(one["observation_id"])))


def every_kind() -> list[Observation]:
    """One of each kind that has columns, with all that may be odd about it."""
    like = numeric("1", START - timedelta(days=1))
    some, at, device = MdcCode(2, 1), like.observed_at, like.device
    systolic = Quantity(Decimal("120.50"), UnitCode(3872))
    shared = {"type": some, "observed_at": at, "device": device}
    return [
        numeric(SpecialValue.NRES, START),
        numeric("130", START + timedelta(seconds=1)),
        numeric("97", START + timedelta(seconds=2), unit=PER_MINUTE),
        numeric("97", START + timedelta(days=3650)),
        numeric("900", START, code=HEART_RATE, unit=PER_MINUTE),
        replace(
            numeric("98", START + timedelta(seconds=3)),
            status=MeasurementStatus.DEMO_DATA,
            supplements=(MdcCode(2, 7), MdcCode(2, 8)),
        ),
        CodedObservation(observation_id=UUID(int=2), value=MdcCode(3, 4), **shared),  # type: ignore[arg-type]  # the fields every observation has
        BitsObservation(observation_id=UUID(int=3), bits=5, width=16, **shared),  # type: ignore[arg-type]  # as above
        CompoundNumericObservation(
            observation_id=UUID(int=4),
            components=((MdcCode(2, 18949), systolic), (MdcCode(2, 18949), systolic)),
            **shared,  # type: ignore[arg-type]  # as above
        ),
        NumericObservation(
            observation_id=UUID(int=5),
            value=Quantity(Decimal("-0"), UnitCode(3872)),
            **shared,  # type: ignore[arg-type]  # as above
        ),
    ]


def test_rows_in_columns_are_stored_as_rows_by_themselves(cloud: Installation) -> None:
    open_encounter(cloud)
    seconds = [row for second in Vehicle(5).numerics(40) for row in second]
    contents = [row.content for row in seconds]
    strips = [waveform(START + timedelta(seconds=one)) for one in range(3)]
    sent = batch(cloud.mine, [*contents, *every_kind(), *strips, device_info()])
    rows = tuple(
        replace(row, octets=f"r@{row.sequence}+9" if row.sequence % 2 else "") for row in sent.rows
    )
    sent = replace(sent, rows=rows)
    travelled = in_columns(sent)
    assert len(travelled.readings) > len(contents)
    assert len(travelled.rows) == 2
    in_rows = record(cloud, sent)
    by_rows = stored(cloud)
    with cloud.database.begin(now=cloud.clock()) as work:
        for table in ("observations", "waveforms", "uplink_streams", "device_descriptions"):
            work.session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names of our own schema
    ack = record(cloud, travelled)
    assert ack == in_rows
    assert ack.receipt == in_rows.receipt
    assert stored(cloud) == by_rows
    assert {str(one["encounter_id"])[:4] for one in by_rows} == {"enc_", "None"}
    again = record(cloud, travelled)
    assert (again.stored, again.repeated) == (0, len(sent.rows))


def test_a_stream_that_is_partly_known_gets_the_rest(cloud: Installation) -> None:
    rows = [row for second in Vehicle(5).numerics(20) for row in second]
    mine = replace(batch_of(rows), gateway_id=cloud.mine.gateway_id)
    record(cloud, in_columns(replace(mine, rows=tuple(rows[:MANY]))))
    ack = record(cloud, in_columns(mine))
    assert (ack.stored, ack.repeated) == (len(rows) - MANY, MANY)
    assert ack.receipt is not None
    assert ack.receipt.through == len(rows)


def test_measurements_that_come_again_under_other_keys_are_stored_once(
    cloud: Installation,
) -> None:
    rows = [row for second in Vehicle(5).numerics(20) for row in second]
    mine = replace(batch_of(rows), gateway_id=cloud.mine.gateway_id)
    record(cloud, in_columns(replace(mine, rows=tuple(rows[:MANY]))))
    ack = record(cloud, in_columns(replace(mine, boot_epoch=8)))
    assert (ack.stored, ack.repeated) == (len(rows) - MANY, MANY)
    ack = record(cloud, in_columns(replace(mine, boot_epoch=9)))
    assert (ack.stored, ack.repeated) == (0, len(rows))
    twice = [replace(row, sequence=row.sequence + len(rows)) for row in rows]
    double = replace(mine, boot_epoch=9, rows=(*rows, *twice))
    assert record(cloud, in_columns(double)).repeated == 2 * len(rows)


def test_rows_no_column_can_hold_are_named_alone(cloud: Installation) -> None:
    good = [numeric("97", START + timedelta(seconds=one)) for one in range(MANY)]
    bits = BitsObservation(
        observation_id=UUID(int=3),
        type=MdcCode(2, 1),
        observed_at=good[0].observed_at,
        device=good[0].device,
        bits=1,
        width=16,
    )
    sent = in_columns(batch(cloud.mine, [*good, bits]))
    readings = sent.readings
    moments = readings.moments
    last_minute = to_microseconds(START.replace(year=9999, month=12, day=31, hour=23, minute=59))
    observed = moments.observed.copy()
    observed[1] = last_minute
    odd = replace(
        readings,
        moments=replace(moments, observed=observed, stamps=["1" * 50, *moments.stamps[1:]]),
        values=(*readings.values[:-1], (readings.values[-1][0], (2**63,))),
    )
    ack = record(cloud, replace(sent, readings=odd))
    assert ack.rejected == (
        RejectedRow(sequence=1, reason="malformed_device_time"),
        RejectedRow(sequence=2, reason="out_of_range"),
        RejectedRow(sequence=MANY + 1, reason="out_of_range"),
    )
    assert (ack.stored, ack.repeated) == (MANY - 2, 0)


def test_keys_no_column_can_hold_are_refused_by_name(cloud: Installation) -> None:
    good = [numeric("97", START + timedelta(seconds=one)) for one in range(2)]
    sent = in_columns(batch(cloud.mine, list(good)))
    for wrong in (
        replace(sent, boot_epoch=2**63),
        replace(sent, readings=replace(sent.readings, sequences=to_numbers([2**63, 2**63 + 1]))),
        replace(sent, readings=replace(sent.readings, sequences=to_numbers([-2, -1]))),
    ):
        ack = record(cloud, wrong)
        assert [one.reason for one in ack.rejected] == ["out_of_range"] * 2


def test_one_row_the_database_refuses_is_refused_alone(cloud: Installation) -> None:
    good = [numeric(f"9{one % 10}", START + timedelta(seconds=one)) for one in range(MANY)]
    with cloud.database.begin(now=cloud.clock()) as work:
        if work.is_postgresql:
            rule = "ALTER TABLE observations ADD CONSTRAINT no_55 CHECK (value <> '55')"
        else:
            rule = (
                "CREATE TRIGGER no_55 BEFORE INSERT ON observations WHEN NEW.value = '55'"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        work.session.execute(text(rule))
    bad = numeric("55", START - timedelta(seconds=1))
    ack = record(cloud, in_columns(batch(cloud.mine, [*good, bad])))
    assert ack.rejected == (RejectedRow(sequence=MANY + 1, reason="unstorable"),)
    assert ack.stored == MANY


def test_a_vehicles_day_comes_in_either_version(cloud: Installation) -> None:
    rows: list[UplinkRow] = [row for second in Vehicle(6).numerics(5) for row in second]
    mine = replace(batch_of(rows), gateway_id=cloud.mine.gateway_id)
    old = read_batch(encode_batch(mine, 1), gateway_id=mine.gateway_id)
    assert record(cloud, old).stored == len(rows)
    ack = record(cloud, in_columns(mine))
    assert (ack.stored, ack.repeated) == (0, len(rows))


def test_delays_are_counted_row_by_row_whichever_way_they_came(embedded: Installation) -> None:
    rows = [row for second in Vehicle(6).numerics(5) for row in second]
    mine = replace(batch_of(rows), gateway_id=embedded.mine.gateway_id)
    metrics, now = embedded.parts.ingest_metrics, rows[-1].captured_at + timedelta(seconds=1)
    metrics.recorded("https", mine, UplinkAck(batch_id=mine.batch_id, stored=1, repeated=0), now)
    one_way = delays(embedded)
    refused = (RejectedRow(sequence=rows[0].sequence, reason="unstorable"),)
    ack = UplinkAck(batch_id=mine.batch_id, stored=1, repeated=0, rejected=refused)
    metrics.recorded("https", in_columns(mine), ack, now)
    both = delays(embedded)
    assert one_way["vitalwire_ingest_delay_seconds_count"] == len(rows)
    assert both["vitalwire_ingest_delay_seconds_count"] == 2 * len(rows) - 1
    assert both["vitalwire_ingest_delay_seconds_bucket+Inf"] == 2 * len(rows) - 1
    first = (now - rows[0].captured_at).total_seconds()
    assert both["vitalwire_ingest_delay_seconds_sum"] == pytest.approx(
        2 * one_way["vitalwire_ingest_delay_seconds_sum"] - first
    )


def delays(cloud: Installation) -> dict[str, float]:
    """The delay's samples."""
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for family in cloud.parts.registry.collect()
        for sample in family.samples
        if family.name == "vitalwire_ingest_delay_seconds"
    }
