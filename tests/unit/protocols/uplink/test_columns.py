"""The wire form of version 2, octet by octet: written by hand from msgpack's and zstd's own pages.

One reading of one oximeter: 97 % at noon, captured 20 ms later, sent 50 ms later.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import observation_id
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import columns as col
from protocols.uplink.codec import decode_batch, encode_batch
from protocols.uplink.compact import encode_columns
from protocols.uplink.messages import UplinkBatch, UplinkRow, batch_name

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
OXIMETER = SystemId(bytes.fromhex("1122334455667788"))
STAMP = DeviceTime("absolute", "2026-11-26T11:00:00.00")
BATCH = UplinkBatch(
    batch_id=batch_name("numerics", 3, [9]),
    gateway_id="gw_1",
    vehicle_id="A-12",
    stream="numerics",
    boot_epoch=3,
    sent_at=NOON + timedelta(milliseconds=50),
    rows=(
        UplinkRow(
            sequence=9,
            captured_at=NOON + timedelta(milliseconds=20),
            content=NumericObservation(
                observation_id=observation_id(
                    system_id=OXIMETER, type_code=MdcCode(2, 19384), device_time=STAMP
                ),
                type=MdcCode(2, 19384),
                observed_at=ObservedTime(NOON, TimeQuality.DEVICE, STAMP),
                device=OXIMETER,
                value=Quantity(Decimal(97), UnitCode(544)),
            ),
        ),
    ),
    floor=9,
)
# Noon is 1 795 694 400 s after 1970; all times divide by 10 ms, and that is the unit.
COLUMNS = bytes.fromhex(
    "dc0012"  # an array of 18
    "c400"  # batch_id: empty, it follows from the rows
    "a4 412d3132"  # vehicle_id: A-12
    "a8 6e756d6572696373"  # stream: numerics
    "03"  # boot_epoch
    "cf 00000029cf2c3505"  # sent_at: 179 569 440 005 units
    "91"  # devices: one, an array of 7
    "97 c408 1122334455667788"  # system_id
    "fb 00 02"  # at: 5 units before sent_at; step: none, it has one moment; lag: 20 ms
    "ff 00 ce d693a400"  # stamp: -1 hour, no step, in units of 3 600 000 000 us
    "91"  # series: one, an array of 12
    "9c 00 a1 6e ce 00024bb8"  # of device 0, kind n, type 150456
    "91 94 00 cd0220 00 a0"  # one part: no code of its own, unit 544, exponent 0, nothing special
    "a6 646576696365 a8 6162736f6c757465"  # quality device, device kind absolute
    "01 00 90 00 c0 c2"  # id by the stamp, status 0, no supplements, no zone, no waveform
    "91 01"  # series_of: the first
    "92 08 01"  # runs: 8 skipped, then 1 row: sequence 9
    "95 91 01 91 00 91 00 91 00 cd 2710"  # one moment of 1 row, as expected; unit 10 000 us
    "91 61"  # values: 97
    "90 c400 90 90 a0"  # no counters, ids, samples, plain rows, traceparent
    "09"  # floor
    "92 90 90"  # no places
)
# Version 2, dictionary 1, 120 octets; a zstd frame without magic: no content size, the smallest
# window, one last block of 120 raw octets (120 << 3 | raw << 1 | last).
COMPACT = bytes.fromhex("02 01 00007800 00 c10300") + COLUMNS
PLAIN = (
    bytes.fromhex("9a 01 d924")  # an array of 10, version 1, a text of 36
    + str(BATCH.batch_id).encode()
    + bytes.fromhex(
        "a4 67775f31 a4 412d3132 a8 6e756d6572696373"  # gw_1, A-12, numerics
        "03"  # boot_epoch
        "d7ff 0bebc200 6b081f40"  # sent_at: 50 000 000 ns << 34 | 1 795 694 400 s
        "91 94 09"  # one row, an array of 4, sequence 9
        "d7ff 04c4b400 6b081f40"  # captured_at: 20 000 000 ns
        "93 a1 6e 96 d924"  # a numeric of 3, its common part of 6, a text of 36
    )
    + str(BATCH.rows[0].content.observation_id).encode()  # type: ignore[union-attr]  # it is a reading
    + bytes.fromhex(
        "ce 00024bb8"  # type 150456
        "94 d6ff 6b081f40 a6 646576696365 a8 6162736f6c757465 b6"  # noon, device, absolute
    )
    + b"2026-11-26T11:00:00.00"
    + bytes.fromhex(
        "c408 1122334455667788"  # device
        "00 90"  # status, supplements
        "92 a2 3937 cd0220"  # 97, unit 544
        "a0"  # octets: nowhere recorded
        "09 a0"  # floor, no traceparent
    )
)


def test_the_golden_octets_of_version_2_are_read() -> None:
    assert decode_batch(COMPACT, gateway_id="gw_1") == BATCH


def test_the_golden_columns_are_written() -> None:
    assert encode_columns(BATCH) == COLUMNS


def test_compressed_they_say_the_same_in_less() -> None:
    octets = encode_batch(BATCH, 2)
    assert octets[:5] == COMPACT[:5]
    assert len(octets) < len(COMPACT)
    assert decode_batch(octets, gateway_id="gw_1") == BATCH


def test_the_golden_octets_of_version_1_are_read_and_written() -> None:
    assert decode_batch(PLAIN) == BATCH
    assert encode_batch(BATCH) == PLAIN


def test_columns_grow_at_their_end_only() -> None:
    read = msgspec.msgpack.Decoder(col.ColumnsRecord).decode
    old = b"\xdd\0\0\0\x0b" + COLUMNS[3 : COLUMNS.index(bytes.fromhex("9161")) + 2]
    record = read(old)
    assert record.values == (97,)
    assert (record.counters, record.ids, record.floor) == ((), b"", 0)
    assert record.places == col.PlaceColumns()
    assert read(b"\xdc\0\x13" + COLUMNS[3:] + b"\xa3new") == read(COLUMNS)


def test_another_shape_is_no_batch_of_columns() -> None:
    for octets in (b"", b"\x90", COLUMNS[:-1], b"\x80", COLUMNS.replace(b"A-12", b"A\xff12")):
        with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
            msgspec.msgpack.Decoder(col.ColumnsRecord).decode(octets)
