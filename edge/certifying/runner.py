"""Run the scripts against a line: the only file here with I/O and a clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final, Protocol

from edge.certifying.findings import Record
from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from edge.certifying.scripts import SCRIPTS, RunPolicy, Scenario
from edge.clock import Clock
from edge.errors import DeviceNotFoundError, EdgeError, SettingsError, TransportError
from edge.transports import tcp
from edge.transports.base import ByteTransport, OpenedLine
from edge.transports.policy import TransportPolicy
from edge.transports.registry import check_address, open_line
from protocols.ieee20601.apdus import Abrt
from protocols.ieee20601.association import AbortReason
from protocols.ieee20601.framing import StreamLimits
from protocols.ieee20601.line_framings import STREAM_FRAMINGS

LISTEN: Final = "listen:"
INTERRUPTED: Final = "the run was interrupted"
_AGAIN_SECONDS: Final = 0.5
_GOODBYE_SECONDS: Final = 1.0
_DISTRIBUTION: Final = "vitalwire"
Progress = Callable[[str], None]


class Lines(Protocol):
    """Where the device's lines come from, one after the other."""

    async def next_line(self) -> OpenedLine:
        """The next line, however long it takes; cancelled when patience ends."""
        ...

    async def close(self) -> None:
        """Take no more."""
        ...


class CalledLines:
    """A device we call or a port we open: again and again until it is there."""

    def __init__(self, address: str, policy: TransportPolicy, progress: Progress) -> None:
        self._address = address
        self._policy = policy
        self._progress = progress
        self._told = ""

    async def next_line(self) -> OpenedLine:
        """The opened line; what keeps it shut is told once."""
        while True:
            try:
                return await open_line(self._address, self._policy)
            except DeviceNotFoundError as exc:
                if exc.cause != self._told:
                    self._told = exc.cause
                    self._progress(f"{exc.cause}; trying again")
                await asyncio.sleep(_AGAIN_SECONDS)

    async def close(self) -> None:
        """Nothing is held open."""


class CallingLines:
    """A device that calls us at `HOST:PORT`."""

    def __init__(self, address: tcp.TcpAddress, policy: TransportPolicy) -> None:
        self._wanted = address
        self._policy = policy
        self._waiting: asyncio.Queue[OpenedLine] = asyncio.Queue(maxsize=4)
        self._listener: tcp.AgentListener | None = None

    async def open(self) -> tcp.TcpAddress:
        """Listen; the real address. StartError when the port is taken."""
        self._listener = await tcp.listen(self._wanted, self._policy, self._accept)
        return self._listener.address

    def _accept(self, transport: tcp.TcpTransport, _peer: str) -> bool:
        try:
            self._waiting.put_nowait(OpenedLine(transport, framing=self._wanted.framing))
        except asyncio.QueueFull:
            return False
        return True

    async def next_line(self) -> OpenedLine:
        """The next connection."""
        return await self._waiting.get()

    async def close(self) -> None:
        """Stop listening and hang up on whoever waits."""
        if self._listener is not None:
            await self._listener.close()
        while not self._waiting.empty():
            await self._waiting.get_nowait().transport.close()


async def certify(
    address: str,
    *,
    policy: RunPolicy,
    clock: Clock,
    progress: Progress,
    scenarios: Sequence[Scenario] = SCRIPTS,
    stop: asyncio.Event | None = None,
) -> Record:
    """Run the scenarios against the device at `address`; what was found.

    `listen:HOST:PORT[,framing=hdlc]` waits for the device to call. `progress` gets a sentence a
    step. `stop`, when it is set, interrupts the run: the device is told and the record says so.
    Raises SettingsError for an address of no form and StartError for a port that is taken.
    """
    transports = TransportPolicy()
    if address.startswith(LISTEN):
        try:
            where = tcp.parse_address(address.removeprefix(LISTEN))
        except ValueError as exc:
            raise SettingsError(str(exc), mend="Write listen:HOST:PORT[,framing=hdlc]") from exc
        calling = CallingLines(where, transports)
        real = await calling.open()
        progress(f"listening on {real}: let the device connect")
        lines: Lines = calling
    else:
        try:
            check_address(address)
        except ValueError as exc:
            raise SettingsError(str(exc), mend="Or write listen:HOST:PORT[,framing=hdlc]") from exc
        lines = CalledLines(address, transports, progress)
    run = _Run(lines, policy, clock, progress)
    run.probe.record.began = clock.utc()
    run.probe.record.program = _program()
    try:
        await run.play_until(stop or asyncio.Event(), scenarios)
    finally:
        await run.hang_up(by_device=False)
        await lines.close()
    return run.probe.record


