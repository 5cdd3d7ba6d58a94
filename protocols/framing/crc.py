"""The two 16-bit checksums of device lines; one polynomial, two ends.

Both run the polynomial x^16 + x^12 + x^5 + 1 over the octets with the least significant bit
first, from a register of ones. FCS-16 (HDLC-like frames, IrLAP; RFC 1662 appendix C) sends the
register inverted; E2E-CRC of GATT's glucose monitors (CGM service, CRC-16/MCRF4XX) sends it as
it is. On the wire both are two octets, the least significant first.

Any error burst of up to 16 bits is seen, and any one, two or odd number of wrong bits in a frame
of up to 4,095 octets with it; of what is worse, one in 65,536 passes.
"""

from __future__ import annotations

from typing import Final

CHECKSUM_OCTETS: Final = 2
GOOD_FCS16: Final = 0x0F47
"""`fcs16` over a whole frame with its checksum behind it, when nothing was changed."""

_REFLECTED_POLYNOMIAL: Final = 0x8408
_ONES: Final = 0xFFFF


def _register_after(octet: int) -> int:
    register = octet
    for _ in range(8):
        register = (register >> 1) ^ (_REFLECTED_POLYNOMIAL if register & 1 else 0)
    return register


_TABLE: Final = tuple(_register_after(octet) for octet in range(256))


def fcs16(octets: bytes | bytearray, *, after: int = 0) -> int:
    """The frame check sequence of HDLC-like frames (RFC 1662 C.2), 0 to 0xFFFF.

    `after`: that of the octets before, where a frame is summed in portions.
    """
    return _run(octets, after ^ _ONES) ^ _ONES


def crc_mcrf4xx(octets: bytes | bytearray) -> int:
    """The E2E-CRC of GATT's CGM service (CRC-16/MCRF4XX), 0 to 0xFFFF."""
    return _run(octets, _ONES)


def checksum_octets(checksum: int) -> bytes:
    """A checksum as it is sent: two octets, the least significant first."""
    return checksum.to_bytes(CHECKSUM_OCTETS, "little")


def _run(octets: bytes | bytearray, register: int) -> int:
    for octet in octets:
        register = (register >> 8) ^ _TABLE[(register ^ octet) & 0xFF]
    return register
