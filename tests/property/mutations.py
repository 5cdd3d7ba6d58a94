"""Octets that were right once: APDUs with bits flipped, pieces cut, doubled or put in."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from tests.vectors import own_apdus
from tests.vectors_folder import phd

SEEDS: Final[tuple[bytes, ...]] = (
    own_apdus.AARQ_TWO_VERSIONS,
    own_apdus.AARE_REFUSED,
    own_apdus.CONFIRMED_FIXED_REPORT,
    own_apdus.CONFIRMATION,
    own_apdus.REJECT,
    own_apdus.ERROR,
    own_apdus.SET_TIME,
    *(bytes.fromhex(vector["hex"]) for vector in phd()["vectors"] if vector["decoder"] == "apdu"),
)
"""Whole APDUs: our own by hand, and the recorded ones where they are at hand."""


@st.composite
def mutated(draw: st.DrawFn, seeds: tuple[bytes, ...] = SEEDS) -> bytes:
    """A seed with up to four mutations."""
    octets = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(octets)))
        match draw(st.sampled_from(("flip", "set", "cut", "insert", "repeat", "length"))):
            case "flip" if at < len(octets):
                octets[at] ^= 1 << draw(st.integers(0, 7))
            case "set" if at < len(octets):
                octets[at] = draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFE, 0xFF)))
            case "cut":
                del octets[at : at + draw(st.integers(1, 8))]
            case "insert":
                octets[at:at] = draw(st.binary(min_size=1, max_size=8))
            case "repeat":
                octets[at:at] = octets[at : at + 8]
            case "length" if len(octets) >= 4:
                # Make the outer lengths right again, so that the fault lies deeper.
                octets[2:4] = (len(octets) - 4 & 0xFFFF).to_bytes(2, "big")
                if octets[0] == 0xE7 and len(octets) >= 12:
                    octets[4:6] = (len(octets) - 6).to_bytes(2, "big")
                    octets[10:12] = (len(octets) - 12).to_bytes(2, "big")
    return bytes(octets)
