"""What the terminal view shows, from the gateway's snapshots: plain cells, no patient values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

Snapshot = dict[str, Any]

GOOD, WARN, BAD, PLAIN = "good", "warn", "bad", "plain"
_TONES: Final = {
    "receiving": GOOD,
    "associated": GOOD,
    "connected": WARN,
    "waiting": WARN,
    "stale": BAD,
    "bond lost": BAD,
    "refused": BAD,
    "ended": PLAIN,
}
_ORDER: Final = (BAD, WARN, GOOD, PLAIN)
DEVICE_COLUMNS: Final = (
    "device",
    "state",
    "since",
    "/s",
    "last",
    "dBm",
    "rec",
    "bat",
    "what is wrong",
)
LINK_COLUMNS: Final = ("way", "", "for", "acked", "")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of a table and the tone of the whole row."""

    cells: tuple[str, ...]
    tone: str = PLAIN


def device_rows(now: Snapshot, before: Snapshot | None) -> list[Row]:
    """One a device: those a person should see to first."""
    rows = [_device_row(device, now, before) for device in now.get("devices", [])]
    return sorted(rows, key=lambda row: _ORDER.index(row.tone))


def without_empty(rows: Sequence[Row], columns: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The table without the columns no row fills: their room is for what is wrong, the last one."""
    last = len(columns) - 1
    kept = [
        index for index in range(last + 1) if index == last or any(row.cells[index] for row in rows)
    ]
    narrow = [Row(tuple(row.cells[index] for index in kept), row.tone) for row in rows]
    return narrow, [columns[index] for index in kept]


def _device_row(device: Snapshot, now: Snapshot, before: Snapshot | None) -> Row:
    wrong = [device["reason"].rstrip(".")] if device["reason"] else []
    if device["clock_fault"]:
        wrong.append(f"clock: {device['clock_fault']}")
    if device["is_battery_low"]:
        wrong.append("battery low")
    if device["faults"]:
        wrong.append(f"{device['faults']} faults")
    tone = _TONES.get(device["state"], PLAIN)
    if wrong and tone == GOOD:
        tone = WARN
    battery, rssi = device["battery_percent"], device["rssi_dbm"]
    cells = (
        device["name"].removeprefix("agent "),
        device["state"],
        _age(device["since"], now["at"]),
        _rate(device, now, before),
        _age(device["last_report_at"], now["at"]),
        "" if rssi is None else str(rssi),
        str(device["reconnects"] or ""),
        "" if battery is None else f"{battery}%",
        "; ".join(wrong),
    )
    return Row(cells, tone)


def _rate(device: Snapshot, now: Snapshot, before: Snapshot | None) -> str:
    """Readings a second between two looks."""
    earlier = next(
        (item for item in (before or {}).get("devices", []) if item["name"] == device["name"]), None
    )
    seconds = _seconds((before or {}).get("at"), now["at"])
    if earlier is None or not seconds:
        return ""
    rate = max(0, device["observations"] - earlier["observations"]) / seconds
    return f"{rate:.1f}" if rate else ""


def head_line(now: Snapshot) -> str:
    """Who it is, and since when."""
    started = _age(now.get("started_at"), now["at"])
    agents = now.get("agents") or "nowhere"
    return f"{now['vehicle_id']}  up {started}  agents: {agents}  {now['gateway_id']}"


def link_rows(now: Snapshot) -> list[Row]:
    """The ways up, and the radio to the devices where there is one."""
    rows = []
    for link in now["uplink"]["links"]:
        state = "up" if link["is_up"] else "down"
        tone = GOOD if link["is_up"] else BAD
        words = link["detail"] if link["is_up"] else link["reason"].rstrip(".")
        if link["vain_since"]:
            tone, words = BAD, "sends no receipts"
        elif link.get("poor_because"):
            tone, words = WARN, f"{link['poor_because']}: the other way is used"
        elif link["is_up"] and link.get("standing_words"):
            words = f"{words}, {link['standing_words']}"
        if link.get("caution"):
            tone, words = WARN, f"{words}; {link['caution']}"
        since = _age(link["since"], now["at"])
        rows.append(Row((link["way"], state, since, str(link["acknowledged"]), words), tone))
    rows = rows or [Row(("none", "", "", "", "rows stay in the buffer"), WARN)]
    radio = now.get("radio")
    if radio:
        state, tone = ("up", GOOD) if radio["is_up"] else ("down", BAD)
        words = ", ".join(radio["adapters"]) if radio["is_up"] else radio["reason"].rstrip(".")
        rows.append(Row(("radio", state, "", "", words), tone))
    return rows


def buffer_lines(now: Snapshot) -> Iterator[str]:
    """Lanes, claims, quarantine; clock and recorder beside them."""
    buffer, uplink = now["buffer"], now["uplink"]
    lanes = "  ".join(f"{name} {count}" for name, count in buffer["waiting"].items())
    yield f"waiting   {lanes}"
    yield (
        f"claimed   {buffer['in_flight']}, retries {uplink['retries']}, quarantine"
        f" {buffer['quarantine']}"
    )
    oldest = buffer["oldest_seconds"]
    since = "" if oldest is None else f", oldest {_span(oldest)}"
    share = 100 * buffer["octets_used"] / max(1, buffer["octets_most"])
    full = "  FULL: nothing is confirmed" if buffer["is_full"] else ""
    yield f"store     {buffer['octets_used'] / 1e6:.1f} MB, {share:.0f} % full{since}{full}"
    delays = now["report_to_durable"]
    if delays["count"]:
        p99 = delays["p99_seconds"] * 1000
        yield f"to disk   p50 {delays['p50_seconds'] * 1000:.1f} ms, p99 {p99:.1f} ms"
    clock = now["clock"]
    steps = f", set {clock['steps']} times" if clock["steps"] else ""
    yield f"clock     {clock['utc'][:19].replace('T', ' ')} UTC{steps}"
    yield _recorder_line(now.get("recorder"))


def _recorder_line(recorder: Snapshot | None) -> str:
    if recorder is None or not recorder["enabled"]:
        return "recorder  off"
    line = f"recorder  {recorder['octets'] / 1e6:.1f} MB in {recorder['segments']} files"
    if recorder["lost_octets"]:
        line += f", {recorder['lost_octets']} lost"
    return line + (f", NOT WRITING: {recorder['reason']}" if recorder["reason"] else "")


def task_rows(now: Snapshot) -> list[Row]:
    """The tree of all work, flat; what failed first."""
    rows = []
    for task in now.get("tasks", []):
        tone = {"runs": GOOD, "waits": WARN}.get(task["state"], PLAIN)
        if task["faults"]:
            tone = BAD
        counts = f"{task['failures']} failed" if task["failures"] else ""
        if task["faults"]:
            counts += f", {task['faults']} faults"
        name = f"{task['group']} {task['name']}"
        since = _age(task["since"], now["at"])
        rows.append(Row((name, task["state"], since, counts, task["reason"].rstrip(".")), tone))
    return sorted(rows, key=lambda row: _ORDER.index(row.tone))


def _age(at: str | None, now: str) -> str:
    return "" if at is None else _span(_seconds(at, now))


def _seconds(at: str | None, now: str) -> float:
    if at is None:
        return 0.0
    return max(0.0, (datetime.fromisoformat(now) - datetime.fromisoformat(at)).total_seconds())


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole}s"
    minutes = whole // 60
    return f"{minutes}m" if minutes < 120 else f"{minutes // 60}h"
