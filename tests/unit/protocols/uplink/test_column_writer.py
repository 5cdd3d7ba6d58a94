"""From rows to columns: what goes into them, what stays a row of version 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from protocols.errors import EncodeError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import Named, name_reading, observation_id
from protocols.model.observation import NumericObservation, SampleArrayObservation, TextObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import records as rec
from protocols.uplink.column_writer import write_batch
from protocols.uplink.columns import ColumnsRecord
from protocols.uplink.derived_ids import ARRIVED, EXPLICIT, RECEIVED, STAMPED
from protocols.uplink.kept_rows import KeptRow
from protocols.uplink.messages import Content, UplinkBatch, UplinkRow, batch_name

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEVICE = SystemId(b"\x11\x22\x33\x44\x55\x66\x77\x88")
SPO2, LEAD = MdcCode(2, 19384), MdcCode(2, 258)
MILLISECOND = timedelta(milliseconds=1)


def reading(
    value: str, time: ObservedTime, named: Named | UUID | None = None, *, type_: MdcCode = SPO2
) -> NumericObservation:
    stamp = time.device_time or DeviceTime.relative(0)
    made = observation_id(system_id=DEVICE, type_code=type_, device_time=stamp)
    identity, named_by = named if isinstance(named, Named) else (named or made, None)
    return NumericObservation(
        observation_id=identity,
        named_by=named_by,
        type=type_,
        observed_at=time,
        device=DEVICE,
        value=Quantity(Decimal(value), UnitCode(544)),
    )


def stamped(second: int) -> ObservedTime:
    at = NOON + timedelta(seconds=second)
    return ObservedTime(at, TimeQuality.DEVICE, DeviceTime.absolute(at.replace(tzinfo=None)))


def clockless(time: ObservedTime, received_at: datetime, counter: int) -> Named:
    return name_reading(
        system_id=DEVICE,
        type_code=SPO2,
        device_time=time.device_time,
        stored=False,
        received_at=received_at,
        report_counter=counter >> 16,
        position=counter & 0xFFFF,
    )


def columns_of(
    *contents: Content, octets: str = "", sequences: list[int] | None = None
) -> ColumnsRecord:
    numbers = sequences or [*range(1, len(contents) + 1)]
    rows = tuple(
        UplinkRow(sequence=number, captured_at=NOON, content=content, octets=octets)
        for number, content in zip(numbers, contents, strict=True)
    )
    batch = UplinkBatch(
        batch_id=batch_name("numerics", 3, numbers),
        gateway_id="gw_1",
        vehicle_id="A-12",
        stream="numerics",
        boot_epoch=3,
        sent_at=NOON,
        rows=rows,
        floor=1,
        traceparent="00-1-2-01",
    )
    return write_batch(batch)


def test_rows_of_one_kind_share_a_series_and_values_are_differences() -> None:
    record = columns_of(*(reading(str(97 - n), stamped(n)) for n in range(3)))
    assert record.series_of == (1, 1, 1)
    assert record.values == (97, -1, -1)
    assert record.batch_id == b""
    assert (record.floor, record.traceparent) == (1, "00-1-2-01")


def test_other_digits_begin_another_series() -> None:
    record = columns_of(reading("97", stamped(0)), reading("97.0", stamped(1)))
    assert record.series_of == (1, 2)
    assert record.values == (97, 970)


def test_gaps_of_the_sequence_are_told() -> None:
    readings = [reading("97", stamped(n)) for n in range(4)]
    assert columns_of(*readings, sequences=[5, 6, 9, 10]).runs == (4, 2, 2, 2)


def test_ids_by_the_devices_time_need_no_octets() -> None:
    record = columns_of(reading("97", stamped(0)))
    assert record.series[0].identity == STAMPED
    assert (record.ids, record.counters) == (b"", ())


def test_ids_by_reception_need_the_counter_alone() -> None:
    time = ObservedTime(NOON, TimeQuality.RECEIVED)
    ids = [clockless(time, NOON, counter) for counter in ((8 << 16), (8 << 16) + 1)]
    record = columns_of(*(reading("97", time, identity) for identity in ids))
    assert record.series[0].identity == RECEIVED
    assert record.counters == (8 << 16, 0)


def test_ids_by_a_reception_that_is_not_the_observed_time_need_its_lag_too() -> None:
    time = ObservedTime(NOON - 90 * MILLISECOND, TimeQuality.DEVICE, DeviceTime.relative(70))
    ids = [clockless(time, NOON - 2 * MILLISECOND, counter) for counter in (0, 1)]
    record = columns_of(*(reading("97", time, identity) for identity in ids))
    assert record.series[0].identity == ARRIVED
    assert record.counters == (2, 0, 0, 0)


def test_a_belt_and_a_monitor_in_one_device_keep_the_lag_apart() -> None:
    ticks = ObservedTime(NOON - 90 * MILLISECOND, TimeQuality.DEVICE, DeviceTime.relative(70))
    bare = ObservedTime(NOON, TimeQuality.RECEIVED)
    contents = [
        reading("97", ticks, clockless(ticks, NOON - 2 * MILLISECOND, 0)),
        reading("97", bare, clockless(bare, NOON, 1 << 16)),
        reading("97", ticks, clockless(ticks, NOON - 2 * MILLISECOND, 2 << 16)),
    ]
    record = columns_of(*contents)
    assert {series.identity for series in record.series} == {ARRIVED, RECEIVED}
    assert record.counters == (2, 0, 0, 0, 0)


def test_ids_made_otherwise_travel() -> None:
    bare = ObservedTime(NOON, TimeQuality.RECEIVED)
    ticks = ObservedTime(NOON, TimeQuality.DEVICE, DeviceTime.relative(70))
    record = columns_of(*(reading("97", time, UUID(int=7)) for time in (stamped(0), bare, ticks)))
    assert [series.identity for series in record.series] == [EXPLICIT] * 3
    assert record.ids == UUID(int=7).bytes * 3


def test_what_fits_no_column_stays_a_row_of_version_1() -> None:
    sundial = ObservedTime(NOON, TimeQuality.DEVICE, DeviceTime("sundial", "noon"))
    text = TextObservation(
        observation_id=UUID(int=7),
        type=SPO2,
        observed_at=stamped(0),
        device=DEVICE,
        text="asystole",
    )
    record = columns_of(
        DeviceInfo(system_id=DEVICE),
        text,
        reading("-0", stamped(0)),
        reading("97", sundial, UUID(int=7)),
        reading("97", stamped(0)),
    )
    assert record.series_of == (0, 0, 0, 0, 1)
    assert len(record.plain) == 4


def test_a_place_no_recorder_writes_keeps_its_row_out_of_the_columns() -> None:
    assert columns_of(reading("97", stamped(0)), octets="somewhere").series_of == (0,)
    record = columns_of(reading("97", stamped(0)), octets="r1@10+4")
    assert record.series_of == (1,)
    assert record.places.recordings == ("r1",)


def test_waveforms_say_their_length_and_report_number() -> None:
    identity = observation_id(
        system_id=DEVICE,
        type_code=LEAD,
        device_time=stamped(0).device_time or DeviceTime.relative(0),
        duration_us=8000,
    )
    strip = SampleArrayObservation(
        observation_id=identity,
        type=LEAD,
        observed_at=stamped(0),
        device=DEVICE,
        samples=b"\1\0\0\0\2\0\0\0",
        scale=Decimal("0.0025"),
        offset=Decimal(0),
        period_us=4000,
        unit=UnitCode(4274),
        sequence=70,
    )
    wide = replace(strip, sequence=None, samples=b"\1\0\0\0\0\0\1\0", observation_id=UUID(int=8))
    record = columns_of(strip, wide)
    assert record.series[0].samples == ("0.0025", "0", 4000)
    assert [series.counts_reports for series in record.series] == [True, False]
    assert record.values == (2, 70, 2)
    assert [column.count for column in record.samples] == [2, 2]
    assert [series.identity for series in record.series] == [STAMPED, EXPLICIT]


def test_a_row_of_impossible_codes_is_written_into_no_batch() -> None:
    time = rec.TimeRecord(NOON, "device")
    content = rec.CodedRecord(rec.CommonRecord(UUID(int=1), 1 << 40, time, DEVICE.octets), 7)
    batch = UplinkBatch(
        batch_id=UUID(int=2),
        gateway_id="gw-1",
        vehicle_id="AMB-7",
        stream="numerics",
        boot_epoch=1,
        sent_at=NOON,
        rows=(KeptRow(sequence=1, captured_at=NOON, record=content),),
    )
    with pytest.raises(EncodeError):
        write_batch(batch)
