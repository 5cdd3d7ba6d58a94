"""Device states, links and the buffer in words a crew understands, from the gateway's status."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from edge.crew.readings import Payload
from edge.uplink.window import Standing

_STATES: Final = {
    "waiting": ("looking for it", "bad"),
    "connected": ("connected, says nothing yet", "warn"),
    "associated": ("ready, no reading yet", "warn"),
    "receiving": ("sending readings", "good"),
    "stale": ("has fallen silent", "bad"),
    "refused": ("cannot be stored: the gateway's disk is full", "bad"),
    "ended": ("gone", "off"),
    "bond_lost": ("pairing lost: pair it again", "bad"),
}
_HIDDEN: Final = 6
_NO_BUDGET: Final = {"profile": "full", "holds_waveforms": False}
_SLOW: Final = (Standing.SLOW.value, Standing.UNSTEADY.value)


def devices_in_words(status: dict[str, Any]) -> list[Payload]:
    """Every device with its state in words; those that need a hand first."""
    rank = {"bad": 0, "warn": 1, "good": 2, "off": 3}
    found = [_device(one) for one in status.get("devices", ())]
    gone = [one for one in found if one["grade"] == "off"]
    shown = [one for one in found if one["grade"] != "off"] + gone[-_HIDDEN:]
    return sorted(shown, key=lambda one: (rank[str(one["grade"])], str(one["name"])))


def _device(one: dict[str, Any]) -> Payload:
    words, grade = _STATES.get(one["state"], (one["state"].replace("_", " "), "warn"))
    troubles = _troubles(one) if grade != "off" else []
    # On a narrow screen only the first words are seen.
    words = "; ".join((*troubles, words) if grade == "good" else (words, *troubles))
    percent = one.get("battery_percent")
    battery = f"battery {percent} %" if isinstance(percent, int) else ""
    return {
        "name": one["model"] or one["name"],
        "key": one["name"],
        "system_id": one.get("system_id", ""),
        "words": words,
        "grade": "warn" if grade == "good" and troubles else grade,
        "since": one["since"],
        "last": one["last_report_at"],
        "reason": one["reason"],
        "battery": battery,
    }


def _troubles(one: dict[str, Any]) -> list[str]:
    told = (
        (one.get("is_battery_low"), "battery is low"),
        (one.get("clock_fault"), "clock is wrong"),
    )
    return [words for is_so, words in told if is_so]


def uplink_in_words(status: dict[str, Any], now: datetime) -> Payload:
    """The way to the hospital: whether it is up, what is unsent and since when."""
    buffer, links = status.get("buffer", {}), status.get("uplink", {}).get("links", [])
    crew = status.get("crew") or {}
    outside = ("events_outside_buffer", "photographs_outside_buffer")
    waiting = sum(buffer.get("waiting", {}).values()) + sum(crew.get(one, 0) for one in outside)
    budget = status.get("uplink", {}).get("budget") or _NO_BUDGET
    oldest = buffer.get("oldest_seconds")
    up = [link for link in links if link["is_up"] and not link.get("vain_since")]
    if not links:
        state, words = "none", "no way to the hospital is set up"
    elif up:
        is_slow = any(link.get("is_used") and link.get("standing") in _SLOW for link in up)
        state, words = "up", f"connected to the hospital{', slowly' if is_slow else ''}"
    else:
        state, words = "down", "no connection: everything is kept on board"
    since = max((link["since"] for link in up or links if link["since"]), default=None)
    return {
        "state": state,
        "words": words,
        "since": since,
        "waiting": waiting,
        "oldest_at": None if oldest is None else now.timestamp() - oldest,
        "quarantine": buffer.get("quarantine", 0),
        "is_full": bool(buffer.get("is_full")),
        "all_sent": bool(up) and waiting == 0,
        "held": buffer.get("waiting", {}).get("waveforms", 0) if budget["holds_waveforms"] else 0,
        "station": _station(status, is_thin=budget["profile"] == "thin"),
    }


def _station(status: dict[str, Any], *, is_thin: bool) -> Payload | None:
    """Whether the vehicle is at its station; None where that makes no difference."""
    station = status.get("station")
    if not station or not is_thin:
        return None
    return {name: station[name] for name in ("is_here", "words", "until")}
