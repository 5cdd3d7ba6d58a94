"""Every file of the room that holds a monitor has its line."""

from __future__ import annotations

import importlib
import pkgutil

import protocols.monitors
from protocols.monitors.base import Monitor
from protocols.monitors.registry import BY_NAME, MONITORS


def test_every_monitor_of_the_room_is_registered_once() -> None:
    found = []
    for item in pkgutil.iter_modules(protocols.monitors.__path__):
        module = importlib.import_module(f"protocols.monitors.{item.name}")
        monitor = getattr(module, "MONITOR", None)
        if monitor is not None:
            assert isinstance(monitor, Monitor)
            assert monitor.name == item.name
            found.append(monitor)
    assert sorted(found, key=lambda one: one.name) == list(MONITORS)
    assert {one.name: one for one in found} == BY_NAME


def test_a_monitor_names_its_document_and_its_line() -> None:
    for monitor in MONITORS:
        assert monitor.document
        assert monitor.line_settings
