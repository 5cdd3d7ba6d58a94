"""vitalwire-edge recorder: what the flight recorder keeps, as files and decoded again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from edge.cli.base import FAILED, add_command, unwritable
from edge.cli.place import add_place
from edge.decoding.again import Comparison, Difference, compare
from edge.decoding.recordings import export_lines
from edge.drivers.policy import DriverPolicy
from edge.errors import SettingsError
from edge.recorder.decoded import Made
from edge.recorder.references import OctetRange
from edge.recorder.ring import KeptRecording, Ring
from edge.recorder.segments import FOLDER
from edge.settings import load_settings
from protocols.nomenclature.lookup import find_by_name

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "recorder", "what the flight recorder keeps of the devices' octets"
    )
    acts = command.add_subparsers(required=True, metavar="WHAT")
    kept = add_command(acts, "list", "which recordings there are, and whether they are whole")
    _choosing(kept)
    kept.set_defaults(act=_list)
    export = add_command(
        acts, "export", "recordings as a capture file, for `decode` and the transport `replay:`"
    )
    _choosing(export)
    export.add_argument(
        "--octets",
        type=_place,
        metavar="RECORDING@OFFSET+LENGTH",
        help="only what an observation was decoded from, behind the association it needs",
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="write it there, for you alone")
    export.set_defaults(act=_export)
    octets = add_command(
        acts, "octets", "the octets an observation was decoded from, one line for each read"
    )
    add_place(octets)
    octets.add_argument("place", type=_place, metavar="RECORDING@OFFSET+LENGTH")
    octets.set_defaults(act=_octets)
    decode = add_command(acts, "decode", "decode again, and say what would differ from then")
    _choosing(decode)
    decode.add_argument(
        "--again", action="store_true", required=True, help="with this program, as it is now"
    )
    decode.set_defaults(act=_decode)


def _choosing(command: argparse.ArgumentParser) -> None:
    add_place(command)
    command.add_argument(
        "--device", metavar="NAME", help="only of this device: its name, address or System-Id"
    )
    command.add_argument("--recording", metavar="NAME", help="only this recording")
    for name, what in (("from", "not before"), ("to", "not after")):
        command.add_argument(
            f"--{name}",
            dest=f"{name}_",
            type=_time,
            metavar="TIME",
            help=f"{what} this time, as 2026-03-01T08:00; UTC unless it names its zone",
        )


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no time as 2026-03-01T08:00") from exc
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _place(text: str) -> OctetRange:
    try:
        return OctetRange.parse(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def _ring(options: argparse.Namespace) -> tuple[Ring, DriverPolicy]:
    if options.data is not None:
        return Ring(options.data / FOLDER), DriverPolicy()
    settings = load_settings(options.config)
    return Ring(settings.data / FOLDER), settings.drivers


def _chosen(ring: Ring, options: argparse.Namespace) -> list[KeptRecording]:
    found = [
        item
        for item in ring.recordings()
        if (options.device is None or item.is_of(options.device))
        and (options.recording is None or item.name == options.recording)
        and (options.from_ is None or item.last >= options.from_)
        and (options.to_ is None or item.first <= options.to_)
    ]
    if not found:
        raise SettingsError(
            "the recorder holds no such recording", mend="`recorder list` shows those it holds"
        )
    return found


def _list(options: argparse.Namespace) -> int:
    ring, _ = _ring(options)
    for item in _chosen(ring, options):
        how = "ended" if item.ended else "open"
        whole = "" if item.is_whole else ", its beginning is gone"
        lost = f", {item.lost_octets} octets lost" if item.lost_octets else ""
        print(
            f"{item.name:<12} {item.device}: {item.first:%Y-%m-%d %H:%M:%S} to"
            f" {item.last:%H:%M:%S} UTC, {item.received} octets in, {item.sent} out,"
            f" {item.decoded} readings, {how}{whole}{lost}"
        )
    damaged = [item for item in ring.segments if item.damaged_octets]
    octets = sum(item.octets for item in ring.segments)
    print(f"{len(ring.segments)} files, {octets / 1e6:.1f} MB", end="")
    print(f", {sum(item.damaged_octets for item in damaged)} octets damaged" if damaged else "")
    return FAILED if damaged else 0


def _export(options: argparse.Namespace) -> int:
    ring, _ = _ring(options)
    chosen = _chosen(ring, options)
    if options.out is None:
        _write_captures(ring, chosen, options, sys.stdout)
        return 0
    try:
        options.out.touch(mode=0o600, exist_ok=False)
        with options.out.open("w", encoding="utf-8") as file:
            _write_captures(ring, chosen, options, file)
    except OSError as exc:
        raise unwritable(options.out, exc) from exc
    print(f"{len(chosen)} recordings in {options.out}")
    return 0


def _write_captures(
    ring: Ring, chosen: list[KeptRecording], options: argparse.Namespace, file: TextIO
) -> None:
    place: OctetRange | None = options.octets
    for item in chosen:
        if place is not None and place.recording != item.name:
            continue
        lines = export_lines(ring, item, since=options.from_, until=options.to_, place=place)
        file.writelines(f"{line}\n" for line in lines)


def _octets(options: argparse.Namespace) -> int:
    ring, _ = _ring(options)
    octets, records = ring.octets_of(options.place)
    if ring.find(options.place.recording).facts.get("kind") != "gatt":
        print(octets.hex())
        return 0
    for record in records:
        print(record.payload.hex())
    return 0


def _decode(options: argparse.Namespace) -> int:
    ring, policy = _ring(options)
    same, differences = 0, 0
    for item in _chosen(ring, options):
        comparison = compare(ring, item, policy)
        same += comparison.same
        differences += len(comparison.differences)
        for line in _lines_of(comparison):
            print(line)
    print(f"{same} readings as they were, {differences} would differ")
    return 0


def _lines_of(comparison: Comparison) -> Iterator[str]:
    recording = comparison.recording
    if not recording.is_whole:
        yield f"{recording.name}: its beginning is gone; what needs it cannot be decoded"
    for difference in comparison.differences:
        yield _line_of(difference)


def _line_of(difference: Difference) -> str:
    then, now = difference.then, difference.now
    if then is None and now is not None:
        words = f"new: {_words(now)}"
    elif now is None and then is not None:
        words = f"no longer: {_words(then)}"
    elif then is not None and now is not None and then.says != now.says:
        words = f"was {_words(then)}, would be {_words(now)}"
    else:
        words = f"{_words(now or then)}: its value as then, its time, status or unit another"
    return f"{difference.place}  {words}"


def _words(made: Made | None) -> str:
    if made is None:
        return ""
    code, _, value = made.says.partition(" ")
    term = find_by_name(code)
    return f"{(term and term.reference_id) or code} {value}"
