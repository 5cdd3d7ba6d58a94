"""The terminal view for technicians: what is wrong stands first, and 80 by 24 is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from edge.__main__ import main
from edge.cli.top_rows import (
    BAD,
    GOOD,
    WARN,
    buffer_lines,
    device_rows,
    head_line,
    link_rows,
    task_rows,
)
from edge.cli.top_screen import TopScreen
from edge.errors import SettingsError

AT = "2026-03-01T12:00:10.000+00:00"


def device(name: str, state: str, **more: object) -> dict[str, Any]:
    return {
        "name": name,
        "state": state,
        "reason": "",
        "since": "2026-03-01T11:00:00.000+00:00",
        "last_report_at": "2026-03-01T12:00:09.000+00:00",
        "clock_fault": "",
        "is_battery_low": False,
        "battery_percent": None,
        "rssi_dbm": None,
        "reconnects": 0,
        "faults": 0,
        "observations": 100,
        **more,
    }


def snapshot(**more: object) -> dict[str, Any]:
    return {
        "gateway_id": "gw-1",
        "vehicle_id": "medic-7",
        "agents": "tcp:0.0.0.0:6024",
        "started_at": "2026-03-01T09:00:00.000+00:00",
        "at": AT,
        "devices": [
            device("monitor", "receiving", observations=140),
            device("cuff", "bond lost", reason="pair it again", last_report_at=None),
            device(
                "oximeter",
                "receiving",
                rssi_dbm=-61,
                reconnects=3,
                battery_percent=12,
                is_battery_low=True,
                clock_fault="it is 5 minutes behind",
                faults=1,
            ),
            device("old agent", "ended"),
        ],
        "uplink": {
            "links": [
                {
                    "way": "mqtt",
                    "is_up": True,
                    "detail": "TLS 1.3",
                    "reason": "",
                    "since": "2026-03-01T11:58:10.000+00:00",
                    "vain_since": None,
                    "acknowledged": 812,
                },
                {
                    "way": "https",
                    "is_up": False,
                    "detail": "",
                    "reason": "no route.",
                    "since": AT,
                    "vain_since": None,
                    "acknowledged": 0,
                },
            ],
            "retries": 2,
        },
        "buffer": {
            "waiting": {"events": 0, "numerics": 12, "waveforms": 340},
            "in_flight": 2,
            "quarantine": 1,
            "oldest_seconds": 3.2,
            "octets_used": 5_000_000,
            "octets_most": 1_000_000_000,
            "is_full": False,
        },
        "report_to_durable": {"count": 10, "p50_seconds": 0.0021, "p99_seconds": 0.0074},
        "clock": {"utc": AT, "steps": 1},
        "recorder": {
            "enabled": True,
            "octets": 12_000_000,
            "segments": 3,
            "lost_octets": 0,
            "reason": "",
        },
        "tasks": [
            task("service", "link mqtt", "runs"),
            task("service", "control", "waits", failures=2, faults=1, reason="fault: KeyError"),
            task("device", "cuff", "waits", failures=4, reason="no such port."),
        ],
        **more,
    }


def task(group: str, name: str, state: str, **more: object) -> dict[str, Any]:
    started = "2026-03-01T12:00:00.000+00:00"
    facts = {"since": started, "failures": 0, "faults": 0, "reason": ""}
    return {"group": group, "name": name, "state": state, **facts, **more}


def test_devices_that_need_a_hand_stand_first_with_what_is_wrong() -> None:
    before = snapshot(at="2026-03-01T12:00:08.000+00:00")
    before["devices"][0]["observations"] = 100
    rows = device_rows(snapshot(), before)
    assert [row.cells[0] for row in rows] == ["cuff", "oximeter", "monitor", "old agent"]
    assert [row.tone for row in rows[:3]] == [BAD, WARN, GOOD]
    assert rows[1].cells == (
        *("oximeter", "receiving", "60m", "", "1s", "-61", "3", "12%"),
        "clock: it is 5 minutes behind; battery low; 1 faults",
    )
    assert rows[2].cells[3] == "20.0", "readings a second between two looks"
    assert device_rows(snapshot(), None)[2].cells[3] == ""


def test_ways_buffer_and_work_are_said_in_lines() -> None:
    now = snapshot()
    assert head_line(now) == "medic-7  up 3h  agents: tcp:0.0.0.0:6024  gw-1"
    assert [row.cells[4] for row in link_rows(now)] == ["TLS 1.3", "no route"]
    now["radio"] = {"is_up": True, "adapters": ["hci0", "hci1"], "reason": ""}
    assert link_rows(now)[2].cells == ("radio", "up", "", "", "hci0, hci1")
    now["radio"] = {"is_up": False, "adapters": [], "reason": "no adapter."}
    assert (link_rows(now)[2].tone, link_rows(now)[2].cells[4]) == (BAD, "no adapter")
    text = "\n".join(buffer_lines(now))
    assert "events 0  numerics 12  waveforms 340" in text
    assert "claimed   2, retries 2, quarantine 1" in text
    assert "store     5.0 MB, 0 % full, oldest 3s" in text
    assert "p99 7.4 ms" in text
    assert "set 1 times" in text
    assert "recorder  12.0 MB in 3 files" in text
    names = [(row.cells[0], row.tone) for row in task_rows(now)]
    assert names == [
        ("service control", BAD),
        ("device cuff", WARN),
        ("service link mqtt", GOOD),
    ]


def test_bad_days_are_said_in_lines_too() -> None:
    now = snapshot(recorder=None)
    now["uplink"]["links"][0]["vain_since"] = AT
    assert link_rows(now)[0].cells[4] == "sends no receipts"
    now["uplink"]["links"][0] |= {"vain_since": None, "standing_words": "delivers, 0.1 s a batch"}
    assert link_rows(now)[0].cells[4] == "TLS 1.3, delivers, 0.1 s a batch"
    now["uplink"]["links"][0]["poor_because"] = "slow, 7.2 s a batch"
    assert link_rows(now)[0].cells[4] == "slow, 7.2 s a batch: the other way is used"
    now["uplink"]["links"][0] |= {"poor_because": "", "caution": "dates not checked"}
    (row, *_) = link_rows(now)
    assert (row.tone, row.cells[4]) == (WARN, "TLS 1.3, delivers, 0.1 s a batch; dates not checked")
    now["uplink"]["links"] = []
    now["buffer"] |= {"is_full": True, "oldest_seconds": None}
    now["report_to_durable"]["count"] = 0
    assert link_rows(now)[0].cells[4] == "rows stay in the buffer"
    text = "\n".join(buffer_lines(now))
    assert "FULL" in text
    assert "recorder  off" in text
    now["recorder"] = snapshot()["recorder"] | {"lost_octets": 9, "reason": "no space"}
    assert "9 lost, NOT WRITING: no space" in "\n".join(buffer_lines(now))


def answers(do: str) -> dict[str, Any]:
    if do == "status":
        return {"status": snapshot()}
    return {"lines": [f"12:00:0{number} info line {number}" for number in range(8)]}


def shown(screen: TopScreen) -> str:
    """What stands on the screen, line by line."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in screen.screen._compositor.render_strips()
    )


