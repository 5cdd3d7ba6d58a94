"""The snapshot, its file, its lines for people and its metrics."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.errors import StartError
from edge.recorder.policy import RecorderPolicy
from edge.recorder.recorder import FlightRecorder
from edge.status.file import STATUS_NAME, is_in_use, read_status, sole_use, write_status
from edge.status.logs import KeyValueFormatter
from edge.status.metrics import SnapshotCollector, serve_metrics
from edge.status.reporter import StatusReporter
from edge.status.snapshot import Snapshot, describe_uplink
from edge.status.text import format_status, look
from edge.supervision import TaskTree
from edge.uplink.budget import Budget, BudgetPolicy, Profile
from edge.uplink.link import LinkHealth
from edge.uplink.policy import Way
from edge.uplink.sender import SenderCounts
from protocols.uplink.messages import UplinkAck, UplinkBatch
from tests.unit.edge.making import NOON, ManualTime, ecg, spo2


class DownLink:
    """A way that is down."""

    def __init__(self) -> None:
        self.health = LinkHealth(Way.MQTT, "mqtt://broker")
        self.health.move(is_up=False, at=NOON, reason="no route")
        self.health.vain_since = NOON

    async def run(self) -> None:
        """It stays down."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        raise AssertionError(f"nothing is sent here: {batch.batch_id} {timeout_seconds}")


async def failing_tree(time: ManualTime) -> TaskTree:
    """Two services: one ended for good after a fault of the program and a known one."""
    tree = TaskTree(time.clock)
    outcomes: list[Exception] = [KeyError("x"), StartError("no port")]

    async def work() -> bool:
        if outcomes:
            raise outcomes.pop(0)
        return False

    await tree.keep("service", "control", work)
    return tree


async def snapshot_of(folder: Path, time: ManualTime) -> Snapshot:
    """One report of a gateway with a device, a way that is down, and two rows."""
    board = HealthBoard()
    device = DeviceHealth("ox", "serial:/dev/a", NOON, system_id="AA", model="Acme OX")
    device.move(DeviceState.STALE, at=NOON, reason="no report for 15 s")
    device.last_report_at = time.clock.utc()
    device.counts.observations = 2
    device.counts.missed = 1
    device.clock_fault = "it is 5 minutes behind"
    device.battery_percent, device.is_battery_low = 12, True
    device.link.reconnects = 3
    board.add(device)
    board.delays.record(0.002)
    buffer = ObservationBuffer(clock=time.clock)
    await buffer.open(folder, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="v")
    await buffer.append([spo2(1), ecg(1)])
    reporter = StatusReporter(
        gateway_id="gw-1",
        vehicle_id="medic-7",
        agents="tcp:127.0.0.1:6024",
        folder=folder,
        board=board,
        tree=await failing_tree(ManualTime()),
        recorder=FlightRecorder(folder, RecorderPolicy(enabled=False)),
        links=[DownLink()],
        sent=SenderCounts(),
        buffer=buffer,
        clock=time.clock,
    )
    time.seconds += 7
    await reporter.report()
    time.seconds += 60
    await reporter.report(ended=True)
    await buffer.close()
    return reporter.latest


async def test_a_snapshot_tells_devices_ways_buffer_clock_and_delay(tmp_path: Path) -> None:
    snapshot = await snapshot_of(tmp_path, ManualTime())
    assert read_status(tmp_path) == snapshot
    (device,) = snapshot["devices"]
    assert (device["state"], device["observations"], device["missed"]) == ("stale", 2, 1)
    assert (device["is_battery_low"], device["rssi_dbm"]) == (True, None)
    assert snapshot["uplink"]["links"][0]["reason"] == "no route"
    assert snapshot["buffer"]["waiting"] == {"events": 0, "numerics": 1, "waveforms": 1}
    assert snapshot["buffer"]["oldest_seconds"] == 67.0
    assert snapshot["report_to_durable"]["p50_seconds"] == 0.002
    assert snapshot["clock"] == {
        "quality": "plausible",
        "utc": snapshot["at"],
        "uptime_seconds": 60.0,
        "steps": 0,
        "last_step_seconds": 0.0,
    }


async def test_people_get_lines(tmp_path: Path) -> None:
    await snapshot_of(tmp_path, ManualTime())
    status = look(tmp_path)
    text = format_status(status, now=NOON + timedelta(seconds=200))
    assert "gw-1 does not run: stopped 33 s ago; 2 rows wait in its buffer" in text
    assert "device    ox: stale, Acme OX, 2 readings" in text
    assert "1 reports missed, 3 reconnects" in text
    assert "CLOCK WRONG: it is 5 minutes behind, BATTERY LOW: 12 %" in text
    assert "down (no route)" in text
    assert "ACKNOWLEDGES NOTHING, noticed 3 min ago" in text
    assert "report to disk p50 2.0 ms" in text
    assert "recorder  off: no octets are kept" in text
    assert "service   control ended: failed 2 times, 1 by faults in the program" in text


