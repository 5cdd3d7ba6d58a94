"""AgentManager1 and pairing: whom bluetoothd asks for a passkey, and what becomes of the bond."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bumble.core import ProtocolError
from bumble.device import Connection
from bumble.pairing import PairingConfig, PairingDelegate
from dbus_fast import Message, MessageType, Variant

from simulators.bluetooth.bluetoothd.adapter import Adapter, LinkLostError, while_linked
from simulators.bluetooth.bluetoothd.calls import NOTHING, Call, Handler, Reply
from simulators.bluetooth.bluetoothd.errors import BluezError, does_not_exist
from simulators.bluetooth.bluetoothd.tree import AGENT, DEVICE
from simulators.bluetooth.radio import KEYS

Io = PairingDelegate.IoCapability
_CAPABILITIES: Final = {
    "DisplayOnly": Io.DISPLAY_OUTPUT_ONLY,
    "DisplayYesNo": Io.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "KeyboardOnly": Io.KEYBOARD_INPUT_ONLY,
    "NoInputNoOutput": Io.NO_OUTPUT_NO_INPUT,
    "KeyboardDisplay": Io.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
    "": Io.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
}
CallPeer = Callable[[Message], Awaitable[Message | None]]


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers for people: a client's object and what it can show and ask."""

    owner: str
    path: str
    capability: Io


class Agents:
    """The agents of all clients; they outlive an adapter, not bluetoothd."""

    def __init__(self, call_peer: CallPeer) -> None:
        self._call_peer = call_peer
        self._agents: dict[str, Agent] = {}
        self._default: str | None = None
        self.handlers: dict[str, Handler] = {
            "AgentManager1.RegisterAgent": self._register,
            "AgentManager1.RequestDefaultAgent": self._request_default,
            "AgentManager1.UnregisterAgent": self._unregister,
        }

    async def _register(self, call: Call) -> Reply:
        path, capability = str(call.body[0]), str(call.body[1])
        if call.sender in self._agents:
            raise BluezError("AlreadyExists", "Already Exists")
        if capability not in _CAPABILITIES:
            raise BluezError("InvalidArguments", "Invalid arguments in method call")
        self._agents[call.sender] = Agent(call.sender, path, _CAPABILITIES[capability])
        return NOTHING

    async def _request_default(self, call: Call) -> Reply:
        if call.sender not in self._agents:
            raise does_not_exist()
        self._default = call.sender
        return NOTHING

    async def _unregister(self, call: Call) -> Reply:
        if call.sender not in self._agents:
            raise does_not_exist()
        self.client_left(call.sender)
        return NOTHING

    def client_left(self, sender: str) -> None:
        """A client is gone from the bus, and its agent with it."""
        self._agents.pop(sender, None)
        if self._default == sender:
            self._default = None

    def answering_for(self, sender: str | None) -> Agent | None:
        """The client's own agent, else the default one."""
        if sender is not None and sender in self._agents:
            return self._agents[sender]
        return None if self._default is None else self._agents.get(self._default)

    async def ask(
        self, agent: Agent, member: str, signature: str, body: list[object]
    ) -> tuple[object, ...] | None:
        """The agent's answer; None when it refuses or is gone."""
        reply = await self._call_peer(
            Message(
                destination=agent.owner,
                path=agent.path,
                interface=AGENT,
                member=member,
                signature=signature,
                body=body,
            )
        )
        if reply is None or reply.message_type is MessageType.ERROR:
            return None
        return tuple(reply.body)


class _AgentDelegate(PairingDelegate):
    """The host's side of a pairing: every question goes to the agent."""

    def __init__(self, agents: Agents, agent: Agent | None, path: str) -> None:
        capability = Io.NO_OUTPUT_NO_INPUT if agent is None else agent.capability
        super().__init__(capability, KEYS, KEYS)
        self._agents = agents
        self._agent = agent
        self._path = path

    async def _ask(self, member: str, signature: str, *rest: object) -> tuple[object, ...] | None:
        if self._agent is None:
            return None
        return await self._agents.ask(self._agent, member, signature, [self._path, *rest])

    async def get_number(self) -> int | None:
        """The passkey the device shows."""
        answer = await self._ask("RequestPasskey", "o")
        return int(str(answer[0])) if answer else None

    async def compare_numbers(self, number: int, digits: int) -> bool:  # noqa: ARG002  # Bumble's own
        """Whether the device shows the same number."""
        return await self._ask("RequestConfirmation", "ou", number) is not None

    async def display_number(self, number: int, digits: int) -> None:  # noqa: ARG002  # Bumble's own
        """Show a passkey that is typed into the device."""
        await self._ask("DisplayPasskey", "ouq", number, 0)


class Pairing:
    """Pairing over the links of one adapter."""

    def __init__(self, adapter: Adapter, agents: Agents) -> None:
        self._adapter = adapter
        self._agents = agents
        self._asking: dict[str, str | None] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        adapter.radio.device.pairing_config_factory = self._configuration

    def _configuration(self, connection: Connection) -> PairingConfig:
        path = self._adapter.path_of(connection.peer_address)
        agent = self._agents.answering_for(self._asking.get(path))
        return PairingConfig(
            sc=True,
            mitm=agent is not None and agent.capability is not Io.NO_OUTPUT_NO_INPUT,
            bonding=True,
            delegate=_AgentDelegate(self._agents, agent, path),
        )

    def can_ask(self) -> bool:
        """Whether a pairing that nobody asked for by name has an agent to turn to."""
        return self._agents.answering_for(None) is not None

    async def pair(self, path: str, connection: Connection, sender: str | None) -> None:
        """Pair and bond over a link; BluezError with bluetoothd's word for why not."""
        if path in self._running:
            raise BluezError("InProgress", "In Progress")
        self._asking[path] = sender
        task = self._adapter.spawn(while_linked(connection, connection.pair()))
        self._running[path] = task
        try:
            await asyncio.wait({task}, timeout=self._adapter.timings.pairing)
            if not task.done():
                task.cancel()
                raise BluezError("AuthenticationTimeout", "Authentication Timeout")
            if task.cancelled():
                raise BluezError("AuthenticationCanceled", "Authentication Canceled")
            task.result()
        except (ProtocolError, LinkLostError) as error:
            raise BluezError("AuthenticationFailed", "Authentication Failed") from error
        finally:
            task.cancel()
            del self._running[path]
            del self._asking[path]
        yes = Variant("b", True)
        self._adapter.tree.change(path, DEVICE, {"Paired": yes, "Bonded": yes})
        self._adapter.remember(path)

    def cancel(self, path: str) -> None:
        """CancelPairing."""
        task = self._running.get(path)
        if task is None:
            raise does_not_exist()
        task.cancel()
