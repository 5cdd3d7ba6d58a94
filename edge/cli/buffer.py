"""vitalwire-edge buffer: look at what waits, carry it away, mend it, lead its form up or back.

Rows that were set apart can be let out again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from edge.buffer.exporting import Waiting, batches, look, waiting_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.releasing import Released, Tell, release
from edge.buffer.repairing import lead_back, lead_up, repair
from edge.buffer.rows import Stream
from edge.buffer.schema import FORM
from edge.cli.base import add_command, unwritable
from edge.cli.ownership import act_as_owner
from edge.cli.place import add_place, used_folder_of
from edge.drivers.identity import own_system_id
from edge.errors import SettingsError
from edge.pipeline.happenings import happening
from edge.settings import EdgeSettings, load_settings
from edge.status.file import sole_use
from protocols.uplink.codec import encode_batch, encode_batch_json
from protocols.uplink.messages import Content

if TYPE_CHECKING:
    from edge.cli.base import Commands

_LANES: Final = {stream.label: stream for stream in Stream}
_PRIVATE: Final = 0o600


def add(commands: Commands) -> None:
    """The command, its actions and their arguments."""
    command = add_command(
        commands, "buffer", "look at the buffer, export or repair it, release rows, lead its form"
    )
    actions = command.add_subparsers(required=True, metavar="ACTION")
    action = _action(actions, "show", _show, "what waits, since when, under which clock")
    action.add_argument("--json", action="store_true", help="all of it, as one JSON object")
    action = _action(actions, "export", _export, "what waits, as JSON lines or uplink batches")
    action.add_argument("--to", type=Path, metavar="PATH", help="file of lines, folder of batches")
    action.add_argument(
        "--as", dest="form", choices=("lines", "batches"), default="lines", help="default: lines"
    )
    action.add_argument("--lane", choices=_LANES, action="append", help="only this lane")
    _action(actions, "repair", _repair, "set a broken file aside and read what can be read")
    action = _action(
        actions, "release", _release, "let rows out of quarantine: they wait and are sent again"
    )
    which = action.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--reason", action="append", metavar="REASON", help="rows set apart for this, as shown"
    )
    which.add_argument("--all", action="store_true", help="every row that is whole")
    _action(actions, "upgrade", _upgrade, "lead the file to this gateway's form")
    action = _action(actions, "downgrade", _downgrade, "lead the file back for an older gateway")
    action.add_argument(
        "--to", type=int, default=FORM - 1, metavar="FORM", help="default: one back"
    )


def _action(
    actions: Commands, name: str, act: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    action = add_command(actions, name, text)
    add_place(action)
    action.set_defaults(act=act)
    return action


def _show(options: argparse.Namespace) -> int:
    overview = look(used_folder_of(options))
    if options.json:
        print(json.dumps(asdict(overview)))
        return 0
    print(f"form      {overview.form}" + ("" if overview.form == FORM else f" (newest: {FORM})"))
    for lane, rows in overview.waiting.items():
        print(f"{lane:9} {rows} rows wait")
    for row in overview.epochs:
        print(
            f"  {row['stream']} of start {row['boot_epoch']}: {row['rows']} rows,"
            f" sequences {row['first']} to {row['last']}"
        )
    for line in overview.clocks:
        start, moved = line["boot_epoch"], line["correction_us"] / 1e6
        print(f"  clock {line['number']} of start {start}: {line['state']} {moved:+.3f} s")
    for reason, rows in overview.quarantine.items():
        print(f"quarantine {rows} rows: {reason}")
    for fate, rows in overview.totals.items():
        print(f"total     {rows} rows {fate}")
    for name in overview.set_aside:
        print(f"set aside {name}")
    return 0


def _export(options: argparse.Namespace) -> int:
    folder = used_folder_of(options)
    lanes = tuple(_LANES[name] for name in options.lane or _LANES)
    rows = waiting_rows(folder, lanes)
    if options.form == "batches":
        return _export_batches(options, rows)
    count = 0
    with _lines(options.to) as out:
        for item in rows:
            out.write(json.dumps(_line(item)) + "\n")
            count += 1
    print(f"{count} rows exported; they wait as before", file=sys.stderr)
    return 0


def _line(item: Waiting) -> dict[str, Any]:
    """One row: its key, and its array of the uplink contract's JSON form."""
    (batch,) = batches(iter([item]), gateway_id="", sent_at=item.row.captured_at)
    return {
        "stream": item.stream.label,
        "boot_epoch": item.boot_epoch,
        "vehicle_id": item.vehicle_id,
        "row": json.loads(encode_batch_json(batch))[7][0],
    }