@pytest.mark.parametrize(
    ("profile", "station", "line"),
    [
        (
            "thin",
            {"is_here": False, "words": "not at the station", "until": None, "network": ""},
            "station   not at the station; waveforms wait until then\n",
        ),
        (
            "full",
            {"is_here": True, "words": "by its network", "until": None, "network": "wlan0"},
            "station   by its network wlan0\n",
        ),
        (
            "thin",
            {
                "is_here": True,
                "words": "said",
                "until": "2026-03-01T18:05:00+00:00",
                "network": "",
            },
            "station   said; at the latest 01 Mar 18:05 UTC\n",
        ),
        ("full", {"is_here": False, "words": "not there", "until": None, "network": ""}, ""),
    ],
)
async def test_the_station_is_told_where_it_makes_a_difference(
    tmp_path: Path, profile: str, station: dict[str, object], line: str
) -> None:
    policy = BudgetPolicy(profile=Profile(profile))
    budget = Budget(policy, (), is_at_station=lambda: bool(station["is_here"]))
    uplink = describe_uplink([], SenderCounts(), budget, now=10.0)
    status = await snapshot_of(tmp_path, ManualTime()) | {"uplink": uplink, "station": station}
    text = format_status(status | {"running": True}, now=NOON)
    assert line in text
    assert text.count("station   ") == bool(line)
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: status))
    held = float(budget.is_thin)
    assert f"vitalwire_edge_uplink_holds_waveforms {held}" in generate_latest(registry).decode()


async def test_a_poor_way_and_the_one_used_for_it_are_told_in_words(tmp_path: Path) -> None:
    poor = LinkHealth(Way.MQTT, "mqtt://broker", poor_because="slow, 7.2 s a batch")
    used = LinkHealth(Way.HTTPS, "https://cloud", is_used=True, uses=3, used_because="mqtt is poor")
    poor.caution = "the dates of its certificate were not checked"
    for health in (poor, used):
        health.move(is_up=True, at=NOON)
    for second in range(4):
        used.window.note(began=second, now=second + 0.25, octets=500)
    used.window.note_vain(began=5.0, now=6.0)
    uplink = describe_uplink([poor, used], SenderCounts(), now=10.0)
    link = uplink["links"][1]
    assert (link["standing"], link["round_trip_seconds"]) == ("good", 0.25)
    assert (link["octets_per_second"], link["failure_share"]) == (1000, 0.2)
    status = await snapshot_of(tmp_path, ManualTime()) | {"uplink": uplink}
    text = format_status(status | {"running": True}, now=NOON)
    assert "; POOR (slow, 7.2 s a batch), the other way is used" in text
    assert "; delivers, 0.5 s a batch; used: mqtt is poor" in text
    assert text.count("; CAUTION: the dates of its certificate were not checked") == 1
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: status))
    metrics = generate_latest(registry).decode()
    for line in (
        'vitalwire_edge_link_used{way="https"} 1.0',
        'vitalwire_edge_link_uses_total{way="https"} 3.0',
        'vitalwire_edge_link_round_trip_seconds{way="https"} 0.25',
        'vitalwire_edge_link_octets_per_second{way="https"} 1000.0',
        'vitalwire_edge_link_failure_share{way="https"} 0.2',
        'vitalwire_edge_link_standing{standing="good",way="https"} 1.0',
        'vitalwire_edge_link_standing{standing="unknown",way="mqtt"} 1.0',
    ):
        assert line in metrics


async def test_a_gateway_that_runs_and_says_nothing_is_told(tmp_path: Path) -> None:
    await snapshot_of(tmp_path, ManualTime())
    with sole_use(tmp_path):
        text = format_status(look(tmp_path), now=NOON + timedelta(hours=1))
    assert "runs 57 min ago" in text or "runs 58 min ago" in text
    assert "as of 3433 s ago: the gateway cannot write its status" in text


def test_a_buffer_that_cannot_be_read_leaves_the_rest_of_the_status(tmp_path: Path) -> None:
    (tmp_path / "buffer.db").write_bytes(b"rubbish" * 1000)
    assert "its buffer cannot be read" in format_status(look(tmp_path), now=NOON)


def test_a_folder_without_a_status_is_told_so(tmp_path: Path) -> None:
    text = format_status(look(tmp_path), now=NOON)
    assert text == "gateway   does not run and never reported; 0 rows wait in its buffer"


