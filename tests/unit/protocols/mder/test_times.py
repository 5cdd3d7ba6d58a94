"""AbsoluteTime in BCD: dates, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.errors import DecodeError, EncodeError
from protocols.mder.times import AbsoluteTime


def test_a_date_is_read_and_written() -> None:
    time = AbsoluteTime(bytes.fromhex("2026112301524850"))
    assert time.at == datetime(2026, 11, 23, 1, 52, 48, 500_000)  # noqa: DTZ001  # device time
    assert AbsoluteTime.of(time.at) == time


def test_finer_digits_than_hundredths_are_cut() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 999_999)  # noqa: DTZ001  # device time
    assert AbsoluteTime.of(at).octets.hex() == "2026010203040599"


@pytest.mark.parametrize(
    "digits",
    [
        "0000000000000000",  # all zeros: unknown
        "0000010100000000",  # year 0
        "2026133101524850",  # month 13
        "2026022901524850",  # no leap year
        "2026112324000000",  # hour 24
        "2026112301526000",  # second 60
        "20261123015248AA",  # no BCD
        "FFFFFFFFFFFFFFFF",
    ],
)
def test_what_is_no_date_is_unknown_and_keeps_its_octets(digits: str) -> None:
    time = AbsoluteTime(bytes.fromhex(digits))
    assert time.at is None
    assert time.octets == bytes.fromhex(digits)


def test_a_wrong_length_is_a_decode_error() -> None:
    with pytest.raises(DecodeError, match="8 octets"):
        AbsoluteTime(bytes(7))


def test_a_time_with_a_zone_has_no_wire_form() -> None:
    with pytest.raises(EncodeError):
        AbsoluteTime.of(datetime(2026, 1, 1, tzinfo=UTC))


def test_an_early_year_keeps_its_four_digits() -> None:
    at = datetime(199, 1, 2)  # noqa: DTZ001  # device time
    assert AbsoluteTime.of(at).at == at
