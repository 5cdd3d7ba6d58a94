"""Orders by name, carried out one after the other: from a test, a scenario or the control socket.

    plan = FaultPlan(place)
    await plan.carry_out({"do": "vanish", "device": "oximeter"})
    await plan.carry_out({"do": "refuse", "member": "Connect", "error": "InProgress", "times": 3})

    [{"at": 20, "do": "vanish", "device": "oximeter"}, {"at": 35, "do": "appear", ...}]

A plan in a file is a list of orders, each with the second of the patient's time it falls due.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from simulators.bluetooth.faults import device_orders, host_orders
from simulators.bluetooth.faults.order import Answer, Order, OrderKind
from simulators.bluetooth.place import BluetoothPlace
from simulators.errors import DeviceSettingsError

ORDERS: Final[tuple[OrderKind, ...]] = (*device_orders.ORDERS, *host_orders.ORDERS)
BY_NAME: Final = {kind.name: kind for kind in ORDERS}


class FaultPlan:
    """Carries out orders in one place."""

    def __init__(self, place: BluetoothPlace) -> None:
        self._place = place

    async def carry_out(self, fields: Mapping[str, object]) -> Answer:
        """Do what an order says; its answer, mostly empty. DeviceSettingsError for a wrong one."""
        name = fields.get("do")
        if not isinstance(name, str) or name not in BY_NAME:
            raise DeviceSettingsError(f"There is no order {name!r}, only {', '.join(BY_NAME)}.")
        answer = await BY_NAME[name].carry_out(Order(self._place, fields))
        return {} if answer is None else answer

    async def follow(self, orders: list[dict[str, object]]) -> None:
        """Carry out a plan, each order when it falls due."""
        for fields in sorted(orders, key=_due):
            await self._place.bedside.until(_due(fields))
            await self.carry_out(fields)


def read_plan(path: Path) -> list[dict[str, object]]:
    """The orders of a file; DeviceSettingsError for one that is no plan."""
    try:
        orders = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeviceSettingsError(f"{path.name} is no plan in JSON.") from error
    if not isinstance(orders, list) or not all(isinstance(one, dict) for one in orders):
        raise DeviceSettingsError(f"{path.name} is no list of orders.")
    for one in orders:
        _due(one)
        if one.get("do") not in BY_NAME:
            raise DeviceSettingsError(f"{path.name} has an unknown order: {one.get('do')!r}.")
    return orders


def _due(fields: Mapping[str, object]) -> float:
    at = fields.get("at", 0)
    if isinstance(at, bool) or not isinstance(at, int | float):
        raise DeviceSettingsError("An order's `at` is a number of seconds.")
    return at
