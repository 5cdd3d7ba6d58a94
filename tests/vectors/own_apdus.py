"""Octets written by hand from the ASN.1 of 20601 Annex A, each with its reasoning.

They say what the codec must do where the recorded vectors of third parties are not at hand.
"""

from __future__ import annotations

from typing import Final


def octets(*parts: str) -> bytes:
    """The octets of hexadecimal digits; blanks separate fields."""
    return bytes.fromhex(" ".join(parts))


AARQ_TWO_VERSIONS: Final = octets(
    "E200 0032",  # AARQ, 50 octets follow
    "80000000 0001 002A",  # association version 1; one protocol in 42 octets
    "5079 0026",  # protocol 20601, 38 octets of information
    "C0000000 A000 80000000",  # versions 1 and 2; MDER or PER; nomenclature version 1
    "00000000 00800000",  # no functional units; an agent
    "0008 1122334455667788",  # System-Id
    "4001 0001 01 00 0000 0000",  # configuration 0x4001, agent initiated, 1 and 0, no options
)

AARE_REFUSED: Final = octets(
    "E300 0006",  # AARE, 6 octets follow
    "0005 0000 0000",  # no common parameter; no protocol, no information
)

# One object of class numeric, handle 1: SpO2 in per cent, its value map an SFLOAT and a time.
CONFIGURATION: Final = octets(
    "4000 0001 0026",  # extended configuration 0x4000; one object in 38 octets
    "0006 0001 0003 001E",  # numeric, handle 1, three attributes in 30 octets
    "092F 0004 0002 4BB8",  # Type 2:19384
    "0996 0002 0220",  # Unit-Code 544
    "0A55 000C 0002 0008 0A4C 0002 0990 0008",  # value map: SFLOAT (2), absolute time (8)
)

# One observation of handle 1 by that value map.
FIXED_REPORT: Final = octets(
    "F000 0007 0001 000E",  # agent initiated, report 7; one observation in 14 octets
    "0001 000A",  # handle 1, 10 octets
    "F3CF",  # SFLOAT: exponent -1, mantissa 0x3CF = 975: 97.5
    "2026 11 23 01 52 48 50",  # 23 November 2026, 01:52:48.50
)

CONFIRMED_FIXED_REPORT: Final = octets(
    "E700 0028 0026",  # PRST of 40 octets holding an octet string of 38
    "1234 0101 0020",  # invoke id 0x1234, confirmed event report, 32 octets
    "0000 FFFFFFFF 0D1D 0016",  # MDS, no relative time, fixed scan report, 22 octets
    FIXED_REPORT.hex(),
)

CONFIRMATION: Final = octets(
    "E700 0012 0010",  # PRST of 18 octets holding 16
    "1234 0201 000A",  # the same invoke id, RORS confirmed event report, 10 octets
    "0000 FFFFFFFF 0D1D 0000",  # MDS, the time of the report, fixed scan report, no content
)

REJECT: Final = octets(
    "E700 000A 0008",  # PRST of 10 octets holding 8
    "1234 0400 0002 0002",  # RORJ: badly structured APDU
)

ERROR: Final = octets(
    "E700 000C 000A",  # PRST of 12 octets holding 10
    "1234 0300 0004 0001 0000",  # ROER: no such object instance, no parameter
)

SET_TIME: Final = octets(
    "E700 001A 0018",  # PRST of 26 octets holding 24
    "0001 0107 0012",  # invoke id 1, confirmed action, 18 octets
    "0000 0C17 000C",  # MDS, MDC_ACT_SET_TIME (3095), 12 octets
    "2026 11 23 01 52 48 00 00000000",  # the new local time; accuracy 0
)

# Two entries of a segment: relative time, then one FLOAT each.
SEGMENT_PAGE: Final = octets(
    "0010 00000000 00000002 C000 0010",  # segment 16, entries 0 and 1, first and last, 16 octets
    "000003E8 FF00001E",  # tick 1000: 3.0
    "000007D0 007FFFFF",  # tick 2000: NaN
)
SEGMENT_MAP: Final = octets(
    "4000 0001 0010",  # a relative time before each entry; one element in 16 octets
    "0006 0082 3401 0002",  # numeric, 130:13313, handle 2
    "0001 0004 0A56 0004",  # one slice: a FLOAT in 4 octets
)
