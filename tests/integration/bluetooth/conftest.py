"""Every test here may have an air, a bluetoothd and devices."""

from __future__ import annotations

from tests.fixtures.bluetooth import bluetooth, hurried, message_bus

__all__ = ["bluetooth", "hurried", "message_bus"]
