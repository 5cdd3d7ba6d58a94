"""Ask a broker whether it speaks MQTT 5, with the smallest possible CONNECT.

Brokers of the older version refuse a plain version 5 CONNECT at once; one that carries a last will
or properties some of them only misread, and let us wait. So we ask before we connect.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from typing import Final

_CONNECT: Final = 0x10
_CONNACK: Final = 0x20
_CLEAN_START: Final = 0x02
_KEEPALIVE_SECONDS: Final = 10
# 1 is how 3.1.1 says it, 0x84 how 5 does.
_UNSUPPORTED_VERSION: Final = {0x01, 0x84}
_CLIENT_ID: Final = b"vw-probe"


def connect_packet() -> bytes:
    """A version 5 CONNECT without properties, name, password or will (MQTT 5.0, 3.1)."""
    body = struct.pack(
        "!H4sBBHBH", 4, b"MQTT", 5, _CLEAN_START, _KEEPALIVE_SECONDS, 0, len(_CLIENT_ID)
    )
    body += _CLIENT_ID
    return bytes([_CONNECT, len(body)]) + body


def is_version_5(answer: bytes) -> bool:
    """Whether a CONNACK's first four octets are a version 5 broker's, be it a refusal."""
    return len(answer) == 4 and answer[0] == _CONNACK and answer[3] not in _UNSUPPORTED_VERSION


async def speaks_version_5(
    host: str, port: int, *, tls: ssl.SSLContext | None, timeout_seconds: float
) -> bool:
    """True when the broker answers in version 5; OSError when it cannot be reached at all."""
    try:
        async with asyncio.timeout(timeout_seconds):
            reader, writer = await asyncio.open_connection(host, port, ssl=tls)
            try:
                writer.write(connect_packet())
                return is_version_5(await reader.readexactly(4))
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except asyncio.IncompleteReadError:
        return False


def words_of(exc: Exception) -> str:
    """Why a broker cannot be reached."""
    text = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
    return (text or type(exc).__name__).lower()