async def test_everything_fits_on_a_small_terminal() -> None:
    screen = TopScreen(answers)
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = shown(screen)
    for word in (
        *("gw-1", "medic-7", "cuff", "bond lost", "pair it again", "oximeter", "-61", "12%"),
        *("mqtt", "up", "https", "down", "numerics 12", "quarantine 1", "recorder", "clock"),
        *("service control", "line 7", "quit"),
    ):
        assert word in text, text


async def test_eight_devices_fit_on_a_small_terminal() -> None:
    full = snapshot(devices=[device(f"device {number}", "receiving") for number in range(8)])
    screen = TopScreen(lambda _do: {"status": full, "lines": []})
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = shown(screen)
    assert [f"device {number}" in text for number in range(8)] == [True] * 8


async def test_what_is_wrong_is_read_whole_on_a_small_terminal() -> None:
    name = "agent 0A-4D-56-00-00-00-00-B2"
    reason = "it let go of the bond: forget it on the device, then pair it again here"
    full = snapshot(devices=[device(name, "bond lost", reason=reason)])
    screen = TopScreen(lambda _do: {"status": full, "lines": []})
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        words = shown(screen).replace("\n", " ").split()
    for word in ("0A-4D-56-00-00-00-00-B2", *reason.split()):
        assert word in words, words
    assert "dBm" not in words, "no device has a radio here"


async def test_why_a_way_is_down_is_read_whole_on_a_small_terminal() -> None:
    full = snapshot()
    full["uplink"]["links"][0]["vain_since"] = AT
    full["buffer"] |= {"in_flight": 123, "oldest_seconds": 7000.0}
    full["uplink"]["retries"] = 4567
    screen = TopScreen(lambda _do: {"status": full, "lines": []})
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        text = shown(screen)
    for word in ("no", "receipts", "retries 4567", "oldest 116m", "12.0 MB in 3 files"):
        assert word in text, text


async def test_one_part_can_have_the_whole_screen() -> None:
    screen = TopScreen(answers)
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.press("l")
        await pilot.pause()
        text = shown(screen)
        assert "line 0" in text
        assert "oximeter" not in text
        await pilot.press("t")
        await pilot.pause()
        assert "device cuff" in shown(screen)
        await pilot.press("o")
        await pilot.pause()
        assert "oximeter" in shown(screen)


async def test_a_gateway_that_ends_meanwhile_is_told_whole_and_what_it_said_fades() -> None:
    words = "no gateway runs on /var/lib/vitalwire. Start it, or name its settings with --config."
    has_ended = False

    def until_then(do: str) -> dict[str, Any]:
        if has_ended:
            raise SettingsError(words)
        return answers(do)

    screen = TopScreen(until_then)
    async with screen.run_test(size=(60, 24)) as pilot:
        await pilot.pause()
        devices = screen.query_one("#devices")
        assert devices.styles.opacity == 1.0
        has_ended = True
        await screen.look()
        await pilot.pause()
        seen = " ".join(shown(screen).split())
        assert words in seen
        assert devices.styles.opacity < 0.5
        has_ended = False
        await screen.look()
        await pilot.pause()
        assert devices.styles.opacity == 1.0
        assert "no gateway runs" not in shown(screen)


async def test_a_gateway_that_has_just_begun_is_told() -> None:
    screen = TopScreen(lambda _do: {"status": {}, "lines": []})
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        head = screen.query_one("#head", Static)
        assert "has not looked at itself yet" in str(head.render())


def test_a_folder_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--data", str(tmp_path / "none")]) == 2
    assert "there is no data folder" in capsys.readouterr().err
