"""vitalwire-edge run | status | decode | explain | certify: the gateway in the vehicle."""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app import RunWishes, run
from edge.certifying import command as certify
from edge.decoding.explaining import explain, meanings_as_lines
from edge.decoding.exporting import export_pcap
from edge.decoding.kinds import BY_NAME
from edge.decoding.report import Decoding, kind_of
from edge.errors import BufferDamagedError, EdgeError, SettingsError
from edge.settings import load_settings
from edge.status.logs import start_logging
from edge.status.text import format_status, look

if TYPE_CHECKING:
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

PROGRAM: Final = "vitalwire-edge"
BAD_START: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 when it failed under way, 2 when it cannot begin."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.act(options)
        sys.stdout.flush()  # a full disk is told here, not by the interpreter's last words
    except BufferDamagedError as exc:
        # The next start sets the broken file aside and goes on with what can be read.
        return _complain(exc, FAILED)
    except EdgeError as exc:
        return _complain(exc, BAD_START)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _complain(SettingsError("the output's disk is full", mend="Make room"), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("run", help="run the gateway")
    command.add_argument("--config", type=Path, metavar="FILE", help="settings, one TOML file")
    command.add_argument(
        "--exit-when-idle",
        action="store_true",
        help="end by itself when every configured device has ended and the cloud has everything",
    )
    command.add_argument(
        "--drain-seconds",
        type=float,
        default=60.0,
        metavar="N",
        help="with --exit-when-idle: how long to wait for the cloud (default 60)",
    )
    command.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info"
    )
    command.set_defaults(act=_run)

    command = commands.add_parser("status", help="how the gateway on this machine is")
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    where.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")
    command.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    command.set_defaults(act=_status)

    _add_decode(commands)

    command = commands.add_parser("explain", help="what a code stands for")
    command.add_argument(
        "code",
        nargs="+",
        metavar="CODE",
        help="MDC_..., partition:term, a number, decimal or 0x..., or words of a name",
    )
    command.add_argument("--json", action="store_true", help="one JSON object a meaning")
    command.set_defaults(act=_explain)

    command = commands.add_parser(
        "certify", help="drive a device through the checks of 20601 and report"
    )
    certify.add_arguments(command)
    command.set_defaults(act=certify.act)
    return parser


def _add_decode(commands: _Commands) -> None:
    kinds = "\n".join(
        f"  {', '.join(kind.names):<28} {kind.what}" for kind in dict.fromkeys(BY_NAME.values())
    )
    command = commands.add_parser(
        "decode",
        help="what octets say: hexadecimal lines, raw octets, a capture file or a PCAP file",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"KIND is one of\n{kinds}",
    )
    command.add_argument(
        "file", nargs="?", default="-", metavar="FILE[#ID]", help="- is standard input"
    )
    command.add_argument(
        "--as", dest="kind", default="apdu", metavar="KIND", help="what an item is (default apdu)"
    )
    command.add_argument("--json", action="store_true", help="one JSON object an item")
    command.add_argument(
        "--keep-going", action="store_true", help="tell what cannot be read, and go on behind it"
    )
    command.add_argument(
        "--pcap", type=Path, metavar="FILE", help="write the items as a PCAP file instead"
    )
    command.set_defaults(act=_decode)


def _run(options: argparse.Namespace) -> int:
    start_logging(options.log_level)
    settings = load_settings(options.config)

    async def until_told() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run(
            settings,
            RunWishes(
                ready=_tell_ready,
                stop=stop,
                exit_when_idle=options.exit_when_idle,
                drain_seconds=options.drain_seconds,
            ),
        )

    asyncio.run(until_told())
    return 0


def _tell_ready(agents: str | None) -> None:
    # The line is for whoever started us, on this machine: a wildcard address is no use there.
    reachable = agents and agents.replace("tcp:0.0.0.0:", "tcp:127.0.0.1:").replace(
        "tcp:[::]:", "tcp:[::1]:"
    )
    print(json.dumps({"ready": "edge", "agents": reachable, "pid": os.getpid()}), flush=True)


def _status(options: argparse.Namespace) -> int:
    folder = options.data if options.data is not None else load_settings(options.config).data
    if not folder.is_dir():
        raise SettingsError(
            f"there is no data folder {folder}", mend="Name the folder of a gateway that has run"
        )
    status = look(folder)
    if options.json:
        print(json.dumps(status))
    else:
        print(format_status(status, now=datetime.now(UTC)))
    return 0


def _decode(options: argparse.Namespace) -> int:
    kind, (name, session) = kind_of(options.kind), _file_and_session(options.file)
    data = _read_input(name)
    if options.pcap is not None:
        count = export_pcap(data, options.pcap, is_stream=kind.is_stream, session=session)
        print(f"{count} packets")
        return 0
    decoding = Decoding(
        kind=kind, as_json=options.json, keep_going=options.keep_going, session=session
    )
    for line in decoding.lines(data):
        print(line)
    return FAILED if decoding.failures else 0


def _explain(options: argparse.Namespace) -> int:
    meanings = explain(" ".join(options.code))
    if options.json:
        for meaning in meanings:
            print(json.dumps(asdict(meaning)))
    else:
        for line in meanings_as_lines(meanings):
            print(line)
    return 0


def _file_and_session(text: str) -> tuple[str, str]:
    """`FILE#ID` names one capture of a file, unless a file is called just that."""
    name, mark, session = text.rpartition("#")
    return (name, session) if mark and not Path(text).exists() else (text, "")


def _read_input(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as exc:
        raise SettingsError(
            f"{name} cannot be read ({(exc.strerror or '').lower()})", mend="Name another file"
        ) from exc


def _complain(exc: EdgeError, code: int) -> int:
    print(f"{PROGRAM}: {exc}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
