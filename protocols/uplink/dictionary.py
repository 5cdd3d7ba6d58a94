"""What small batches are compressed by: our own data, by number, never changed once shipped."""

from __future__ import annotations

from pkgutil import get_data
from typing import Final

import zstandard

NEWEST: Final = 1
"""The one that is written with; every one that ever was is read."""


LEVEL: Final = 3
PARAMETERS: Final = zstandard.ZstdCompressionParameters.from_level(
    LEVEL,
    format=zstandard.FORMAT_ZSTD1_MAGICLESS,
    write_content_size=False,
    write_checksum=False,
    write_dict_id=False,
)
"""A frame of ours: nothing in it that the octets before it say."""


def _read(number: int) -> zstandard.ZstdCompressionDict:
    octets = get_data(__package__, f"dictionary-{number}.bin") or b""
    dictionary = zstandard.ZstdCompressionDict(octets)
    dictionary.precompute_compress(compression_params=PARAMETERS)
    return dictionary


DICTIONARIES: Final = {number: _read(number) for number in range(1, NEWEST + 1)}
