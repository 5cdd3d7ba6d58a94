"""What can happen to bluetoothd, its adapters and the message bus."""

from __future__ import annotations

import asyncio
from typing import Final

from simulators.bluetooth.bluetoothd.calls import Call, Delay, Instead, Refuse, Reply, Swallow
from simulators.bluetooth.bluetoothd.discovery import Deafness
from simulators.bluetooth.bluetoothd.errors import BluezError, in_progress
from simulators.bluetooth.bluetoothd.subscriptions import DeviceFaults
from simulators.bluetooth.faults.order import Answer, Order, OrderKind
from simulators.errors import DeviceSettingsError

_CONFIRMED_SECONDS: Final = 0.05
_DEAFNESS: Final = {
    "none": Deafness.NONE,
    "restart": Deafness.UNTIL_RESTARTED,
    "power": Deafness.UNTIL_POWERED,
    "ever": Deafness.FOR_EVER,
}


async def _kill(order: Order) -> None:
    await order.bluetoothd.kill()


async def _start(order: Order) -> None:
    await order.bluetoothd.start()


async def _unplug(order: Order) -> None:
    await order.bluetoothd.unplug(order.parts.adapter.name)


async def _plug(order: Order) -> None:
    await order.bluetoothd.plug(order.text("adapter", "hci0"))


async def _power_off(order: Order) -> None:
    await order.bluetoothd.set_powered(order.parts.adapter.name, powered=False)


async def _power_on(order: Order) -> None:
    await order.bluetoothd.set_powered(order.parts.adapter.name, powered=True)


async def _lose_bus(order: Order) -> None:
    bus = order.place.bus
    if bus is None:
        raise DeviceSettingsError("The message bus belongs to somebody else.")
    bus.stop(kill=True)
    await order.bluetoothd.kill()


async def _return_bus(order: Order) -> None:
    bus = order.place.bus
    if bus is None:
        raise DeviceSettingsError("The message bus belongs to somebody else.")
    bus.start()
    await order.bluetoothd.start()


async def _remove_device(order: Order) -> None:
    order.parts.connections.vanish(order.path)


async def _expire(order: Order) -> None:
    order.parts.discovery.expire(order.path)


async def _wedge(order: Order) -> None:
    order.parts.connections.wedged.add(order.path)


async def _abort(order: Order) -> None:
    order.parts.connections.aborting[order.path] = int(order.number("times"))


async def _slots(order: Order) -> None:
    order.parts.connections.slots = order.count("count")


async def _deafen(order: Order) -> None:
    until = order.text("until")
    if until not in _DEAFNESS:
        raise DeviceSettingsError(f"An adapter is deaf until one of {', '.join(_DEAFNESS)}.")
    order.parts.discovery.deaf = _DEAFNESS[until]


async def _race_discovery(order: Order) -> None:
    discovery = order.parts.discovery

    async def refuse(call: Call) -> Reply:
        discovery.drop(call.sender)
        raise in_progress()

    order.bluetoothd.calls.inject("StopDiscovery", Instead(refuse))


async def _believe(order: Order) -> None:
    order.parts.gatt.believed.add(order.path)


async def _silence(order: Order) -> None:
    _faults_of(order).silent = True


async def _die_confirming(order: Order) -> None:
    last_words = asyncio.Event()
    _faults_of(order).last_words = last_words
    await last_words.wait()
    await asyncio.sleep(_CONFIRMED_SECONDS)
    await order.bluetoothd.kill()


async def _slow(order: Order) -> None:
    _faults_of(order).delay = order.number("seconds")


async def _normal(order: Order) -> None:
    order.parts.gatt.faults.pop(order.path, None)


def _faults_of(order: Order) -> DeviceFaults:
    return order.parts.gatt.faults.setdefault(order.path, DeviceFaults())


async def _refuse(order: Order) -> None:
    error = BluezError(order.text("error"), order.text("text", ""))
    times = order.count("times")
    order.bluetoothd.calls.inject(order.text("member"), Refuse(error), times=times)


async def _delay(order: Order) -> None:
    fault = Delay(order.number("seconds"))
    times = order.count("times")
    order.bluetoothd.calls.inject(order.text("member"), fault, times=times)


async def _swallow(order: Order) -> None:
    times = order.count("times")
    order.bluetoothd.calls.inject(order.text("member"), Swallow(), times=times)


async def _clear(order: Order) -> None:
    member = order.text("member", "")
    order.bluetoothd.calls.clear(member or None)


async def _calls(order: Order) -> Answer:
    return {"calls": order.bluetoothd.calls.count(order.text("member"))}


ORDERS: Final = (
    OrderKind("kill-bluetoothd", "as SIGKILL: the name is gone and nothing says goodbye", _kill),
    OrderKind("start-bluetoothd", "starts again, with the bonds it kept", _start),
    OrderKind("unplug", "`adapter` is pulled: links first, then the objects", _unplug),
    OrderKind("plug", "`adapter` is back", _plug),
    OrderKind("power-off", "`adapter` is switched off", _power_off),
    OrderKind("power-on", "`adapter` is switched on", _power_on),
    OrderKind("lose-bus", "the dbus-daemon is killed, bluetoothd with it", _lose_bus),
    OrderKind("return-bus", "the dbus-daemon and bluetoothd are back", _return_bus),
    OrderKind(
        "remove-device",
        "the objects of a connected device go, Connected stays unsaid",
        _remove_device,
    ),
    OrderKind("expire", "a device nobody bonded is forgotten now", _expire),
    OrderKind("wedge", "Connect is in progress until RemoveDevice or power-off", _wedge),
    OrderKind("abort", "so many `times` Connect comes about and ends at once", _abort),
    OrderKind("slots", "the adapter holds `count` links at most; no count, no limit", _slots),
    OrderKind("deafen", "discovery finds nothing `until` restart, power, ever or none", _deafen),
    OrderKind(
        "race-discovery", "the next StopDiscovery is in progress, its session gone", _race_discovery
    ),
    OrderKind(
        "believe", "the device's table is that of its last link, until RemoveDevice", _believe
    ),
    OrderKind("silence", "values of a device get lost in bluetoothd (a zombie)", _silence),
    OrderKind(
        "die-confirming",
        "the next indication is confirmed, then bluetoothd dies without passing it on",
        _die_confirming,
    ),
    OrderKind("slow", "values of a device come so many `seconds` late", _slow),
    OrderKind("normal", "values of a device come as they should", _normal),
    OrderKind("refuse", "so many `times` calls of `member` get `error` and `text`", _refuse),
    OrderKind("delay", "so many `times` calls of `member` take `seconds` longer", _delay),
    OrderKind("swallow", "so many `times` calls of `member` are never answered", _swallow),
    OrderKind("clear", "no call of `member`, or of any, is interfered with", _clear),
    OrderKind("calls", "answers how often `member` was called", _calls),
)
"""No `times` is for ever, until `clear`."""