def _export_batches(options: argparse.Namespace, rows: Iterator[Waiting]) -> int:
    if options.to is None or options.config is None:
        raise SettingsError(
            "batches need a folder and the gateway's name", mend="Name both: --to and --config"
        )
    gateway_id = load_settings(options.config).gateway_id
    with _opening(options.to):
        options.to.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = count = 0
    for batch in batches(rows, gateway_id=gateway_id, sent_at=datetime.now(UTC)):
        with _private(options.to / f"{batch.batch_id}.batch", "wb") as file:
            file.write(encode_batch(batch))
        files, count = files + 1, count + len(batch.rows)
    print(f"{count} rows exported in {files} batches; they wait as before", file=sys.stderr)
    return 0


def _repair(options: argparse.Namespace) -> int:
    folder, policy = _folder_to_change(options), _policy(options)
    with sole_use(folder):
        recovery = repair(folder, policy=policy, now=datetime.now(UTC))
    if recovery is None:
        print("the buffer's file is whole")
    else:
        print(f"set aside as {recovery.set_aside.name}, {recovery.salvaged} rows read from it")
    return 0


def _release(options: argparse.Namespace) -> int:
    folder, policy = _folder_to_change(options), _policy(options)
    settings = None if options.config is None else load_settings(options.config)
    now = datetime.now(UTC)
    with sole_use(folder):
        released = release(
            folder,
            reasons=None if options.all else frozenset(options.reason),
            policy=policy,
            vehicle_id="" if settings is None else settings.vehicle_id,
            now=now,
            tell=None if settings is None else _release_teller(settings, folder, now),
        )
    print(f"{released.rows} rows wait again and are sent under new keys")
    if released.damaged:
        print(f"{released.damaged} rows stay in quarantine: their octets are damaged")
    return 0


def _release_teller(settings: EdgeSettings, folder: Path, now: datetime) -> Tell:
    gateway = own_system_id(folder, given=settings.system_id, gateway_id=settings.gateway_id)

    def tell(released: Released) -> Content:
        words = f"{released.rows} rows released from quarantine by hand"
        return happening(words, gateway=gateway, at=now)

    return tell


def _upgrade(options: argparse.Namespace) -> int:
    folder, policy = _folder_to_change(options), _policy(options)
    with sole_use(folder):
        before = lead_up(folder, policy=policy, now=datetime.now(UTC))
    print(f"form {before} led up to {FORM}" if before < FORM else f"it has form {FORM} already")
    return 0


def _downgrade(options: argparse.Namespace) -> int:
    folder = _folder_to_change(options)
    with sole_use(folder):
        before = lead_back(folder, to=options.to)
    print(
        f"form {before} led back to {options.to}: install the older gateway before the next start"
    )
    return 0


def _folder_to_change(options: argparse.Namespace) -> Path:
    folder = used_folder_of(options)
    act_as_owner(folder)
    return folder


def _policy(options: argparse.Namespace) -> BufferPolicy:
    return BufferPolicy() if options.config is None else load_settings(options.config).buffer


@contextmanager
def _lines(path: Path | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    with _private(path, "w") as file:
        yield file


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError:
        raise  # every command tells of that alike
    except OSError as exc:
        raise unwritable(path, exc) from exc


def _private(path: Path, mode: str) -> IO[Any]:
    """For its owner alone: patients' readings are in it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with _opening(path):
        return os.fdopen(os.open(path, flags, _PRIVATE), mode)
