"""The whole gateway with its crew page, killed between a press and whatever comes next."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from protocols.model.crew import AttachmentPart, CrewEvent
from simulators.incident.listening import free_port
from tests.fixtures.gateway import BASE, Gateway, held
from tests.fixtures.served_crew import OWN, PIN
from tests.waiting import wait_until

JPEG = b"\xff\xd8\xff\xda\x00\x02" + bytes(60_000) + b"\xff\xd9"


def settings(folder: Path, port: int) -> str:
    return BASE.format(data=folder / "data") + f'[crew]\nlisten = "tcp:127.0.0.1:{port}"\n'


def set_pin(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "edge.toml").write_text(text, encoding="utf-8")
    answer = subprocess.run(
        [sys.executable, "-m", "edge", "crew-pin", "--config", str(folder / "edge.toml")],
        input=f"{PIN}\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert answer.stdout == "PIN set\n"


@contextmanager
def unlocked(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=OWN, timeout=20) as client:
        assert client.post("/unlock", json={"pin": PIN, "member": "crew-11"}).status_code == 200
        yield client


def test_no_press_that_was_called_saved_is_lost_over_kills(tmp_path: Path) -> None:
    port = free_port()
    text = settings(tmp_path, port)
    set_pin(tmp_path, text)
    told: list[str] = []
    for _ in range(2):
        gateway = Gateway.start_with(tmp_path, text)
        with unlocked(port) as client:
            threading.Timer(0.4, gateway.process.kill).start()
            try:
                while True:
                    event = {"id": str(uuid4()), "kind": "shock"}
                    if client.post("/events", json=event).status_code == 201:
                        told.append(event["id"])
            except httpx.TransportError:
                gateway.kill()
    gateway = Gateway.start_with(tmp_path, text)
    with unlocked(port) as client:
        picture = str(uuid4())
        assert client.post(f"/photographs/{picture}", content=JPEG).status_code == 201
    gateway.kill()
    gateway = Gateway.start_with(tmp_path, text)
    marked = gateway.data / "crew" / f"{picture}.buffered"
    wait_until(marked.exists, timeout=20, what="the picture's pieces in the buffer")
    metrics = (gateway.data / "status.json").read_text(encoding="utf-8")
    assert gateway.stop() == 0
    contents = held(gateway.data)
    events = [str(one.event_id) for one in contents if isinstance(one, CrewEvent)]
    assert len(events) == len(set(events))
    assert set(told) <= set(events)
    assert len(told) > 1
    pieces = {one.part: one for one in contents if isinstance(one, AttachmentPart)}
    assert b"".join(pieces[part].octets for part in sorted(pieces)) == JPEG
    assert '"crew"' in metrics
    assert PIN not in gateway.log.read_text(encoding="utf-8")


def test_a_taken_port_is_said_before_anything_runs(tmp_path: Path) -> None:
    port = free_port()
    first = Gateway.start_with(tmp_path / "one", settings(tmp_path / "one", port))
    try:
        (tmp_path / "two").mkdir()
        (tmp_path / "two" / "edge.toml").write_text(settings(tmp_path / "two", port))
        second = subprocess.run(
            [sys.executable, "-m", "edge", "run", "--config", str(tmp_path / "two" / "edge.toml")],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert second.returncode == 2
        assert "crew.listen" in second.stderr
    finally:
        assert first.stop() == 0
