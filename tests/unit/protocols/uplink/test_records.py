"""The wire form of the contract: arrays that begin with their tag and only grow at their end."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from protocols.uplink import records as rec

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID = '"00000000-0000-0000-0000-000000000007"'
EVENT = f'{ID},"shock","2026-11-23T12:00:00Z","crew-11","AMB-7"'
COMMON = '["00000000-0000-0000-0000-000000000007",150456,["2026-11-23T12:00:00Z","device"],"ETM="'
READ = rec.CommonRecord(
    UUID(int=7),
    150456,
    rec.TimeRecord(datetime(2026, 11, 23, 12, tzinfo=UTC), "device"),
    b"\x11\x33",
)
PRESSURE = rec.QuantityRecord("120", 3872)
CONTENTS: msgspec.json.Decoder[rec.ContentRecord] = msgspec.json.Decoder(rec.ContentRecord)


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (f'["n",{COMMON}],["120",3872]]', rec.NumericRecord(READ, PRESSURE)),
        (f'["c",{COMMON}],[[1,["120",3872]]]]', rec.CompoundRecord(READ, ((1, PRESSURE),))),
        (
            f'["w",{COMMON}],"AQA=",2,"1","0",2000,4274]',
            rec.SamplesRecord(READ, b"\1\0", 2, "1", "0", 2000, 4274),
        ),
        (f'["e",{COMMON}],65536]', rec.CodedRecord(READ, 65536)),
        (f'["b",{COMMON}],32768,16]', rec.BitsRecord(READ, 32768, 16)),
        (f'["t",{COMMON}],"asystole"]', rec.TextRecord(READ, "asystole")),
        ('["d","ETM="]', rec.DeviceRecord(b"\x11\x33")),
        (f'["x",{EVENT}]', rec.CrewEventRecord(UUID(int=7), "shock", NOON, "crew-11", "AMB-7")),
        (f'["p",{ID},0,1,"AQA="]', rec.AttachmentPartRecord(UUID(int=7), 0, 1, b"\1\0")),
    ],
    ids=["numeric", "compound", "samples", "coded", "bits", "text", "device", "event", "part"],
)
def test_a_tag_says_which_record_it_is_and_missing_ends_are_filled(
    text: str, record: rec.ContentRecord
) -> None:
    assert CONTENTS.decode(text) == record


def test_what_follows_the_known_end_is_ignored() -> None:
    text = f'["t",{COMMON},0,[],"more"],"asystole","more"]'
    assert CONTENTS.decode(text) == rec.TextRecord(READ, "asystole")


@pytest.mark.parametrize(
    "text",
    ['["z","who"]', '["t"]', f'["t",{COMMON}],7]', '{"t":1}', '["t",["not a uuid"],"x"]'],
    ids=["unknown tag", "too short", "wrong type", "no array", "wrong id"],
)
def test_another_shape_is_no_record(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        CONTENTS.decode(text)


def test_a_rows_content_stays_unread_so_that_a_bad_one_spoils_no_batch() -> None:
    row = msgspec.json.decode('[9,"2026-11-23T12:00:00Z",["z",[1,2]]]', type=rec.RowRecord)
    assert row.sequence == 9
    assert bytes(row.content) == b'["z",[1,2]]'