async def test_metrics_show_the_snapshot(tmp_path: Path) -> None:
    snapshot = await snapshot_of(tmp_path, ManualTime())
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: snapshot))
    text = generate_latest(registry).decode()
    for line in (
        'vitalwire_edge_device_state{device="ox",state="stale"} 1.0',
        'vitalwire_edge_device_observations_total{device="ox"} 2.0',
        'vitalwire_edge_device_clock_wrong{device="ox"} 1.0',
        'vitalwire_edge_device_battery_low{device="ox"} 1.0',
        'vitalwire_edge_device_battery_percent{device="ox"} 12.0',
        'vitalwire_edge_device_reconnects_total{device="ox"} 3.0',
        'vitalwire_edge_task_running{group="service",name="control"} 0.0',
        'vitalwire_edge_task_failures_total{group="service",name="control"} 2.0',
        'vitalwire_edge_task_faults_total{group="service",name="control"} 1.0',
        "vitalwire_edge_restarts_held_back_total 0.0",
        "vitalwire_edge_recorder_lost_octets_total 0.0",
        'vitalwire_edge_buffer_waiting{stream="waveforms"} 1.0',
        'vitalwire_edge_link_up{way="mqtt"} 0.0',
        'vitalwire_edge_link_vain{way="mqtt"} 1.0',
        'vitalwire_edge_report_to_durable_seconds_bucket{le="0.0025"} 1.0',
        "vitalwire_edge_report_to_durable_seconds_count 1.0",
        'vitalwire_edge_buffer_rows_total{fate="stored"} 2.0',
    ):
        assert line in text


def test_metrics_before_the_first_snapshot_are_none() -> None:
    assert list(SnapshotCollector(dict).collect()) == []


def test_a_taken_metrics_port_is_told() -> None:
    stop = serve_metrics("127.0.0.1", 0, dict)
    stop()
    with pytest.raises(StartError, match="metrics_listen"):
        serve_metrics("203.0.113.1", 1, dict)


def test_a_folder_is_used_by_one_gateway_at_a_time(tmp_path: Path) -> None:
    assert not is_in_use(tmp_path)
    with sole_use(tmp_path):
        assert is_in_use(tmp_path)
        with pytest.raises(StartError, match="another gateway"):
            enter(tmp_path)
    assert not is_in_use(tmp_path)
    enter(tmp_path)


def enter(folder: Path) -> None:
    with sole_use(folder):
        pass


def test_a_status_on_a_full_disk_takes_the_room_of_the_last_one(tmp_path: Path) -> None:
    """A folder that takes no new file stands for the disk that has no room for one."""
    write_status(tmp_path, {"a": "x" * 100})
    (tmp_path / f"{STATUS_NAME}.draft").mkdir()
    write_status(tmp_path, {"b": 2})
    assert read_status(tmp_path) == {"b": 2}
    write_status(tmp_path, {"c": 3})
    assert read_status(tmp_path) == {"c": 3}


def test_a_status_file_is_private(tmp_path: Path) -> None:
    write_status(tmp_path, {"a": 1})
    assert (tmp_path / STATUS_NAME).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "[]", "{", "null"])
def test_a_status_file_that_is_none_is_no_status(tmp_path: Path, content: str) -> None:
    (tmp_path / STATUS_NAME).write_text(content, encoding="utf-8")
    assert read_status(tmp_path) is None


def test_a_status_is_replaced_whole(tmp_path: Path) -> None:
    write_status(tmp_path, {"a": 1})
    write_status(tmp_path, {"b": 2})
    assert read_status(tmp_path) == {"b": 2}
    assert [path.name for path in tmp_path.iterdir()] == [STATUS_NAME]


def test_log_lines_are_keys_and_values_on_one_line() -> None:
    record = logging.LogRecord(
        "edge.x", logging.INFO, "f", 1, "line open device=%s reason=%r", ("ox", "a\nb"), None
    )
    line = KeyValueFormatter().format(record)
    assert "\n" not in line
    assert line.endswith("level=info room=edge.x event=\"line open\" device=ox reason='a\\nb'")


async def test_rows_in_quarantine_are_shown_with_their_reasons(tmp_path: Path) -> None:
    snapshot = await snapshot_of(tmp_path, ManualTime())
    snapshot["buffer"] |= {"quarantine": 2, "quarantine_reasons": {"unreadable_row": 2}}
    text = format_status(look(tmp_path) | {"buffer": snapshot["buffer"]}, now=NOON)
    assert "2 rows in quarantine, not sent (2 unreadable_row)" in text
