"""What can happen to a device and its radio."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt.uuids import assigned_uuid, parse_uuid
from simulators.bluetooth.faults.order import Answer, Order, OrderKind
from simulators.bluetooth.offers import ServiceOffer
from simulators.bluetooth.personalities.backlog import Backlog
from simulators.bluetooth.personalities.clocks import date_time_offer
from simulators.errors import DeviceSettingsError

_NEW_SERVICE: Final = assigned_uuid(0xFD00)


async def _vanish(order: Order) -> None:
    order.place.air.vanish(order.device.radio.controller)


async def _appear(order: Order) -> None:
    order.place.air.appear(order.device.radio.controller)


async def _loss(order: Order) -> None:
    order.place.air.reception(order.device.radio.controller).loss = order.number("part")


async def _rssi(order: Order) -> None:
    reception = order.place.air.reception(order.device.radio.controller)
    reception.rssi = int(order.number("dbm"))


async def _hang_up(order: Order) -> None:
    await order.device.peripheral.hang_up()


async def _switch_off(order: Order) -> None:
    await order.place.switch_off(order.device.name)


async def _switch_on(order: Order) -> None:
    await order.place.switch_on_again(order.text("device").replace(":", "-"))


async def _mute(order: Order) -> None:
    order.device.peripheral.faults.mute = True


async def _unmute(order: Order) -> None:
    order.device.peripheral.faults.mute = False


async def _lose_bond(order: Order) -> None:
    await order.device.peripheral.forget_bonds()


async def _wrong_passkey(order: Order) -> None:
    order.device.peripheral.faults.passkey_offset = 1


async def _right_passkey(order: Order) -> None:
    order.device.peripheral.faults.passkey_offset = 0


async def _type_passkey(order: Order) -> None:
    order.device.peripheral.type_passkey(int(order.number("passkey")))


async def _att_error(order: Order) -> None:
    try:
        uuid = parse_uuid(order.text("uuid"))
    except DecodeError as error:
        raise DeviceSettingsError(f"{order.text('uuid')!r} is no UUID.") from error
    code = order.count("code")
    errors = order.device.peripheral.faults.att_errors
    if code is None:
        errors.pop(uuid, None)
    else:
        errors[uuid] = code


async def _change_database(order: Order) -> None:
    device = order.device
    offer = date_time_offer(device.personality)
    await device.peripheral.change_database(ServiceOffer(_NEW_SERVICE, (offer,)))


async def _update(order: Order) -> None:
    device = order.device
    offer = date_time_offer(device.personality)
    device.peripheral.update(ServiceOffer(_NEW_SERVICE, (offer,)))
    await order.place.switch_off(device.name)
    await order.place.switch_on_again(device.name)


async def _hasty(order: Order) -> None:
    backlog = getattr(order.device.personality, "backlog", None)
    if not isinstance(backlog, Backlog):
        raise DeviceSettingsError(f"{order.device.name} keeps nothing that it could send at once.")
    backlog.hasty = True


async def _battery(order: Order) -> None:
    order.device.battery.set_percent(int(order.number("percent")))


async def _clock(order: Order) -> None:
    personality = order.device.personality
    utc = personality.bedside.utc
    shown = (utc + timedelta(seconds=order.number("ahead"))).replace(tzinfo=None)
    personality.clock = personality.clock.set_to(shown, utc)


async def _state(order: Order) -> Answer:
    device = order.device
    return {
        "links": len(device.peripheral.links),
        "bonds": len(device.radio.bonds.bonds),
        "local": device.personality.local.isoformat(),
        "battery": device.battery.level.percent,
    }


ORDERS: Final = (
    OrderKind("vanish", "out of range or battery out: no goodbye, links time out", _vanish),
    OrderKind("appear", "back in range", _appear),
    OrderKind("loss", "this `part` (0 to 1) of its transmissions fails", _loss),
    OrderKind("rssi", "heard with this strength (`dbm`)", _rssi),
    OrderKind("hang-up", "ends every link from its side", _hang_up),
    OrderKind("switch-off", "ends its links and leaves the air", _switch_off),
    OrderKind("switch-on", "is there again, with its bonds and what it kept", _switch_on),
    OrderKind("mute", "linked, but nothing comes any more (a zombie)", _mute),
    OrderKind("unmute", "sends again", _unmute),
    OrderKind("lose-bond", "forgets its bonds, the host does not know", _lose_bond),
    OrderKind("wrong-passkey", "its passkey is another one than it shows", _wrong_passkey),
    OrderKind("right-passkey", "its passkey is the one it shows", _right_passkey),
    OrderKind("type-passkey", "somebody types the `passkey` that the host shows", _type_passkey),
    OrderKind(
        "att-error", "answers for `uuid` with ATT error `code`; no code, no error", _att_error
    ),
    OrderKind(
        "change-database", "a new firmware: one more service, Service Changed", _change_database
    ),
    OrderKind("update", "a new firmware: other handles, begun anew, nobody is told", _update),
    OrderKind("hasty", "sends by an old subscription before anybody listens", _hasty),
    OrderKind("battery", "its battery holds this `percent`", _battery),
    OrderKind("clock", "its own clock is `ahead` of UTC by so many seconds", _clock),
    OrderKind("device-state", "answers with links, bonds, clock and battery", _state),
)
