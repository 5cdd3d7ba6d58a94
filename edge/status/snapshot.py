"""One look at everything, in plain values: what the status file holds and the metrics show."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from edge.buffer.answers import BufferCounts
from edge.clock import ClockQuality, ClockWatch
from edge.drivers.delays import BOUNDS, Delays
from edge.drivers.health import DeviceHealth, HealthBoard
from edge.recorder.recorder import RecorderHealth
from edge.supervision import TaskTree
from edge.transports.ble.radio import RadioHealth
from edge.uplink.budget import Budget
from edge.uplink.link import LinkHealth
from edge.uplink.sender import SenderCounts
from edge.uplink.window import Measured

Snapshot = dict[str, Any]
FORM = 1


def describe_device(health: DeviceHealth) -> Snapshot:
    """One device."""
    counts = health.counts
    return {
        "name": health.name,
        "address": health.address,
        "state": health.state.value,
        "reason": health.reason,
        "since": _text(health.since),
        "system_id": health.system_id,
        "model": health.model,
        "last_report_at": _text(health.last_report_at),
        "clock_fault": health.clock_fault,
        "battery_percent": health.battery_percent,
        "is_battery_low": health.is_battery_low,
        "rssi_dbm": health.link.rssi_dbm,
        "reconnects": health.link.reconnects,
        "watchdog_trips": health.link.watchdog_trips,
        **{name: getattr(counts, name) for name in type(counts).__slots__},
    }


def describe_devices(board: HealthBoard) -> Snapshot:
    """All devices and the delay from report to disk."""
    p50, p99 = board.delays.percentiles(0.5, 0.99)
    return {
        "devices": [describe_device(health) for health in board],
        "agents_turned_away": board.turned_away,
        "doubles": {system_id: list(ids) for system_id, ids in board.doubles.items()},
        "report_to_durable": {
            "count": board.delays.count,
            "p50_seconds": p50,
            "p99_seconds": p99,
            "most_seconds": board.delays.most if board.delays.count else None,
            "sum_seconds": board.delays.total,
            "buckets": _cumulative(board.delays),
        },
    }


def describe_radio(health: RadioHealth) -> Snapshot:
    """The host's Bluetooth."""
    return asdict(health)


def describe_recorder(health: RecorderHealth) -> Snapshot:
    """The ring of raw octets."""
    return asdict(health)


def describe_tasks(tree: TaskTree) -> list[Snapshot]:
    """Every piece of work, group by group."""
    return [
        {
            "group": node.group,
            "name": node.name,
            "state": node.state.value,
            "since": _text(node.since),
            "starts": node.starts,
            "failures": node.failures,
            "faults": node.faults,
            "reason": node.reason,
            "retry_seconds": round(node.retry_seconds, 1),
        }
        for node in tree
    ]


def describe_uplink(
    links: list[LinkHealth], counts: SenderCounts, budget: Budget | None = None, *, now: float
) -> Snapshot:
    """The ways up, what went up, and what it cost; `now` in monotonic seconds."""
    return {
        "budget": budget
        and {
            "profile": budget.policy.profile.value,
            "holds_waveforms": budget.is_thin,
            "octets_per_hour": budget.policy.octets_per_hour,
            "octets_last_hour": round(budget.spent),
            "octets": budget.total,
        },
        "links": [describe_link(link, link.window.measure(now=now)) for link in links],
        **{name: getattr(counts, name) for name in type(counts).__slots__},
    }


def describe_link(link: LinkHealth, measured: Measured) -> Snapshot:
    """One way: how it stands, and what it did over the last while."""
    return {
        "way": link.way.value,
        "url": link.url,
        "is_up": link.is_up,
        "detail": link.detail,
        "reason": link.reason,
        "since": _text(link.since),
        "vain_since": _text(link.vain_since),
        "is_used": link.is_used,
        "uses": link.uses,
        "used_because": link.used_because,
        "poor_because": link.poor_because,
        "caution": link.caution,
        "standing": measured.standing.value,
        "standing_words": measured.words,
        "sent": link.sent,
        "acknowledged": link.acknowledged,
        "octets": link.octets,
        "delay_seconds": _rounded(link.quality.delay),
        "round_trip_seconds": _rounded(measured.round_trip),
        "octets_per_second": _rounded(measured.octets_per_second),
        "failure_share": round(measured.failure_share, 3),
        "stalls": link.quality.stalls,
    }


def describe_buffer(counts: BufferCounts, *, now: datetime) -> Snapshot:
    """What waits, since when, and how much room is left."""
    oldest = counts.oldest_captured_at
    return {
        "waiting": counts.waiting,
        "in_flight": counts.claimed,
        "prepared": counts.prepared,
        "quarantine": counts.quarantine,
        "quarantine_reasons": counts.quarantine_reasons,
        "oldest_seconds": None if oldest is None else max(0.0, (now - oldest).total_seconds()),
        "octets_used": counts.octets_used,
        "octets_most": counts.octets_most,
        "is_full": counts.is_full,
        "boot_epoch": counts.boot_epoch,
        "totals": counts.totals,
    }


def describe_clock(
    watch: ClockWatch, *, now: datetime, uptime_seconds: float, quality: ClockQuality
) -> Snapshot:
    """The two clocks, and how far the wall clock can be trusted."""
    return {
        "quality": quality.value,
        "utc": _text(now),
        "uptime_seconds": round(uptime_seconds, 3),
        "steps": watch.steps,
        "last_step_seconds": round(watch.last_step_seconds, 3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _cumulative(delays: Delays) -> list[list[float | int]]:
    total, rows = 0, []
    for bound, count in zip(BOUNDS, delays.by_bound, strict=False):
        total += count
        rows.append([bound, total])
    return rows


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
