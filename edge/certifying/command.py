"""`vitalwire-edge certify`: its options, its progress, its files."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.certifying.checks import CHECKS, GROUPS, Verdict
from edge.certifying.findings import Record
from edge.certifying.report_page import as_html
from edge.certifying.reports import as_json, as_text, summary
from edge.certifying.runner import certify
from edge.certifying.scripts import SCRIPTS, RunPolicy, Scenario
from edge.clock import SYSTEM_CLOCK
from edge.errors import SettingsError
from protocols.captures import format_capture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    default = RunPolicy()
    parser.add_argument(
        "transport",
        nargs="?",
        metavar="TRANSPORT",
        help="tcp:HOST:PORT or serial:/dev/PORT,BAUD to reach the device; "
        "listen:HOST:PORT to let it call; with ,framing=hdlc behind it where the device frames",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="write report.txt, report.html, report.json and capture.jsonl there",
    )
    parser.add_argument(
        "--list", action="store_true", help="print the associations and the checks, and end"
    )
    parser.add_argument(
        "--only",
        type=int,
        action="append",
        choices=range(1, len(SCRIPTS) + 1),
        metavar="NUMBER",
        help="only this association of the list; may be given again",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--patience",
        type=float,
        default=default.patience_seconds,
        metavar="SECONDS",
        help="how long to wait for the device to associate (default 60)",
    )
    parser.add_argument(
        "--report-seconds",
        type=float,
        default=default.report_seconds,
        metavar="SECONDS",
        help="how long to wait for its reports (default 15)",
    )
    parser.add_argument(
        "--set-time", action="store_true", help="its clock may be set (to its own time)"
    )
    parser.add_argument(
        "--leave-store", action="store_true", help="do not read its stored data (never cleared)"
    )


def act(options: argparse.Namespace) -> int:
    """Run it; 0 when nothing failed, 1 when something did.

    Ctrl-C and SIGTERM end the run early: KeyboardInterrupt, when the report is written.
    """
    if options.list:
        sys.stdout.writelines(f"{line}\n" for line in catalogue())
        return 0
    if options.transport is None:
        raise SettingsError("no device is named", mend="Give tcp:, serial: or listen:")
    policy = RunPolicy(
        patience_seconds=options.patience,
        report_seconds=options.report_seconds,
        set_time=options.set_time,
        fetch_stored=not options.leave_store,
    )
    if min(policy.patience_seconds, policy.report_seconds) <= 0:
        raise SettingsError("a time to wait is above 0", mend="Give seconds")
    if options.out is not None:
        _make(options.out)
    numbers = sorted(set(options.only or range(1, len(SCRIPTS) + 1)))
    scenarios = [SCRIPTS[number - 1] for number in numbers]
    record = asyncio.run(_certify_until_told(options.transport, policy, scenarios))
    if options.out is not None:
        _write(options.out, record)
        _tell(f"reports in {options.out}")
    if options.json:
        sys.stdout.write(f"{as_json(record)}\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in as_text(record))
    if record.interrupted:
        _tell("the run was interrupted; the report holds what was found so far")
        raise KeyboardInterrupt
    return int(record.counts()[Verdict.FAIL] > 0)


async def _certify_until_told(
    transport: str, policy: RunPolicy, scenarios: Sequence[Scenario]
) -> Record:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return await certify(
        transport,
        policy=policy,
        clock=SYSTEM_CLOCK,
        progress=_tell,
        scenarios=scenarios,
        stop=stop,
    )


def catalogue() -> Iterator[str]:
    """What a run does and what it holds a device to, as lines."""
    yield "Associations"
    for number, scenario in enumerate(SCRIPTS, start=1):
        yield f"  {number:>2}  {scenario.name}"
    for group in GROUPS:
        yield ""
        yield group
        for check in CHECKS:
            if check.group == group:
                yield f"  {check.id:<9} {check.title} [{check.clause}]"


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise SettingsError(
            f"the folder {folder} cannot be made ({(exc.strerror or '').lower()})",
            mend="Name another folder",
        ) from exc


def _write(folder: Path, record: Record) -> None:
    texts = {
        "report.txt": "".join(f"{line}\n" for line in as_text(record)),
        "report.html": as_html(record),
        "report.json": f"{as_json(record)}\n",
        "capture.jsonl": format_capture(record.capture("certify")),
    }
    try:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as exc:
        raise SettingsError(
            f"the reports cannot be written ({(exc.strerror or '').lower()}); {summary(record)}",
            mend="Name another folder",
        ) from exc