def _program() -> str:
    try:
        return f"vitalwire-edge {version(_DISTRIBUTION)}"
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "vitalwire-edge"


class _Run:
    """One run: the line that is open, and the script that has its turn."""

    def __init__(self, lines: Lines, policy: RunPolicy, clock: Clock, progress: Progress) -> None:
        self.probe = Probe()
        self._lines = lines
        self._policy = policy
        self._clock = clock
        self._progress = progress
        self._line: ByteTransport | None = None
        self._began = clock.monotonic()
        self._played = 0

    @property
    def _now(self) -> float:
        return self._clock.monotonic() - self._began

    async def play_until(self, stop: asyncio.Event, scenarios: Sequence[Scenario]) -> None:
        """All of them, or as many as there is time for; an interrupted device is told."""
        broken: Exception | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                playing = tasks.create_task(self.play_all(scenarios), name="play")
                stopping = tasks.create_task(stop.wait(), name="stop")
                await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
                playing.cancel()
                stopping.cancel()
        except* EdgeError as group:
            broken = group.exceptions[0]  # one task alone can fail
        if broken is not None:
            raise broken
        if playing.cancelled():
            await self._interrupt(scenarios)

    async def _interrupt(self, scenarios: Sequence[Scenario]) -> None:
        self.probe.record.interrupted = True
        for scenario in scenarios[self._played :]:
            for check_id in scenario.checks:
                self.probe.record.leave_out(check_id, INTERRUPTED)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                self.probe.send(Abrt(int(AbortReason.UNDEFINED)))
                await self._flush()

    async def play_all(self, scenarios: Sequence[Scenario]) -> None:
        for number, scenario in enumerate(scenarios, start=1):
            if self.probe.gone:
                self._leave_out(scenario)
                self._played = number
                continue
            step = f"{number} of {len(scenarios)}: {scenario.name}"
            self._progress(f"{step}; waiting for the device to associate")
            await self._play(scenario)
            self._played = number

    def _leave_out(self, scenario: Scenario) -> None:
        for check_id in scenario.checks:
            self.probe.record.leave_out(
                check_id,
                f"the device did not associate within {self._policy.patience_seconds:g} s",
            )

    async def _play(self, scenario: Scenario) -> None:
        script = scenario.play(self.probe, self._policy)
        try:
            wish = next(script)
            while True:
                wish = script.send(await self._fulfil(wish))
        except StopIteration:
            pass
        if self.probe.gone:
            self._leave_out(scenario)
        await self._flush()

    async def _fulfil(self, wish: Expect) -> Incoming:
        """What came of a wish."""
        until = self._now + wish.seconds
        while True:
            incoming = self.probe.answer_to(wish)
            is_open = await self._flush()  # also the confirms of reports that came meanwhile
            if incoming is not None:
                return incoming
            if not is_open and not wish.across_lines:
                return Incoming(Outcome.CLOSED, at=self.probe.closed_at)
            left = until - self._now
            if left <= 0:
                why = "" if is_open else "no line was open"
                return Incoming(Outcome.TIMEOUT, why=why, at=self._now)
            given_up = self.probe.next_deadline()
            pause = left if given_up is None else min(left, max(0.0, given_up - self._now))
            try:
                async with asyncio.timeout(pause):
                    await self._hear()
            except TimeoutError:
                self.probe.handle_deadline(now=self._now)

    async def _hear(self) -> None:
        """Octets of the open line, or a new line where there is none."""
        if self._line is None:
            line = await self._lines.next_line()
            self._line = line.transport
            self.probe.connected(STREAM_FRAMINGS[line.framing](StreamLimits()))
            self._progress("the device is connected")
            return
        try:
            octets = await self._line.read()
        except TransportError:
            octets = b""
        if octets:
            self.probe.receive(octets, now=self._now)
        else:
            await self.hang_up()

    async def _flush(self) -> bool:
        """Write what the probe has to say; False when no line is open (any more)."""
        for octets in self.probe.take_output(now=self._now):
            if self._line is None:
                return False
            try:
                await self._line.write(octets)
            except TransportError:
                await self.hang_up()
        return self._line is not None

    async def hang_up(self, *, by_device: bool = True) -> None:
        """Let go of the line."""
        line, self._line = self._line, None
        self.probe.closed(now=self._now, by_device=by_device)
        if line is not None:
            with contextlib.suppress(TransportError):
                await line.close()
