"""Odd rows of a gateway: flagged and stored, or rejected by name; none spoils its batch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from protocols.model.codes import MdcCode
from protocols.model.observation import (
    CompoundNumericObservation,
)
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import RejectedRow
from tests.fixtures.cloud import (
    HEART_RATE,
    PER_MINUTE,
    START,
    Installation,
    batch,
    device_info,
    numeric,
)
from tests.integration.test_cloud_recording import every_kind, flags_of, record


def test_rows_nobody_could_read_are_named_and_their_neighbours_kept(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    sent = replace(batch(embedded.mine, [numeric("97", START)]), unreadable=(2, 7))
    caplog.set_level("WARNING", "vitalwire.observations")
    ack = record(embedded, sent)
    assert (ack.stored, ack.repeated) == (1, 0)
    assert ack.rejected == (
        RejectedRow(sequence=2, reason="unreadable_row"),
        RejectedRow(sequence=7, reason="unreadable_row"),
    )
    assert [line.split()[-1] for line in caplog.messages] == ["sequence=2", "sequence=7"]
    again = record(embedded, sent)
    assert (again.stored, again.repeated, len(again.rejected)) == (0, 1, 2)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))),
    ],
)
def test_times_at_the_ends_of_the_calendar_are_rejected_and_spoil_no_batch(
    embedded: Installation, at: datetime
) -> None:
    sent = batch(
        embedded.mine,
        [numeric("97", START), device_info(), numeric("98", START + timedelta(seconds=1))],
    )
    first, second, third = sent.rows
    odd = replace(numeric("99", START), observed_at=ObservedTime(at, TimeQuality.RECEIVED))
    rows = (
        replace(first, captured_at=at),
        replace(second, captured_at=at),
        third,
        replace(third, sequence=4, content=odd),
    )
    ack = record(embedded, replace(sent, sent_at=at, rows=rows))
    embedded.parts.ingest_metrics.recorded("https", replace(sent, rows=rows), ack, START)
    assert ack.stored == 1
    assert ack.rejected == tuple(
        RejectedRow(sequence=one, reason="out_of_range") for one in (1, 2, 4)
    )


def test_odd_readings_of_a_gateway_are_stored_with_flags(cloud: Installation) -> None:
    odd = [
        numeric("97", START),
        numeric("130", START + timedelta(seconds=1)),
        numeric("97", START + timedelta(seconds=2), unit=PER_MINUTE),
        numeric("7", START + timedelta(seconds=3), code=MdcCode(1024, 61441)),
        numeric("97", START + timedelta(days=3650)),
        numeric("97", datetime(1970, 1, 1, tzinfo=UTC)),
        numeric("900", START, code=HEART_RATE, unit=PER_MINUTE),
    ]
    assert record(cloud, batch(cloud.mine, list(odd))).stored == len(odd)
    assert flags_of(cloud) == [
        [],
        ["implausible"],
        ["unit_mismatch"],
        ["unknown_code"],
        ["clock_fault"],
        ["clock_fault"],
        ["implausible"],
    ]


def test_a_senseless_compound_of_a_gateway_is_stored_with_a_flag(embedded: Installation) -> None:
    compound = every_kind()[2]
    assert isinstance(compound, CompoundNumericObservation)
    systolic, diastolic = compound.components
    senseless = [
        replace(compound, observation_id=uuid4(), components=components)
        for components in (
            (systolic, systolic),
            (systolic, (MdcCode(2, 18976), diastolic[1])),
            (diastolic,),
        )
    ]
    assert record(embedded, batch(embedded.mine, list(senseless))).stored == 3
    assert flags_of(embedded) == [["component_mismatch"], ["component_mismatch"], []]
