"""Where things stand in an APDU, for those who spoil it: its kind, and which octets to change.

Fixed places of 20601's MDER: no decoding, so that a spoiled APDU can be spoiled again.
"""

from __future__ import annotations

from typing import Final

_AARQ: Final = b"\xe2\x00"
_AARE: Final = b"\xe3\x00"
_PRST: Final = b"\xe7\x00"
_EVENTS: Final = (b"\x01\x00", b"\x01\x01")
_CONFIRMED_EVENT: Final = b"\x01\x01"
_CONFIG_EVENT: Final = b"\x0d\x1c"
_SEGMENT_EVENT: Final = b"\x0d\x21"

OFFERED_CONFIGURATION_ID: Final = 44
CONFIGURATION_ID: Final = 22
INVOKE_ID: Final = 6
SCAN_REPORT_NUMBER: Final = 24
OBSERVATION_COUNT: Final = 26
"""Offsets of two octets each: in an association request, a configuration, any PRST, a report."""


def is_aarq(apdu: bytes) -> bool:
    """Whether it asks for an association."""
    return apdu[:2] == _AARQ


def is_aare(apdu: bytes) -> bool:
    """Whether it answers that."""
    return apdu[:2] == _AARE


def is_confirmed_event(apdu: bytes) -> bool:
    """Whether it is an event report that waits for its answer."""
    return apdu[:2] == _PRST and apdu[8:10] == _CONFIRMED_EVENT


def is_configuration(apdu: bytes) -> bool:
    """Whether it reports a configuration."""
    return is_confirmed_event(apdu) and apdu[18:20] == _CONFIG_EVENT


def is_segment(apdu: bytes) -> bool:
    """Whether it carries a page of a PM-segment."""
    return is_confirmed_event(apdu) and apdu[18:20] == _SEGMENT_EVENT


def is_scan_report(apdu: bytes) -> bool:
    """Whether it is a scan report that waits for its answer."""
    return is_confirmed_event(apdu) and not is_configuration(apdu) and not is_segment(apdu)


def is_any_scan_report(apdu: bytes) -> bool:
    """Whether it is a scan report, confirmed or live."""
    is_event = apdu[:2] == _PRST and apdu[8:10] in _EVENTS
    return is_event and apdu[18:20] not in (_CONFIG_EVENT, _SEGMENT_EVENT)


def is_answer(apdu: bytes) -> bool:
    """RORS, ROER or RORJ; requests (0x01..) have invoke ids of their own."""
    return apdu[:2] == _PRST and apdu[8] != 1


def with_octets(apdu: bytes, offset: int, octets: bytes) -> bytes:
    """The APDU with these octets in place of those at `offset`."""
    return apdu[:offset] + octets + apdu[offset + len(octets) :]


def number_at(apdu: bytes, offset: int) -> int:
    """The 16 bits at `offset`."""
    return int.from_bytes(apdu[offset : offset + 2], "big")
