"""The air between virtual radios: who hears whom, how well, and what gets lost.

Bumble's own link delivers everything to everybody at once. This one knows distance: a radio can
vanish and return, packets of a link can stall, every radio has a signal strength, and a link over
which nothing passes any more ends with a supervision timeout at both ends.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import Final

from bumble import core, ll
from bumble.controller import Connection, Controller
from bumble.hci import Address, HCI_ErrorCode
from bumble.link import LocalLink

NEAR_RSSI: Final = -50
RETRY_SECONDS: Final = 0.03
"""A lost packet is sent again at the next connection event; nothing overtakes it."""
ESTABLISH_SECONDS: Final = 0.1
"""Six connection intervals without an answer (Core Specification, Vol 6 Part B 4.5.2)."""


@dataclass(slots=True)
class Reception:
    """How one radio is heard. `rssi` in dBm; `loss` is the part 0..1 of transmissions that fail."""

    present: bool = True
    rssi: int = NEAR_RSSI
    loss: float = 0.0
    vanishings: int = 0


@dataclass(frozen=True, slots=True)
class _Packet:
    """A packet of a link on its way: it arrives at `at`, on the loop's clock."""

    at: float
    source: Address
    transport: core.PhysicalTransport
    octets: bytes


class Air(LocalLink):
    """All radios of one place. `supervision_seconds` until a silent link counts as lost."""

    def __init__(self, *, supervision_seconds: float = 0.5, seed: int = 1) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # bumble leaves it bare
        self.supervision_seconds = supervision_seconds
        self._random = random.Random(seed)  # noqa: S311  # dice, no secret
        self._receptions: dict[Controller, Reception] = {}
        self._waiting: dict[tuple[Controller, Controller], deque[_Packet]] = {}

    def reception(self, radio: Controller) -> Reception:
        """How this radio is heard; change it and it holds from the next packet on."""
        return self._receptions.setdefault(radio, Reception())

    def rssi_of(self, address: Address) -> int:
        """The signal strength of whoever sends from this address."""
        sender = self.find_le_controller(address)
        return NEAR_RSSI if sender is None else self.reception(sender).rssi

    def vanish(self, radio: Controller) -> None:
        """Out of range or battery out: no goodbye, its links time out."""
        reception = self.reception(radio)
        reception.present = False
        reception.vanishings += 1
        asyncio.get_running_loop().call_later(
            self.supervision_seconds, self._time_out, radio, reception.vanishings
        )

    def appear(self, radio: Controller) -> None:
        """Back in range. Links that had not timed out yet go on."""
        self.reception(radio).present = True

    def cut(self, radio: Controller) -> None:
        """End every link of a radio now, at both ends, as after a supervision timeout."""
        for one in list(self.controllers):
            for connection in list(one.le_connections.values()):
                if radio in (one, self.find_le_controller(connection.peer_address)):
                    one.on_le_disconnected(connection, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def _time_out(self, radio: Controller, vanishing: int) -> None:
        reception = self.reception(radio)
        if not reception.present and reception.vanishings == vanishing:
            self.cut(radio)

    def _hear_each_other(self, one: Controller, other: Controller) -> bool:
        return self.reception(one).present and self.reception(other).present

    def _is_lost(self, one: Controller, other: Controller) -> bool:
        loss = max(self.reception(one).loss, self.reception(other).loss)
        return loss > 0 and self._random.random() < loss

    # What Bumble calls.

    def remove_controller(self, controller: Controller) -> None:
        """Take a radio away for good."""
        self._receptions.pop(controller, None)
        for pair in [pair for pair in self._waiting if controller in pair]:
            self._waiting[pair].clear()
        super().remove_controller(controller)

    def send_advertising_pdu(
        self, sender_controller: Controller, packet: ll.AdvertisingPdu
    ) -> None:
        """To everybody in range; a lost advertisement is gone."""
        loop = asyncio.get_running_loop()
        for listener in self.controllers:
            if listener is sender_controller or not self._hear_each_other(
                sender_controller, listener
            ):
                continue
            if not self._is_lost(sender_controller, listener):
                loop.call_soon(listener.on_ll_advertising_pdu, packet)
            elif isinstance(packet, ll.ConnectInd) and _is_for(packet, listener):
                # One end believes in a link that the other never heard of.
                loop.call_later(ESTABLISH_SECONDS, self._not_established, sender_controller, packet)

    def _not_established(self, initiator: Controller, packet: ll.ConnectInd) -> None:
        connection = initiator.le_connections.get(packet.advertiser_address)
        if connection is not None:
            initiator.on_le_disconnected(
                connection, HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
            )

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: Address,
        transport: core.PhysicalTransport,
        data: bytes,
    ) -> None:
        """To the other end of a link: lost packets are repeated, so data comes late, in order."""
        receiver = self.find_le_controller(destination_address)
        if receiver is None or not self._hear_each_other(sender_controller, receiver):
            return
        loop = asyncio.get_running_loop()
        waiting = self._waiting.setdefault((sender_controller, receiver), deque())
        first = at = max(loop.time(), waiting[-1].at) if waiting else loop.time()
        while self._is_lost(sender_controller, receiver):
            at += RETRY_SECONDS
            if at > first + self.supervision_seconds:
                loop.call_later(self.supervision_seconds, self.cut, sender_controller)
                return
        waiting.append(_Packet(at, sender_controller.random_address, transport, data))
        if len(waiting) == 1:
            loop.call_at(at, self._deliver, sender_controller, receiver)

    def _deliver(self, sender: Controller, receiver: Controller) -> None:
        """Hand over what is due, in order, and come back for the rest."""
        loop = asyncio.get_running_loop()
        waiting = self._waiting[sender, receiver]
        while waiting and waiting[0].at <= loop.time():
            packet = waiting.popleft()
            if packet.source in receiver.le_connections:
                receiver.on_link_acl_data(packet.source, packet.transport, packet.octets)
        if waiting:
            loop.call_at(waiting[0].at, self._deliver, sender, receiver)

    def send_ll_control_pdu(
        self, sender_address: Address, receiver_address: Address, packet: ll.ControlPdu
    ) -> None:
        """Link control: encryption and goodbyes. Nobody there is no error on a radio."""
        sender = self.find_le_controller(sender_address)
        receiver = self.find_le_controller(receiver_address)
        if sender is None or receiver is None or not self._hear_each_other(sender, receiver):
            return
        asyncio.get_running_loop().call_soon(self._control, receiver, sender_address, packet)

    def _control(self, receiver: Controller, source: Address, packet: ll.ControlPdu) -> None:
        connection: Connection | None = receiver.le_connections.get(source)
        if connection is not None:
            receiver.on_ll_control_pdu(source, packet)


def _is_for(packet: ll.ConnectInd, listener: Controller) -> bool:
    return bool(listener.random_address == packet.advertiser_address)
