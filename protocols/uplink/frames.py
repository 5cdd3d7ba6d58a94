"""The frame of a batch of contract version 2, around its columns.

    02 | dictionary number | octets before compression, as three octets | zstd frame without magic

The dictionary is what small batches are compressed by: it holds what batches look like, knows no
patient, and is shipped with the program under its number. How much there is to unpack is checked
before it is unpacked.
"""

from __future__ import annotations

from typing import Final

import zstandard

from protocols.errors import DecodeError, EncodeError
from protocols.uplink.channels import COMPACT_VERSION
from protocols.uplink.dictionary import DICTIONARIES, NEWEST, PARAMETERS

MOST_OCTETS: Final = 8 << 20
"""Of a batch before compression."""

_HEAD_OCTETS: Final = 5
_MAGIC: Final = bytes.fromhex("28b52ffd")
_FORMAT: Final = zstandard.FORMAT_ZSTD1_MAGICLESS
_WINDOW_OCTETS: Final = 8 << 20


def pack(plain: bytes) -> bytes:
    """The frame around some columns; EncodeError for none, or more than `MOST_OCTETS` octets."""
    if not 0 < len(plain) <= MOST_OCTETS:
        raise EncodeError("an uplink batch of this size is not sent")
    compressor = zstandard.ZstdCompressor(
        compression_params=PARAMETERS, dict_data=DICTIONARIES[NEWEST]
    )
    head = bytes((COMPACT_VERSION, NEWEST)) + len(plain).to_bytes(3, "big")
    return head + compressor.compress(plain)


def unpack(octets: bytes) -> bytes:
    """The columns in a frame; DecodeError for anything else."""
    dictionary = DICTIONARIES.get(octets[1]) if len(octets) > _HEAD_OCTETS else None
    if not is_framed(octets) or dictionary is None:
        raise DecodeError("not a compact uplink batch of a dictionary known here")
    size = int.from_bytes(octets[2:_HEAD_OCTETS], "big")
    if size > MOST_OCTETS:
        raise DecodeError("uplink batch: too large when unpacked")
    frame = octets[_HEAD_OCTETS:]
    unpacker = zstandard.ZstdDecompressor(
        dict_data=dictionary, max_window_size=_WINDOW_OCTETS, format=_FORMAT
    )
    try:
        if zstandard.frame_content_size(_MAGIC + frame) >= 0:
            raise DecodeError("uplink batch: a frame that says its own size")
        plain = unpacker.decompress(frame, max_output_size=size)
    except zstandard.ZstdError as exc:
        raise DecodeError(f"not a compact uplink batch: {exc}") from exc
    if len(plain) != size:
        raise DecodeError("uplink batch: it is not as large as it says")
    return plain


def is_framed(octets: bytes) -> bool:
    """Whether these are a batch of version 2; one of version 1 begins as an array."""
    return octets[:1] == bytes((COMPACT_VERSION,))
