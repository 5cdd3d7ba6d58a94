"""What bleak and the host's service raise, as this program's errors."""

from __future__ import annotations

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from edge.errors import (
    AttributeRefusedError,
    DeviceNotFoundError,
    PairingError,
    RadioError,
    StackBusyError,
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
)
from edge.transports.ble.bleak_stack import translate
from edge.transports.ble.bluez import device_address, device_path


def of_service(name: str, *words: str) -> BleakDBusError:
    return BleakDBusError(f"org.bluez.Error.{name}", list(words))


UNAVAILABLE = BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM
ROWS: list[tuple[BaseException, type[TransportError]]] = [
    (TimeoutError(), TransportTimeoutError),
    (BlockingIOError(), RadioError),
    (BrokenPipeError(), RadioError),
    (EOFError(), RadioError),
    (BleakGATTProtocolError(0x80), AttributeRefusedError),
    (BleakDeviceNotFoundError("A"), DeviceNotFoundError),
    (BleakBluetoothNotAvailableError("no", UNAVAILABLE), RadioError),
    (BleakError("adapter 'hci0' not found"), DeviceNotFoundError),
    (BleakError("device 'dev_F0' not found"), DeviceNotFoundError),
    (BleakError("Not connected"), TransportClosedError),
    (AssertionError(), TransportClosedError),
    (KeyError("GattService1"), TransportClosedError),
    (of_service("NotPermitted", "Not paired"), AttributeRefusedError),
    (of_service("AuthenticationFailed", "no"), PairingError),
    (of_service("InProgress", "busy"), StackBusyError),
    (of_service("DoesNotExist"), DeviceNotFoundError),
    (BleakDBusError("org.freedesktop.DBus.Error.NoReply", ["gone"]), RadioError),
    (of_service("NotReady", "off"), TransportClosedError),
    (of_service("NotSupported"), AttributeRefusedError),
    (of_service("Failed", "Software caused connection abort"), TransportClosedError),
]


@pytest.mark.parametrize(("raised", "told"), ROWS, ids=lambda item: str(item)[:50])
def test_each_has_its_counterpart(raised: BaseException, told: type[TransportError]) -> None:
    assert type(translate(raised)) is told


def test_the_connectors_words_give_way_to_the_cause() -> None:
    told = BleakError("Failed to connect after 3 attempts")
    told.__cause__ = of_service("InProgress", "busy")
    assert isinstance(translate(told), StackBusyError)


@pytest.mark.parametrize(("code", "wants"), [(0x05, True), (0x0F, True), (0x0D, False)])
def test_a_refusal_says_its_code_and_whether_a_bond_is_wanted(code: int, *, wants: bool) -> None:
    told = translate(BleakGATTProtocolError(code))
    assert isinstance(told, AttributeRefusedError)
    assert (told.att_error, told.needs_bond) == (code, wants)


def test_a_devices_path_is_its_address() -> None:
    path = device_path("hci0", "f0:5a:00:00:00:01")
    assert path == "/org/bluez/hci0/dev_F0_5A_00_00_00_01"
    assert device_address(path) == "F0:5A:00:00:00:01"
