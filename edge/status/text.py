"""The status for people: one line a device, one a way, one for the buffer."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from edge.buffer.recovery import held_rows
from edge.clock import ClockQuality
from edge.errors import BufferFaultError
from edge.status.file import is_in_use, read_status
from edge.status.snapshot import Snapshot

_LATE_SECONDS: Final = 5


def look(folder: Path) -> Snapshot:
    """The last snapshot, with what only an outsider can say: whether the gateway runs.

    `running`; when it does not, `rows_waiting` in its buffer, None when that cannot be read.
    """
    running = is_in_use(folder)
    snapshot = read_status(folder) or {}
    answer: Snapshot = {"running": running, **snapshot}
    if not running:
        try:
            answer["rows_waiting"] = held_rows(folder)
        except BufferFaultError:
            answer["rows_waiting"] = None
    return answer


def format_status(status: Snapshot, *, now: datetime) -> str:
    """Lines for a terminal."""
    lines = [_headline(status, now)]
    if "devices" in status:
        if not status["running"]:
            lines.append("What follows is how it stood then.")
        lines += [_device_line(device, now) for device in status["devices"]] or ["no devices yet"]
        lines += [
            f"DOUBLE    {system_id} is associated more than once: {', '.join(ids)}"
            for system_id, ids in status.get("doubles", {}).items()
        ]
        if status.get("radio"):
            lines.append(_radio_line(status["radio"]))
        lines += [_link_line(link, now) for link in status["uplink"]["links"]] or [
            "uplink    none configured: rows stay in the buffer"
        ]
        lines += _station_lines(status)
        lines += _membership_lines(status.get("membership") or {})
        lines.append(_buffer_line(status["buffer"]))
        lines.append(_delay_line(status["report_to_durable"]))
        lines += _recorder_lines(status.get("recorder"))
        lines += [_task_line(task) for task in status.get("tasks", []) if _is_told(task)]
        if status["clock"].get("quality") == ClockQuality.UNSET.value:
            lines.append(
                "clock     is not set: readings are taken, and sent when the time is known"
            )
        if status["clock"]["steps"]:
            lines.append(
                f"clock     was set {status['clock']['steps']} times, last by"
                f" {status['clock']['last_step_seconds']:+.1f} s"
            )
        if status.get("recovery"):
            recovery = status["recovery"]
            lines.append(
                f"recovery  the buffer's file was damaged: {recovery['salvaged']} rows read from"
                f" it, the rest is in {recovery['set_aside']}"
            )
    return "\n".join(lines)


def station_in_words(station: Snapshot) -> str:
    """One line: whether the vehicle is at its station, and why."""
    if station["until"] is not None:
        until = datetime.fromisoformat(station["until"])
        return f"{station['words']}; at the latest {until:%d %b %H:%M} UTC"
    network = f" {station['network']}" if station["network"] else ""
    return f"{station['words']}{network}"


def _station_lines(status: Snapshot) -> list[str]:
    """Nothing where it makes no difference."""
    station, budget = status.get("station"), status["uplink"].get("budget") or {}
    if not station or (budget.get("profile") != "thin" and not station["is_here"]):
        return []
    held = "; waveforms wait until then" if budget.get("holds_waveforms") else ""
    return [f"station   {station_in_words(station)}{held}"]


def _membership_lines(membership: Snapshot) -> list[str]:
    """What an operator has to know of the gateway's place in the fleet; nothing without one."""
    lines = []
    if membership.get("revoked") is not None:
        why = f": {membership['revoked']}" if membership["revoked"] else ""
        lines.append(f"REVOKED   the cloud takes nothing from this gateway any more{why}")
    if membership.get("enrolled"):
        version = membership["configuration_version"]
        trial = ", on trial" if membership["configuration_on_trial"] else ""
        lines.append(
            f"fleet     certificate until {membership['certificate_ends_at']},"
            f" configuration {version}{trial}"
        )
    lines += [f"scanned   {one['code']}: {one['words']}" for one in membership.get("scanned", ())]
    if membership.get("configuration_rolled_back"):
        lines.append(
            "fleet     a configuration was rolled back:"
            f" {membership['configuration_rolled_back'].replace('_', ' ')}"
        )
    return lines


def _headline(status: Snapshot, now: datetime) -> str:
    if status["running"]:
        agents = status.get("agents")
        listening = f", agents connect to {agents}" if agents else ""
        since = _ago(status.get("started_at"), now)
        silence = _seconds_since(status.get("at"), now)
        line = f"gateway   {status.get('gateway_id', '?')} runs{since}{listening}"
        if silence > max(_LATE_SECONDS, 3 * status.get("interval_seconds", 0)):
            line += (
                f"\nOLD       what follows is as of {silence} s ago: the gateway cannot write its"
                f" status; is the disk full?"
            )
        return line
    waiting = status["rows_waiting"]
    rows = "its buffer cannot be read" if waiting is None else f"{waiting} rows wait in its buffer"
    if "at" not in status:
        return f"gateway   does not run and never reported; {rows}"
    how = "stopped" if status.get("ended") else "ended without a word"
    return f"gateway   {status['gateway_id']} does not run: {how}{_ago(status['at'], now)}; {rows}"


