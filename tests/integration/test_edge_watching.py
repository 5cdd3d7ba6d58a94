"""What a technician sees of a running gateway: its snapshot and log, and a service that crashed."""

from __future__ import annotations

from pathlib import Path

from edge.cli.top_rows import buffer_lines, device_rows, head_line, link_rows, task_rows
from edge.status.control import ask
from tests.fixtures.gateway import Gateway, status_json
from tests.fixtures.oximeter import Oximeter, connect
from tests.waiting import wait_until

MORE = """
[[devices]]
name = "monitor"
transport = "serial:/dev/serial/by-id/usb-Nobody*,9600"
[uplink]
mqtt_url = "mqtt://127.0.0.1:9"
"""


def test_a_running_gateway_shows_devices_ways_work_and_log(tmp_path: Path) -> None:
    gateway = Gateway.start(tmp_path, MORE)
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(1)
    gateway.wait_for_status("the reading", state="receiving")
    gateway.wait_for_status("the missing port", name="monitor", state="waiting")
    now = ask(gateway.data, "status")["status"]
    rows = {row.cells[0]: row for row in device_rows(now, None)}
    assert rows["0A-0B-0C-0D-0E-0F-00-01"].cells[1] == "receiving"
    assert "no port is named like" in rows["monitor"].cells[-1]
    assert "gw-1" in head_line(now)
    assert link_rows(now)[0].cells[:2] == ("mqtt", "down")
    assert any(text.startswith("recorder") for text in buffer_lines(now))
    tasks = {row.cells[0]: row.cells[1] for row in task_rows(now)}
    assert tasks["service control"] == tasks["service buffer watch"] == "runs"
    assert tasks["device monitor"] in ("waits", "runs")
    assert any(name.startswith("agent tcp:127.0.0.1") for name in tasks)
    assert any("associated" in text for text in ask(gateway.data, "log")["lines"])
    line.close()
    assert gateway.stop() == 0


def test_a_service_that_crashed_is_started_again_counted_and_shown(tmp_path: Path) -> None:
    """A folder stands where the control socket should be, until a person takes it away."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "control.sock").mkdir()
    gateway = Gateway.start(tmp_path)
    gateway.wait_for_status_file()

    def control() -> dict[str, object]:
        tasks = status_json(folder)["tasks"]
        # The first look may come before the task has begun.
        return next((item for item in tasks if item["name"] == "control"), {"failures": 0})

    wait_until(lambda: control()["failures"] != 0, timeout=20, what="the crash to be counted")
    assert control()["reason"] != ""
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(1)
    (folder / "control.sock").rmdir()
    wait_until(lambda: control()["state"] == "runs", timeout=40, what="the service to be back")
    assert ask(folder, "status")["status"]["gateway_id"] == "gw-1"
    line.close()
    assert gateway.stop() == 0
