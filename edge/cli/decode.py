"""vitalwire-edge decode: what octets say."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.base import FAILED, add_command
from edge.decoding.exporting import export_pcap
from edge.decoding.kinds import BY_NAME
from edge.decoding.report import Decoding, kind_of
from edge.errors import SettingsError

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    kinds = "\n".join(
        f"  {', '.join(kind.names):<28} {kind.what}" for kind in dict.fromkeys(BY_NAME.values())
    )
    command = add_command(
        commands,
        "decode",
        "what octets say: hexadecimal lines, raw octets, a capture file or a PCAP file",
    )
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = f"KIND is one of\n{kinds}"
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
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Print what the octets say."""
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