def _device_line(device: dict[str, Any], now: datetime) -> str:
    parts = [f"device    {device['name']}: {device['state']}"]
    if device["model"]:
        parts.append(device["model"])
    parts.append(f"{device['observations']} readings, {device['confirmed']} reports confirmed")
    if device["last_report_at"]:
        parts.append(f"last{_ago(device['last_report_at'], now)}")
    troubles = {
        "refused": "reports refused",
        "missed": "reports missed",
        "discarded_octets": "octets of noise",
        "reconnects": "reconnects",
        "watchdog_trips": "silent lines torn down",
        "faults": "faults in the program",
    }
    parts += [f"{device[name]} {text}" for name, text in troubles.items() if device.get(name)]
    if device.get("clock_fault"):
        parts.append(f"CLOCK WRONG: {device['clock_fault']}")
    if device.get("is_battery_low"):
        left = device["battery_percent"]
        parts.append("BATTERY LOW" if left is None else f"BATTERY LOW: {left} %")
    if device["reason"]:
        parts.append(device["reason"].rstrip("."))
    return ", ".join(parts)


def _radio_line(radio: dict[str, Any]) -> str:
    if radio["is_up"]:
        line = f"radio     up on {', '.join(radio['adapters'])}"
    else:
        line = f"radio     DOWN ({radio['reason'].rstrip('.')})"
    if radio["rebuilds"]:
        line = f"{line}, built anew {radio['rebuilds']} times"
    return f"{line}, reset over USB {radio['usb_resets']} times" if radio["usb_resets"] else line


def _link_line(link: dict[str, Any], now: datetime) -> str:
    state = "up" if link["is_up"] else f"down ({link['reason'].rstrip('.')})"
    detail = f" {link['detail']}" if link["is_up"] and link["detail"] else ""
    line = (
        f"uplink    {link['way']}{detail} {link['url']}: {state}{_ago(link['since'], now)},"
        f" {link['acknowledged']} batches acknowledged"
    )
    if link["delay_seconds"] is not None:
        line += f" after {link['delay_seconds']:.1f} s, {link['octets'] / 1000:.0f} kB sent"
    if link["vain_since"]:
        line += f"; ACKNOWLEDGES NOTHING, noticed{_ago(link['vain_since'], now)}"
    elif link.get("poor_because"):
        line += f"; POOR ({link['poor_because']}), the other way is used"
    elif link.get("standing_words"):
        line += f"; {link['standing_words']}"
    if link.get("is_used"):
        line += f"; used: {link['used_because']}"
    if link.get("caution"):
        line += f"; CAUTION: {link['caution']}"
    return line


def _buffer_line(buffer: dict[str, Any]) -> str:
    waiting = ", ".join(f"{count} {stream}" for stream, count in buffer["waiting"].items())
    line = f"buffer    waiting: {waiting}; {buffer['octets_used'] / 1e6:.1f} MB used"
    if buffer["prepared"]:
        line += f"; {buffer['prepared']} ready to be sent"
    if buffer["oldest_seconds"] is not None:
        line += f"; oldest {buffer['oldest_seconds']:.0f} s"
    if buffer["quarantine"]:
        why = (f"{count} {reason}" for reason, count in buffer["quarantine_reasons"].items())
        line += f"; {buffer['quarantine']} rows in quarantine, not sent ({', '.join(why)})"
    if conflicting := buffer["totals"].get("conflicting"):
        line += f"; {conflicting} readings of another value under a known identity dropped"
    return line + ("; FULL: nothing is confirmed" if buffer["is_full"] else "")


def _recorder_lines(recorder: dict[str, Any] | None) -> list[str]:
    if recorder is None:
        return []
    if not recorder["enabled"]:
        return ["recorder  off: no octets are kept"]
    line = f"recorder  {recorder['octets'] / 1e6:.1f} MB in {recorder['segments']} files"
    if recorder["lost_octets"]:
        line += f"; {recorder['lost_octets']} octets LOST"
    if recorder["reason"]:
        line += f"; does not write ({recorder['reason']})"
    return [line]


def _is_told(task: dict[str, Any]) -> bool:
    """Services that failed; how a device is stands in its own line."""
    return task["group"] == "service" and bool(task["failures"])


def _task_line(task: dict[str, Any]) -> str:
    line = f"service   {task['name']} {task['state']}: failed {task['failures']} times"
    if task["faults"]:
        line += f", {task['faults']} by faults in the program"
    return line + f"; last: {task['reason'].rstrip('.')}"


def _delay_line(delays: dict[str, Any]) -> str:
    if not delays["count"]:
        return "delay     no report yet"
    return (
        f"delay     report to disk p50 {delays['p50_seconds'] * 1000:.1f} ms,"
        f" p99 {delays['p99_seconds'] * 1000:.1f} ms over {delays['count']} reports"
    )


def _ago(at: str | None, now: datetime) -> str:
    if at is None:
        return ""
    seconds = _seconds_since(at, now)
    if seconds < 120:
        return f" {seconds} s ago"
    minutes = seconds // 60
    return f" {minutes} min ago" if minutes < 120 else f" {minutes // 60} h ago"


def _seconds_since(at: str | None, now: datetime) -> int:
    if at is None:
        return 0
    return max(0, round((now - datetime.fromisoformat(at)).total_seconds()))
