"""Commands of the tests, and a way for their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from uuid import UUID

from edge.errors import UplinkUnreachableError
from protocols.uplink.answer_codec import decode_answer
from protocols.uplink.commands import Answer, Command, CommandAnswer, Request
from tests.unit.edge.making import NOON

_NUMBERS: Iterator[int] = count(1)


def command(request: Request, *, number: int = 0, life_seconds: float = 3600) -> Command:
    """A command issued at noon."""
    return Command(
        command_id=UUID(int=number or next(_NUMBERS) << 32),
        issued_at=NOON,
        expires_at=NOON + timedelta(seconds=life_seconds),
        request=request,
    )


@dataclass(slots=True)
class Way:
    """A way for answers: what it took, and whether it takes any."""

    is_up: bool = True
    taken: list[Answer] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def send_answer(self, octets: bytes) -> None:
        if not self.is_up:
            raise UplinkUnreachableError("no way is up")
        self.taken.append(decode_answer(octets))
        self.came.set()

    async def next(self, number: int = 1) -> CommandAnswer:
        """The `number`-th answer, waited for."""
        async with asyncio.timeout(10):
            while len(self.taken) < number:
                self.came.clear()
                await self.came.wait()
        answer = self.taken[number - 1]
        assert isinstance(answer, CommandAnswer)
        return answer
