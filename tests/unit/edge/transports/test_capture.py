"""The recorder: the line works as before, and what passed can be read again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from edge.transports.capture import record_line
from protocols.captures import AGENT_TO_MANAGER, MANAGER_TO_AGENT, parse_capture
from tests.unit.edge.making import NOON, ManualTime


@dataclass(slots=True)
class Wire:
    """A line that says what it was given."""

    says: deque[bytes]
    heard: list[bytes] = field(default_factory=list)
    closed: bool = False

    async def read(self) -> bytes:
        return self.says.popleft() if self.says else b""

    async def write(self, data: bytes) -> None:
        self.heard.append(data)

    async def close(self) -> None:
        self.closed = True


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


async def test_both_directions_are_recorded_with_their_times(tmp_path: Path) -> None:
    time, wire = ManualTime(), Wire(deque([b"\x01", b"\x02\x03"]))
    line = record_line(wire, folder=tmp_path, device="ox 1/2", clock=time.clock, at=NOON)
    assert await line.read() == b"\x01"
    time.seconds += 1.5
    await line.write(b"\x09")
    assert await line.read() == b"\x02\x03"
    assert await line.read() == b""
    await line.close()
    assert (wire.heard, wire.closed) == ([b"\x09"], True)
    path = only_file(tmp_path)
    assert path.name.startswith("ox_1_2-2026")
    assert path.stat().st_mode & 0o777 == 0o600
    recorded = parse_capture(path.read_text(encoding="utf-8"), None)
    assert [(item.direction, item.seconds, item.octets) for item in recorded.messages] == [
        (AGENT_TO_MANAGER, 0.0, b"\x01"),
        (MANAGER_TO_AGENT, 1.5, b"\x09"),
        (AGENT_TO_MANAGER, 1.5, b"\x02\x03"),
    ]


async def test_a_line_that_cannot_be_recorded_works_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    wire = Wire(deque([b"\x01"]))
    folder = tmp_path / "file" / "records"
    line = record_line(wire, folder=folder, device="ox", clock=ManualTime().clock, at=NOON)
    assert line is wire
    assert await line.read() == b"\x01"
