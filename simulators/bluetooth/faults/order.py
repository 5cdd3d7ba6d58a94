"""An order: a JSON object that names what shall happen now, and to whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from simulators.bluetooth.bluetoothd.daemon import AdapterParts, Bluetoothd
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from simulators.errors import DeviceSettingsError

Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class Order:
    """One order with what it carries; DeviceSettingsError for what it should carry and does not."""

    place: BluetoothPlace
    fields: Mapping[str, object]

    @property
    def device(self) -> BluetoothDevice:
        """The device it names, as its journal does or as the command line does."""
        name = self.text("device").replace(":", "-")
        if name not in self.place.devices:
            known = ", ".join(sorted(self.place.devices))
            raise DeviceSettingsError(f"There is no device {name!r} here, only {known}.")
        return self.place.devices[name]

    @property
    def bluetoothd(self) -> Bluetoothd:
        """The daemon of the place."""
        if self.place.kernel is not None:
            raise DeviceSettingsError("bluetoothd is the machine's own here.")
        return self.place.bluetoothd

    @property
    def parts(self) -> AdapterParts:
        """The adapter it names; the first one when it names none."""
        name = self.text("adapter", "hci0")
        if name not in self.bluetoothd.parts:
            raise DeviceSettingsError(f"There is no adapter {name!r} now.")
        return self.bluetoothd.parts[name]

    @property
    def path(self) -> str:
        """The object path of the device it names, at the adapter it names."""
        address = self.device.radio.device.random_address
        return self.parts.adapter.path_of(address)

    def text(self, name: str, default: str | None = None) -> str:
        """A text it carries."""
        value = self.fields.get(name, default)
        if not isinstance(value, str):
            raise DeviceSettingsError(f"This order needs {name!r}, a text.")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number it carries."""
        value = self.fields.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise DeviceSettingsError(f"This order needs {name!r}, a number.")
        return value

    def count(self, name: str) -> int | None:
        """A whole number it carries, None when it carries none."""
        return None if self.fields.get(name) is None else int(self.number(name))


@dataclass(frozen=True, slots=True)
class OrderKind:
    """One kind of order: its name, what it does in words, and how it is carried out."""

    name: str
    words: str
    carry_out: Callable[[Order], Awaitable[Answer | None]]
