"""`vitalwire-sim demo`: the whole incident from one command."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import re
import shutil
import signal
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, Protocol, cast

from simulators.errors import DeviceSettingsError, ProcessError
from simulators.incident.demo import play_incident
from simulators.incident.listening import FixedPort, require_free
from simulators.incident.plan import Plan, Ports
from simulators.incident.progress import Progress

if TYPE_CHECKING:
    from simulators.incident.capture_demo import Recording

CHECK_SECONDS: Final = 20.0
DEMO_SECONDS: Final = 75.0
SHORTEST_SECONDS: Final = 10.0
_PORTS: Final = Ports(cloud=8000, mqtt=1883, agents=6024)
FREE_OCTETS: Final = 200 << 20
RUNS_KEPT: Final = 5
INTERRUPTED: Final = 130
_RUN: Final = re.compile(r"\d{8}-\d{6}-\d{6}")
_SCHEME: Final = re.compile(r"(postgresql\+psycopg|sqlite)(\+\w+)?://")


class Captures(Protocol):
    """The player of recordings; loaded by name, since few runs want it and its dictionary."""

    def find_recording(self, named: str) -> Recording:
        """The capture of `FILE` or `FILE#ID`."""
        ...

    def play_capture(
        self,
        plan: Plan,
        recording: Recording,
        progress: Progress,
        *,
        stay: bool,
        with_token: bool = True,
    ) -> bool:
        """Play it; whether its ledger reconciles."""
        ...


def _captures() -> Captures:
    return cast("Captures", importlib.import_module("simulators.incident.capture_demo"))


class StoppedError(BaseException):
    """SIGTERM or SIGHUP: end as Ctrl-C does, whatever is under way."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument(
        "--check",
        action="store_true",
        help="without a person: short, on free ports; the exit code tells whether all reconciles",
    )
    parser.add_argument("--patient-seconds", type=float, metavar="N", help="patient time to play")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another patient")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder for this run's data")
    for name, usual, what in (
        ("cloud", _PORTS.cloud, "where the cloud answers"),
        ("mqtt", _PORTS.mqtt, "where the gateway sends by MQTT"),
        ("agents", _PORTS.agents, "where devices dial the gateway"),
    ):
        words = f"{what} (default {usual}; 0: any free one)"
        parser.add_argument(f"--{name}-port", type=int, metavar="PORT", help=words)
    parser.add_argument(
        "--database-url",
        default=os.environ.get("DATABASE_URL", ""),
        metavar="URL",
        help="postgresql+psycopg://... instead of the embedded database; also DATABASE_URL",
    )
    parser.add_argument(
        "--capture",
        default=os.environ.get("CAPTURE", ""),
        metavar="FILE[#ID]",
        help="play a recorded exchange instead of simulated devices; also CAPTURE",
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Play it; 0 when the ledger reconciles, 1 when it does not, 2 when it could not be played."""
    plan = plan_of(arguments)
    progress = Progress(sys.stdout)
    with _terminating():
        try:
            captures = _captures() if arguments.capture else None
            recording = captures.find_recording(arguments.capture) if captures else None
            plan.data.mkdir(parents=True, exist_ok=True)
            require_room(plan.data)
            if captures and recording:
                reconciles = captures.play_capture(
                    plan,
                    recording,
                    progress,
                    stay=_stay(arguments),
                    with_token=not arguments.check,
                )
            else:
                reconciles = play_incident(
                    plan,
                    progress,
                    show_board=_browser(arguments),
                    stay=_stay(arguments),
                    with_token=not arguments.check,
                )
        except (KeyboardInterrupt, StoppedError):
            with contextlib.suppress(OSError):  # the terminal may have gone
                progress.lines(["", "Stopped. Everything that was started has been ended."])
            return INTERRUPTED
        except BrokenPipeError:
            raise
        except OSError as exc:
            raise DeviceSettingsError(
                f"{exc.filename or plan.data}: {exc.strerror}. Make room there or choose another "
                "folder with --data."
            ) from exc
    if arguments.data is None:
        forget_old_runs(plan.data.parent)
    return 0 if reconciles else 1


def forget_old_runs(folder: Path, *, keep: int = RUNS_KEPT) -> None:
    """Remove all but the newest `keep` runs of `folder`; what does not look like a run stays."""
    runs = sorted(path for path in folder.iterdir() if _RUN.fullmatch(path.name))
    for run in runs[:-keep]:
        shutil.rmtree(run, ignore_errors=True)


def plan_of(arguments: argparse.Namespace) -> Plan:
    """The plan the options describe; DeviceSettingsError for a wrong option, PortTakenError."""
    usual = Ports() if arguments.check else _PORTS
    ports = Ports(
        cloud=usual.cloud if arguments.cloud_port is None else arguments.cloud_port,
        mqtt=usual.mqtt if arguments.mqtt_port is None else arguments.mqtt_port,
        agents=usual.agents if arguments.agents_port is None else arguments.agents_port,
    )
    fixed = (
        FixedPort(ports.cloud, "cloud", "--cloud-port"),
        FixedPort(ports.mqtt, "broker", "--mqtt-port"),
        FixedPort(ports.agents, "gateway's agents", "--agents-port"),
    )
    for port in fixed:
        if not 0 <= port.number <= 65_535:
            raise DeviceSettingsError(
                f"{port.option} {port.number} is no port. Give one of 0 to 65535."
            )
    require_free(fixed, target="demo-check" if arguments.check else "demo")
    seconds = arguments.patient_seconds or (CHECK_SECONDS if arguments.check else DEMO_SECONDS)
    if not SHORTEST_SECONDS <= seconds <= 86_400:
        raise DeviceSettingsError(
            f"--patient-seconds {seconds:g} is too short or too long. "
            f"Give {SHORTEST_SECONDS:g} to 86400."
        )
    if arguments.database_url and not _SCHEME.match(arguments.database_url):
        raise DeviceSettingsError(
            "the database URL is none we know. Write postgresql+psycopg://USER@HOST/NAME."
        )
    folder = arguments.data or Path("demo-data") / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    return Plan(
        data=folder.absolute(),
        seconds=float(seconds),
        seed=arguments.seed,
        ports=ports,
        database_url=arguments.database_url,
    )


def require_room(folder: Path, *, octets: int = FREE_OCTETS) -> None:
    """ProcessError when fewer than `octets` are free where `folder` lies."""
    free = shutil.disk_usage(folder).free
    if free < octets:
        raise ProcessError(
            f"only {free >> 20} MB are free at {folder}. Make room for {octets >> 20} MB or "
            "choose another folder with --data."
        )


def _stay(arguments: argparse.Namespace) -> bool:
    """Whether somebody sits there who may still want to look at the board."""
    return not arguments.check and sys.stdin.isatty() and sys.stdout.isatty()


def _browser(arguments: argparse.Namespace) -> Callable[[str], None]:
    def nobody(_: str) -> None:
        """No browser is wanted or can be shown."""

    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if arguments.check or arguments.no_open or not (has_display or sys.platform == "darwin"):
        return nobody
    return lambda address: print_failure(webbrowser.open(address))


def print_failure(opened: bool) -> None:
    """Say when no browser could be opened; the address stands in the terminal anyway."""
    if not opened:
        sys.stdout.write("      (no browser could be opened; use the address above)\n")


@contextmanager
def _terminating() -> Iterator[None]:
    """SIGTERM, or the terminal's closing, ends the block as Ctrl-C does with all it started."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise StoppedError

    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup is to be obeyed
        numbers.append(signal.SIGHUP)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
