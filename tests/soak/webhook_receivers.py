"""Many receivers in one process: they answer, hang, fail or redirect by number, and note what came.

Run as a program: it prints its port, and writes a line a request: seconds, receiver, message id,
hash of the body.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import sys
import time
from pathlib import Path
from typing import Final, TextIO

_ANSWERS: Final = {
    "ok": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "fail": b"HTTP/1.1 500 Out Of Order\r\nContent-Length: 0\r\n\r\n",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
}
_PATH: Final = re.compile(rb"POST /([a-z]+)/(\d+) ")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
_ID: Final = re.compile(rb"(?i)\r\nwebhook-id: (\S+)")
_MOST: Final = 1_000_000


async def serve(log: TextIO) -> None:
    """Take connections until the process is ended."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path, length, message = (one.search(head) for one in (_PATH, _LENGTH, _ID))
                if path is None or length is None or message is None:
                    break
                body = await reader.readexactly(int(length[1]))
                kind, number = path[1].decode(), path[2].decode()
                digest = hashlib.sha256(body).hexdigest()[:32]
                log.write(f"{time.time():.4f} {number} {message[1].decode()} {digest}\n")
                log.flush()
                if kind == "hang":
                    await reader.read(_MOST)
                    break
                writer.write(_ANSWERS[kind])
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[1]).open("w", encoding="ascii") as file:
        asyncio.run(serve(file))
