"""A connection to the message bus that dies under a call: whatever it raises is a lost bus."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from dbus_fast import Message, Variant
from dbus_fast.aio import MessageBus

from edge.errors import RadioError
from edge.transports.ble.agent import Agent
from edge.transports.ble.base import PairingAnswers
from edge.transports.ble.bluez import BluezBus
from tests.fixtures.gatt_peer import turns

NOBODY = cast("PairingAnswers", object())
DEVICE = "/org/bluez/hci0/dev_F0_00_00_00_00_01"


class Wire:
    """What of a bus connection is used; each call has the test's answer."""

    def __init__(self, answer: Callable[[Message], Message | None]) -> None:
        self.connected = True
        self.handler: Callable[[Message], bool] = lambda _message: False
        self._answer = answer

    def add_message_handler(self, handler: Callable[[Message], bool]) -> None:
        self.handler = handler

    async def call(self, message: Message) -> Message | None:
        return self._answer(message)

    def signal(self, member: str, *body: object) -> None:
        """The service says something."""
        signal = Message.new_signal("/", "org.freedesktop.DBus.ObjectManager", member, "", [])
        signal.body = list(body)
        self.handler(signal)


def bus(wire: Wire, tasks: asyncio.TaskGroup) -> BluezBus:
    return BluezBus(cast("MessageBus", wire), Agent(NOBODY), tasks)


@pytest.mark.parametrize("fault", [BlockingIOError(), EOFError(), BrokenPipeError()])
async def test_a_full_send_buffer_is_a_lost_bus_as_any_other_end(fault: Exception) -> None:
    def answer(_message: Message) -> Message:
        raise fault

    async with asyncio.TaskGroup() as tasks:
        with pytest.raises(RadioError, match="message bus was lost"):
            await bus(Wire(answer), tasks).adapters()


def connected(value: bool) -> Callable[[Message], Message]:
    """A service that knows one device, connected or not."""

    def answer(message: Message) -> Message:
        if message.body[0] == "org.bluez.Battery1":
            return Message.new_error(message, "org.bluez.Error.DoesNotExist", "")
        facts: dict[str, Any] = {"Connected": Variant("b", value), "Bonded": Variant("b", True)}
        return Message.new_method_return(message, "a{sv}", [facts])

    return answer


@pytest.mark.parametrize("is_up", [True, False])
async def test_services_that_go_while_the_link_lives_end_it(is_up: bool) -> None:
    ended: list[str] = []
    wire = Wire(_numbered(connected(is_up)))
    async with asyncio.TaskGroup() as tasks:
        one = bus(wire, tasks)
        one.linked(DEVICE, ended.append)
        for number in (10, 20):
            wire.signal(
                "InterfacesRemoved", f"{DEVICE}/service00{number}", ["org.bluez.GattService1"]
            )
        await turns()
    assert ended == (["the device has other services now"] if is_up else [])


async def test_a_link_that_was_made_anew_meanwhile_is_left_alone() -> None:
    ended: list[str] = []
    wire = Wire(_numbered(connected(value=True)))
    async with asyncio.TaskGroup() as tasks:
        one = bus(wire, tasks)
        one.linked(DEVICE, ended.append)
        wire.signal("InterfacesRemoved", f"{DEVICE}/service0010", ["org.bluez.GattService1"])
        one.linked(DEVICE, lambda reason: ended.append(f"new: {reason}"))
        await turns()
    assert ended == []


async def test_a_service_that_is_gone_is_told_elsewhere() -> None:
    ended: list[str] = []

    def answer(_message: Message) -> Message:
        raise EOFError

    wire = Wire(answer)
    async with asyncio.TaskGroup() as tasks:
        one = bus(wire, tasks)
        one.linked(DEVICE, ended.append)
        wire.signal("InterfacesRemoved", f"{DEVICE}/service0010", ["org.bluez.GattService1"])
        await turns()
    assert ended == []


def _numbered(answer: Callable[[Message], Message]) -> Callable[[Message], Message]:
    """A call gets its number when it is sent, which a reply names."""

    def numbered(message: Message) -> Message:
        message.serial = 1
        return answer(message)

    return numbered
