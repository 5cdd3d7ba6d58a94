"""The demo from one command: it reconciles, it can be stopped, and it says what went wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.waiting import wait_until

DEMO = [sys.executable, "-m", "simulators", "demo"]
FROM_MAKE = ("DATABASE_URL", "CAPTURE", "DEMO_FLAGS", "MAKELEVEL")
PROJECT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in FROM_MAKE}


def run_demo(*options: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DEMO, *options],
        cwd=PROJECT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that mention the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(folder) in words:
                found.append(words)
    return found


class Running:
    """A demo that runs; its output as far as it has come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder.parent / "output.txt"
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                [*DEMO, "--check", "--patient-seconds", "60", "--data", str(folder)],
                cwd=PROJECT,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for_patient(self) -> None:
        wait_until(
            lambda: "[6/8]" in self.said() or self.process.poll() is not None,
            timeout=60,
            what="the patient",
        )
        assert self.process.poll() is None, self.said()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    demo = Running(tmp_path / "data")
    yield demo
    if demo.process.poll() is None:
        demo.process.kill()
    demo.process.wait()


def test_the_demo_reconciles_and_leaves_bundle_and_ledger(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = run_demo("--check", "--patient-seconds", "10", "--data", str(data))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The ledger reconciles" in done.stdout
    ledger = json.loads((data / "ledger.json").read_text())
    assert ledger["reconciles"] is True
    assert [device["device"] for device in ledger["devices"]] == [
        "oximeter",
        "blood-pressure",
        "ecg",
        "defibrillator",
    ]
    assert all(device["made"] == device["in_bundle"] > 0 for device in ledger["devices"])
    assert sum(device["live_samples_in_bundle"] for device in ledger["devices"]) == 2 * 2000
    bundle = json.loads((data / "handover-bundle.json").read_text())
    assert bundle["resourceType"] == "Bundle"
    told = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert {"Condition", "Procedure", "AllergyIntolerance"} <= told
    document = json.loads((data / "handover-document.json").read_text())
    assert document["type"] == "document"
    assert processes_of(data) == []


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_demo_ends_everything_it_started(
    running: Running, number: signal.Signals
) -> None:
    running.wait_for_patient()
    running.process.send_signal(number)
    assert running.process.wait(30) == 130
    assert "Stopped. Everything that was started has been ended." in running.said()
    wait_until(lambda: not processes_of(running.folder), timeout=5, what="the children's end")


def test_a_killed_demo_leaves_no_program_and_no_port_behind(running: Running) -> None:
    cloud_says = running.folder / "logs" / "cloud.out"
    wait_until(
        lambda: cloud_says.exists() and cloud_says.read_text().endswith("\n"),
        timeout=60,
        what="the cloud",
    )
    address = urlsplit(json.loads(cloud_says.read_text())["http"])
    running.process.kill()
    wait_until(lambda: not processes_of(running.folder), timeout=10, what="the children's end")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.hostname, address.port))


@pytest.mark.soak
@pytest.mark.parametrize("program", ["edge", "cloud"])
def test_a_child_that_dies_is_named_with_its_log_and_the_others_are_ended(
    running: Running, program: str
) -> None:
    running.wait_for_patient()
    pid = json.loads((running.folder / "logs" / f"{program}.out").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    assert running.process.wait(30) == 2
    told = running.said()
    assert f"vitalwire-sim: {program} (process {pid}) was ended by SIGKILL (signal 9)." in told
    assert f"What the devices were told is safe in {running.folder}" in told
    assert str(running.folder / "logs" / f"{program}.log") in told
    assert "level=INFO" not in told
    assert "Traceback" not in running.said()
    assert processes_of(running.folder) == []


@pytest.mark.parametrize("first", ["simulators.commands", "httpx", "numpy"])
def test_ctrl_c_while_the_program_loads_is_quiet(tmp_path: Path, first: str) -> None:
    """The interrupt comes at the moment a module of ours or a library's begins to load."""
    program = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {first!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        # Who starts the tests in the background has them ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from simulators.__main__ import main\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        f"sys.exit(main(['demo', '--check', '--data', {str(tmp_path / 'data')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode in (130, -signal.SIGINT)
    assert done.stderr == ""
    assert processes_of(tmp_path) == []


def test_a_taken_port_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        data = tmp_path / "data"
        done = run_demo("--check", "--cloud-port", str(port), "--data", str(data))
    assert done.returncode == 2
    assert done.stderr.startswith(f"vitalwire-sim: port {port} (cloud) is taken")
    assert len(done.stderr.splitlines()) == 1


def test_an_unreachable_database_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://somebody:secret@127.0.0.1:{closed.getsockname()[1]}/none"
        done = run_demo("--check", "--data", str(tmp_path / "data"), "--database-url", url)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr + done.stdout
