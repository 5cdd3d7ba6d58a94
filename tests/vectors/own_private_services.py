"""Octets of private services written by hand from their public descriptions, with their reasoning.

No recorded octets of these devices were found in public; these follow the layouts field by field.
"""

from __future__ import annotations

from typing import Final

from tests.vectors.own_apdus import octets

NONIN: Final = octets(
    "0A",  # ten octets
    "01",  # the display shows these values
    "1E",  # 30 tenths of a volt
    "02DA",  # pulse amplitude 730 hundredths of a per cent
    "0011",  # 17 seconds
    "61 0048",  # 97 %, 72 beats a minute
)
NONIN_SEARCHING: Final = octets("0A 28 18 0000 0001 7F 01FF")  # low battery, searching, no values

BERRY: Final = octets(
    "D7",  # sync, beep, signal present, strength 7
    "32",  # plethysmogram 50
    "43",  # bit 7 of the pulse rate, finger in place, bar graph 3
    "0C 62",  # 128 + 12 = 140 beats a minute, 98 %
)
BERRY_NO_FINGER: Final = octets("80 00 70 7F 7F")  # bit 7 and 7F: 255; searching, no finger; 127

VIATOM_COMMAND: Final = octets("AA 17 E8 0000 0000 1B")  # read sensors; nothing behind it
VIATOM_PAYLOAD: Final = octets(
    "62 48 01",  # 98 %, 72 beats a minute, a finger in it
    "00000000 55 00 03 000000",  # battery 85 %, motion 3
)
VIATOM_OFF: Final = octets("00 00 FF 00000000 55 00 00 000000")  # no sensor
