"""Any input of `decode` -> one PCAP file, for tools that read those."""

from __future__ import annotations

from pathlib import Path

from edge.decoding.reading import read_captures
from edge.errors import SettingsError
from protocols.captures.pcap import CONTENT_20601, CONTENT_OTHER, format_pcap
from protocols.errors import EncodeError


def export_pcap(data: bytes, target: Path, *, is_stream: bool, session: str = "") -> int:
    """Write every message of `data` to `target`; how many. SettingsError when it cannot be.

    `session` chooses one capture of a file with several.
    """
    captures = read_captures(data, is_stream=is_stream)
    names = ", ".join(capture.id for capture in captures)
    if session:
        captures = tuple(capture for capture in captures if capture.id == session)
    if len(captures) != 1:
        raise SettingsError(
            f"a PCAP file takes one capture, and the input holds {names}",
            mend="Choose one by FILE#ID",
        )
    (capture,) = captures
    try:
        content = CONTENT_20601 if is_stream else CONTENT_OTHER
        octets = format_pcap(capture, content=content)
        target.write_bytes(octets)
    except EncodeError as exc:
        raise SettingsError(str(exc), mend="Cut the capture") from exc
    except OSError as exc:
        raise SettingsError(
            f"{target} cannot be written ({(exc.strerror or '').lower()})", mend="Name another file"
        ) from exc
    return len(capture.messages)
