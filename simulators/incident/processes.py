"""The programs of an incident as real processes: started, watched, killed and cleared away.

Every child leads a process group of its own, so that stopping it takes its children along and a
Ctrl-C at the terminal reaches only us. None outlives us, whatever ends us (`guarded`). Its
standard output and error go to files beside the data.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from simulators.errors import NotReadyError, ProcessEndedError
from simulators.incident.guarded import guarded

_LOOK_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 10.0
_LAST_WORDS: Final = 8
_CALM: Final = re.compile(r"\blevel=(debug|info)\b", re.IGNORECASE)


@dataclass(slots=True)
class Child:
    """One running program. `ready` is its ready line once `Processes.wait_ready` has seen it."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    output: Path
    log: Path
    process: subprocess.Popen[bytes]
    may_end: bool = False
    ready: dict[str, object] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's too."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def last_words(self) -> list[str]:
        """Its last warnings and errors; what is no line of a log (a complaint) counts as one."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if not _CALM.search(line)][-_LAST_WORDS:]

    def tell(self, line: str) -> None:
        """Write one line to its standard input."""
        if self.process.stdin is None:
            raise ProcessEndedError(f"{self.name} takes no input")
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def story(self, what: str, meaning: str = "") -> str:
        """What happened to it, what that means, the mend, and its own last words if it had any."""
        lines = [f"{self.name} (process {self.pid}) {what}.", *([meaning] if meaning else [])]
        lines.append(f"Run it again; if it happens again, look at the log: {self.log}")
        words = self.last_words()
        lines += ["Its last warnings:", *words] if words else []
        return "\n    ".join(lines)

    def ended_error(self, meaning: str = "") -> ProcessEndedError:
        """What to say when it has ended by itself; `meaning` is what that means for the data."""
        code = self.process.returncode
        how = f"was ended by {_signal_words(-code)}" if code < 0 else f"ended with exit code {code}"
        return ProcessEndedError(self.story(how, meaning))


class Processes:
    """The children of one incident; leaving the `with` block stops all of them.

    `meaning` is what a child's death means for the data at this moment, in a sentence.
    """

    def __init__(self, logs: Path) -> None:
        self.meaning = ""
        self._logs = logs
        self._children: dict[str, Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    def launch(
        self,
        name: str,
        command: Sequence[str],
        *,
        settings: Mapping[str, str] | None = None,
        with_input: bool = False,
    ) -> Child:
        """Start a program and return at once. `settings` are added to its environment.

        Settings of ours that lie about in the caller's environment do not reach it: every
        incident runs on its own.
        """
        ours = ("EDGE_", "CLOUD_")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        environment |= {"PYTHONUNBUFFERED": "1", **(settings or {})}
        output, log = self._logs / f"{name}.out", self._logs / f"{name}.log"
        process = _spawn(command, environment, output, log, with_input=with_input)
        child = Child(name, tuple(command), environment, output, log, process)
        self._children[name] = child
        return child

    def wait_ready(self, child: Child, *, seconds: float) -> dict[str, object]:
        """Its ready line, an object with the key `ready`; NotReadyError after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            line = _ready_line(child.output)
            if line is not None:
                child.ready = line
                return line
            if not child.running:
                raise child.ended_error(self.meaning)
            if time.monotonic() > deadline:
                raise NotReadyError(child.story(f"is not ready after {seconds:.0f} s"))
            time.sleep(_LOOK_SECONDS)

    def check(self) -> None:
        """ProcessEndedError when a child has ended that should still run."""
        for child in self._children.values():
            if not child.running and not (child.may_end and child.process.returncode == 0):
                raise child.ended_error(self.meaning)

    def kill(self, child: Child) -> None:
        """End it as a power cut would: SIGKILL to its whole group."""
        _signal_group(child, signal.SIGKILL)
        child.process.wait()
        self._children.pop(child.name, None)

    def again(self, child: Child) -> Child:
        """Start a killed program again with the same command; its old log is kept on top."""
        process = _spawn(
            child.command, child.environment, child.output, child.log, with_input=False
        )
        fresh = Child(
            child.name, child.command, child.environment, child.output, child.log, process
        )
        self._children[child.name] = fresh
        return fresh

    def stop(self, child: Child, *, seconds: float = _STOP_SECONDS) -> None:
        """Ask it to end, insist after `seconds`."""
        _signal_group(child, signal.SIGTERM)
        self._see_off([child], seconds)

    def stop_all(self) -> None:
        """End every child, the youngest first to be asked."""
        children = list(reversed(self._children.values()))
        for child in children:
            _signal_group(child, signal.SIGTERM)
        self._see_off(children, _STOP_SECONDS)

    def _see_off(self, children: Sequence[Child], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for child in children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child, signal.SIGKILL)
                child.process.wait()
            _signal_group(child, signal.SIGKILL)  # whatever it left behind in its group
            if child.process.stdin is not None:
                with contextlib.suppress(OSError):
                    child.process.stdin.close()
            self._children.pop(child.name, None)


def _spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    output: Path,
    log: Path,
    *,
    with_input: bool,
) -> subprocess.Popen[bytes]:
    output.unlink(missing_ok=True)
    with output.open("wb") as out, log.open("ab") as err:
        return subprocess.Popen(  # noqa: S603 - the demo's own programs, no shell
            guarded(command),
            env=dict(environment),
            stdin=subprocess.PIPE if with_input else subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def _signal_words(number: int) -> str:
    try:
        return f"{signal.Signals(number).name} (signal {number})"
    except ValueError:  # a real-time signal
        return f"signal {number}"


def _signal_group(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _ready_line(output: Path) -> dict[str, object] | None:
    text = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    for line in text.splitlines(keepends=True):
        if line.startswith("{") and line.endswith("\n"):
            with contextlib.suppress(ValueError):
                parsed = json.loads(line)
                if isinstance(parsed, dict) and "ready" in parsed:
                    return parsed
    return None


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither a second Ctrl-C nor a closing terminal may leave half of the programs running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
