"""The desk where commands arrive: each is written down, carried out once and answered."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import UUID

from edge.clock import Clock
from edge.commands.carrying import Carried, Handler
from edge.commands.inbox import CommandInbox, Taken
from edge.errors import CommandStoreError, EdgeError, UplinkUnreachableError
from protocols.errors import DecodeError
from protocols.uplink.answer_codec import encode_answer
from protocols.uplink.command_codec import decode_command
from protocols.uplink.commands import (
    CertificateRequest,
    Command,
    CommandAnswer,
    GatewayReport,
    Outcome,
)

log = logging.getLogger(__name__)

MOST_WAITING: Final = 256
RETRY_SECONDS: Final = 2.0


class AnswerWay(Protocol):
    """How answers reach the cloud."""

    async def send_answer(self, octets: bytes) -> None:
        """Hand one over; UplinkUnreachableError when no way takes it now."""
        ...


@dataclass(slots=True)
class CommandCounts:
    """Since the gateway's start."""

    taken: int = 0
    repeated: int = 0
    carried_out: int = 0
    unreadable: int = 0
    answers_sent: int = 0


@dataclass(slots=True, kw_only=True)
class CommandDesk:
    """Takes commands from every way and answers them.

    `arrive` may be called by any way at any time, from the event loop. What finds no place in the
    line is left to the cloud, which sends it again.
    """

    inbox: CommandInbox
    clock: Clock
    way: AnswerWay
    handlers: dict[str, Handler]
    counts: CommandCounts = field(default_factory=CommandCounts)
    _line: asyncio.Queue[Command] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    _to_send: asyncio.Event = field(default_factory=asyncio.Event)

    def arrive(self, octets: bytes) -> None:
        """One command as it came."""
        try:
            command = decode_command(octets)
        except DecodeError as exc:
            self.counts.unreadable += 1
            log.warning("command not understood reason=%r", str(exc))
            return
        try:
            self._line.put_nowait(command)
        except asyncio.QueueFull:
            log.warning("command left to the cloud kind=%s", command.kind)

    def look_again(self) -> None:
        """A way is up again, or something new is to go up: send what waits."""
        self._to_send.set()

    def register(self, kind: str, handler: Handler) -> None:
        """Say who carries out the commands of a kind."""
        self.handlers[kind] = handler

    async def say(self, said: GatewayReport | CertificateRequest) -> None:
        """Send what is no answer; UplinkUnreachableError when no way takes it now."""
        await self.way.send_answer(encode_answer(said))

    async def run(self) -> None:
        """Carry out and answer until cancelled; first what a power cut left undone."""
        for command in await asyncio.to_thread(self.inbox.unanswered):
            if await asyncio.to_thread(self.inbox.take, command) is Taken.FRESH:
                await self._carry_out(command)
        self._to_send.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._answer_forever(), name="answers")
            while True:
                await self._take(await self._line.get())

    async def _take(self, command: Command) -> None:
        try:
            taken = await asyncio.to_thread(self.inbox.take, command)
            if taken is Taken.FRESH:
                self.counts.taken += 1
                await self._carry_out(command)
                return
            self.counts.repeated += 1
            if taken is Taken.ANSWERED:
                await asyncio.to_thread(self.inbox.say_again, command.command_id)
                self._to_send.set()
        except CommandStoreError as exc:
            # The cloud sends it again; until then the disk may have room.
            self.inbox.let_go(command.command_id)
            log.warning("command not kept kind=%s reason=%r", command.kind, exc.cause)

    async def _carry_out(self, command: Command) -> None:
        carried = await self._carried(command)
        if carried.is_pending:
            carried.then()
            return
        await self.conclude(command.command_id, carried, kind=command.kind)

    async def conclude(self, command_id: UUID, carried: Carried, *, kind: str = "") -> None:
        """Answer a command: what it leaves behind and the answer in one commit."""
        answer = CommandAnswer(
            command_id=command_id,
            outcome=carried.outcome,
            at=self.clock.utc(),
            reason=carried.reason,
            facts=carried.facts,
        )
        await asyncio.to_thread(self.inbox.finish, answer, carried.keep)
        carried.then()
        self.counts.carried_out += 1
        log.info(
            "command answered kind=%s id=%s outcome=%s reason=%s",
            kind or "pending",
            command_id,
            carried.outcome.value,
            carried.reason or "none",
        )
        self._to_send.set()

    async def _carried(self, command: Command) -> Carried:
        if self.clock.utc() >= command.expires_at:
            return Carried(outcome=Outcome.EXPIRED, reason="expired")
        handler = self.handlers.get(command.kind)
        if handler is None or command.is_unknown:
            return Carried(outcome=Outcome.UNSUPPORTED, reason="unknown_kind")
        try:
            return await handler(command)
        except EdgeError as exc:
            log.warning("command failed kind=%s reason=%r", command.kind, exc.cause)
            return Carried(outcome=Outcome.FAILED, reason="failed")
        except Exception:
            # One command's fault must not stop the ones behind it.
            log.exception("fault command=%s", command.kind)
            return Carried(outcome=Outcome.FAILED, reason="fault_in_the_program")

    async def _answer_forever(self) -> None:
        while True:
            self._to_send.clear()
            try:
                await self._send_all()
            except (UplinkUnreachableError, CommandStoreError) as exc:
                log.debug("answers wait reason=%r", exc.cause)
                await self.clock.sleep(RETRY_SECONDS)
                continue
            await self._to_send.wait()

    async def _send_all(self) -> None:
        for answer in await asyncio.to_thread(self.inbox.unsent):
            await self.way.send_answer(encode_answer(answer))
            await asyncio.to_thread(self.inbox.note_sent, answer.command_id)
            self.counts.answers_sent += 1
        for enrolment in await asyncio.to_thread(self.inbox.enrolments):
            await self.way.send_answer(encode_answer(enrolment))
