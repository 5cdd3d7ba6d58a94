"""The E2E-CRC that continuous glucose monitors put behind their values (CGMS 1.0.2, 3.11).

Two octets, CRC-16/MCRF4XX over all octets before them. A value that only may have one is known
by its length: the fields alone, or two octets more.
"""

from __future__ import annotations

from typing import Final

from protocols.errors import DecodeError
from protocols.framing.crc import CHECKSUM_OCTETS, crc_mcrf4xx
from protocols.gatt.fields import FieldReader, FieldWriter

NO_CRC: Final = 0xFFFF
"""What stands in the feature's field of a device that knows no E2E-CRC."""


def read_optional_crc(reader: FieldReader) -> int | None:
    """The checksum behind the fields that were read; None where the value ends with them.

    Raises DecodeError when it does not fit the octets before it.
    """
    if reader.remaining != CHECKSUM_OCTETS:
        return None
    covered = reader.octets[: reader.offset]
    checksum = reader.u16()
    check_crc(covered, checksum, clause=reader.clause)
    return checksum


def check_crc(covered: bytes, checksum: int, *, clause: str) -> None:
    """DecodeError when a checksum is not that of the octets it covers."""
    if crc_mcrf4xx(covered) != checksum:
        raise DecodeError("E2E-CRC does not fit", clause=clause, offset=len(covered))


def write_optional_crc(checksum: int | None, writer: FieldWriter) -> None:
    """The checksum of what was written so far, where the record has one."""
    if checksum is not None:
        writer.u16(crc_mcrf4xx(writer.octets))
