"""The bounds that commands and answers share."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from protocols.errors import DecodeError
from protocols.uplink import bounded

NUMBER: msgspec.msgpack.Decoder[int] = msgspec.msgpack.Decoder(int)
TEXT: msgspec.msgpack.Decoder[str] = msgspec.msgpack.Decoder(str)


def test_what_is_within_the_bounds_is_read() -> None:
    assert bounded.decode_bounded(NUMBER, b"\x07") == 7
    bounded.check_version(bounded.COMMANDS_VERSION)
    bounded.check_times(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("octets", [b"", b"\xc1", b"\xa1\x80", bytes(bounded.MOST_OCTETS + 1)])
def test_what_is_not_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError):
        bounded.decode_bounded(TEXT, octets)


def test_other_versions_and_times_without_a_zone_are_refused() -> None:
    with pytest.raises(DecodeError, match="version 2"):
        bounded.check_version(2)
    with pytest.raises(DecodeError, match="no zone"):
        bounded.check_times(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None))
