"""Octets that were right once, changed by chance that a seed repeats."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

_EDGES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
_MOST_CHANGES = 4
_MOST_OCTETS = 4096


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of the seeds with one to four changes, at most 4,096 octets."""
    octets = bytearray(random.choice(seeds))
    for _ in range(random.randint(1, _MOST_CHANGES)):
        _change(random, octets, seeds)
    return bytes(octets[:_MOST_OCTETS])


def _change(random: Random, octets: bytearray, seeds: Sequence[bytes]) -> None:
    at = random.randint(0, len(octets))
    match random.randrange(8):
        case 0 if at < len(octets):
            octets[at] ^= 1 << random.randrange(8)
        case 1 if at < len(octets):
            octets[at] = random.choice(_EDGES)
        case 2:
            del octets[at : at + random.randint(1, 8)]
        case 3:
            octets[at:at] = random.randbytes(random.randint(1, 8))
        case 4:
            octets[at:at] = octets[at : at + random.randint(1, 16)]
        case 5:
            # The front of one and the back of another: lengths that belong to neither.
            other = random.choice(seeds)
            octets[at:] = other[random.randint(0, len(other)) :]
        case 6 if at + 1 < len(octets):
            octets[at : at + 2] = random.choice(_EDGES).to_bytes(2, "big")
        case _:
            _mend_lengths(octets)


def _mend_lengths(octets: bytearray) -> None:
    """Make the outer lengths of an APDU right again, so that the fault lies deeper."""
    if len(octets) < 4:
        return
    octets[2:4] = (len(octets) - 4 & 0xFFFF).to_bytes(2, "big")
    if octets[0] == 0xE7 and len(octets) >= 12:
        octets[4:6] = (len(octets) - 6 & 0xFFFF).to_bytes(2, "big")
        octets[10:12] = (len(octets) - 12 & 0xFFFF).to_bytes(2, "big")
