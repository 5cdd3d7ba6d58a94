"""Every Bluetooth device: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.personalities import pulse_oximeter
from simulators.bluetooth.personalities.base import BluetoothIdentity, Personality
from simulators.bluetooth.truth import Truth

Maker = Callable[[BluetoothIdentity, Bedside, Truth], Personality]


@dataclass(frozen=True, slots=True)
class BluetoothKind:
    """A kind of device: who it is by default and how it is built."""

    identity: BluetoothIdentity
    make: Maker

    @property
    def name(self) -> str:
        """The word for it on the command line."""
        return self.identity.name


KINDS: Final = (BluetoothKind(pulse_oximeter.IDENTITY, pulse_oximeter.PulseOximeter),)

BY_NAME: Final = {kind.name: kind for kind in KINDS}
