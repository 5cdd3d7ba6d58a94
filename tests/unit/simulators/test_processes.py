"""Child processes: told apart, watched, and all gone at the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simulators.errors import NotReadyError, ProcessEndedError
from simulators.incident.processes import Processes
from tests.waiting import wait_until

READY = 'import sys,time; print(\'{"ready": "x", "port": 7}\', flush=True); '
STAY = READY + "time.sleep(60)"
STUBBORN = (
    "import signal,subprocess,sys; "
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    'print(\'{"ready": "x", "child": %d}\' % child.pid, flush=True); child.wait()'
)


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def test_a_ready_line_is_read_and_leaving_stops_the_child(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.launch("one", python(STAY))
        assert processes.wait_ready(child, seconds=10)["port"] == 7
        processes.check()
    assert not child.running


def test_grandchildren_go_too(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.launch("parent", python(STUBBORN))
        grandchild = int(str(processes.wait_ready(child, seconds=10)["child"]))
    wait_until(lambda: not alive(grandchild), timeout=5, what="the grandchild's end")


def test_of_a_log_only_what_went_wrong_is_said_and_what_it_means_for_the_data(
    tmp_path: Path,
) -> None:
    program = (
        "import os,sys; print('time=1 level=INFO source=a fine\\nat=2 level=warning room=b odd',"
        " file=sys.stderr, flush=True); os.kill(os.getpid(), 9)"
    )
    with Processes(tmp_path) as processes:
        processes.meaning = "All is safe."
        child = processes.launch("cloud", python(program))
        with pytest.raises(ProcessEndedError) as caught:
            processes.wait_ready(child, seconds=10)
    first, *others = [line.strip() for line in str(caught.value).splitlines()]
    assert first == f"cloud (process {child.pid}) was ended by SIGKILL (signal 9)."
    assert others == [
        "All is safe.",
        f"Run it again; if it happens again, look at the log: {tmp_path / 'cloud.log'}",
        "Its last warnings:",
        "at=2 level=warning room=b odd",
    ]


def test_a_silent_death_has_no_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.launch("cloud", python("import os; os.kill(os.getpid(), 9)"))
        with pytest.raises(ProcessEndedError) as caught:
            processes.wait_ready(child, seconds=10)
    assert "last warnings" not in str(caught.value)


def test_a_child_that_dies_is_named_with_its_last_words_and_its_log(tmp_path: Path) -> None:
    program = "import sys; sys.exit('vitalwire-edge: no disk space')"
    with Processes(tmp_path) as processes:
        child = processes.launch("edge", python(program))
        with pytest.raises(ProcessEndedError) as caught:
            processes.wait_ready(child, seconds=10)
    assert f"edge (process {child.pid}) ended with exit code 1." in str(caught.value)
    assert "no disk space" in str(caught.value)
    assert str(tmp_path / "edge.log") in str(caught.value)


def test_a_child_that_never_gets_ready_is_given_up(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.launch("slow", python("import time; time.sleep(60)"))
        with pytest.raises(NotReadyError, match=r"slow \(process \d+\) is not ready after 0 s"):
            processes.wait_ready(child, seconds=0.2)


def test_a_killed_child_starts_again_and_may_end_in_peace(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        child = processes.launch("edge", python(STAY))
        processes.wait_ready(child, seconds=10)
        processes.kill(child)
        processes.check()
        again = processes.again(child)
        processes.wait_ready(again, seconds=10)
        assert again.pid != child.pid
        os.kill(again.pid, 9)
        again.process.wait()
        with pytest.raises(ProcessEndedError, match="signal 9"):
            processes.check()


def test_our_own_settings_in_the_environment_do_not_reach_a_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_SECRET", "from-elsewhere")
    program = (
        "import json,os,time; print(json.dumps({'ready': 1, 'seen': os.environ.get('EDGE_SECRET'),"
        " 'given': os.environ['CLOUD_X']}), flush=True); time.sleep(60)"
    )
    with Processes(tmp_path) as processes:
        child = processes.launch("env", python(program), settings={"CLOUD_X": "1"})
        assert processes.wait_ready(child, seconds=10) == {"ready": 1, "seen": None, "given": "1"}
