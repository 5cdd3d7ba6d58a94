"""The air at this machine's own kernel: an adapter at /dev/vhci, for a real bluetoothd.

Wants the module hci_vhci and root. The adapter has no public address: links over the air go by
random addresses, and a kernel that is given a public one uses it.
"""

from __future__ import annotations

from typing import Final

from bumble.transport.common import Transport
from bumble.transport.vhci import open_vhci_transport

from simulators.bluetooth.air import Air
from simulators.bluetooth.radio import RadioController
from simulators.errors import DeviceSettingsError

DEVICE: Final = "/dev/vhci"


class KernelAdapter:
    """One adapter of the kernel, there between `start` and `stop`; `device` is its door."""

    def __init__(self, air: Air, device: str = DEVICE) -> None:
        self._air = air
        self._device = device
        self._transport: Transport | None = None
        self._controller: RadioController | None = None

    async def start(self) -> None:
        """Give the kernel the adapter; DeviceSettingsError where it takes none."""
        try:
            self._transport = await open_vhci_transport(self._device)
        except OSError as error:
            raise DeviceSettingsError(
                f"This kernel takes no virtual adapter at {self._device} ({error.strerror})."
            ) from error
        self._controller = RadioController("kernel", self._air, self._transport)

    async def stop(self) -> None:
        """Pull it; nothing when it is not there."""
        transport, self._transport = self._transport, None
        controller, self._controller = self._controller, None
        if transport is None or controller is None:
            return
        self._air.cut(controller)
        controller.host = None
        self._air.remove_controller(controller)
        await transport.close()
