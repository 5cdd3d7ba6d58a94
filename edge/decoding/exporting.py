"""Any input of `decode` -> one PCAP file, for tools that read those."""

from __future__ import annotations

from pathlib import Path

from edge.decoding.reading import read_captures
from edge.errors import SettingsError
from protocols.captures.pcap import format_pcap
from protocols.errors import EncodeError


def export_pcap(data: bytes, target: Path, *, is_stream: bool) -> int:
    """Write every message of `data` to `target`; how many. SettingsError when it cannot be."""
    captures = read_captures(data, is_stream=is_stream)
    if len(captures) > 1:
        names = ", ".join(capture.id for capture in captures)
        raise SettingsError(
            f"the input holds {len(captures)} captures: {names}",
            mend="A PCAP file takes one; give a file with one of them",
        )
    (capture,) = captures
    try:
        octets = format_pcap(capture)
        target.write_bytes(octets)
    except EncodeError as exc:
        raise SettingsError(str(exc), mend="Cut the capture") from exc
    except OSError as exc:
        raise SettingsError(
            f"{target} cannot be written ({(exc.strerror or '').lower()})", mend="Name another file"
        ) from exc
    return len(capture.messages)
