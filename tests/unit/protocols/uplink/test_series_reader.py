"""A series is opened once for all its rows; one that cannot be is refused."""

from __future__ import annotations

import msgspec
import pytest

from protocols.errors import DecodeError
from protocols.uplink import columns as col
from protocols.uplink.derived_ids import STAMPED
from protocols.uplink.series_reader import open_series

DEVICES = (col.DeviceColumns(b"OX123456", 0, 0, 0, 0, 0, 1),)
NUMERIC = col.SeriesRecord(0, "n", 150_456, ((0, 544, -1, ""),), "device", "relative", STAMPED)


def opened(record: col.SeriesRecord, **more: object) -> tuple[str, int]:
    series = open_series(msgspec.structs.replace(record, **more), DEVICES)
    return series.shared.kind, series.width


def test_a_row_has_as_many_integers_as_its_series_needs() -> None:
    special = (0, 544, 0, "NaN")
    wave = {"kind": "w", "samples": ("0.5", "0", 2000)}
    assert opened(NUMERIC) == ("n", 1)
    assert opened(NUMERIC, parts=(special,)) == ("n", 0)
    assert opened(NUMERIC, kind="c", parts=(special, *NUMERIC.parts * 2)) == ("c", 2)
    assert opened(NUMERIC, kind="e", parts=()) == ("e", 1)
    assert opened(NUMERIC, kind="b") == ("b", 1)
    assert opened(NUMERIC, **wave) == ("w", 1)
    assert opened(NUMERIC, **wave, counts_reports=True) == ("w", 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "z"},
        {"identity": 9},
        {"device": 1},
        {"device": -1},
        {"parts": ()},
        {"parts": ((0, 544, 100, ""),)},
        {"parts": ((0, 544, 0, "what"),)},
        {"samples": ("1", "0", 1)},
        {"kind": "w"},
        {"kind": "w", "samples": ("one", "0", 1)},
        {"status": 1},
        {"quality": "guessed"},
        {"type_cf": -1},
        {"supplements": (1 << 40,)},
    ],
)
def test_a_series_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DecodeError):
        opened(NUMERIC, **wrong)
