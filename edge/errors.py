"""What can go wrong in the gateway.

EdgeError
  SettingsError              an operator's wish we cannot follow
  StartError                 the gateway cannot begin: port taken, folder in use
  TransportError             a line to a device
    TransportClosedError       the line broke
    DeviceNotFoundError        nothing answers there (yet)
    TransportTimeoutError      the other end takes nothing
    AttributeRefusedError      a GATT device says no to one read, write or subscription
    PairingError               no bond came about
    BondLostError              the device has forgotten the bond
    StaleServicesError         the host's table of its services is not the device's any more
    StackBusyError             the host says it is connecting already
    RadioError                 the host's Bluetooth: service, bus or adapter
  BufferFaultError           the durable store
    BufferFullError            no room: nothing was stored, so nothing may be confirmed
    BufferDamagedError         the file cannot be trusted; the program ends and recovers at start
  EnrolmentError             the gateway cannot join, or what came is not for it
  CommandStoreError          the file of commands: nothing of the call happened
  UplinkError                the way to the cloud
    UplinkUnreachableError     only wait and try again
    UplinkRejectedError        the cloud refuses this batch for ever
"""

from __future__ import annotations


class EdgeError(Exception):
    """Root of everything the gateway raises.

    `cause` says what is wrong, `mend` what a person can do about it; neither names a patient or
    a secret.
    """

    def __init__(self, cause: str, *, mend: str = "") -> None:
        self.cause = cause.rstrip(".")
        self.mend = mend.rstrip(".")
        super().__init__(f"{self.cause}. {self.mend}." if mend else f"{self.cause}.")


class SettingsError(EdgeError):
    """An operator's wish we cannot follow."""


class StartError(EdgeError):
    """The gateway cannot begin."""


class TransportError(EdgeError):
    """A line to a device failed."""


class TransportClosedError(TransportError):
    """The line broke."""


class DeviceNotFoundError(TransportError):
    """Nothing answers at the device's address."""


class TransportTimeoutError(TransportError):
    """The other end takes nothing."""


class AttributeRefusedError(TransportError):
    """A GATT device says no; the link lives. `att_error`: its code, None where it gave none.

    `needs_bond`: it wants to be paired first.
    """

    def __init__(
        self, cause: str, *, att_error: int | None = None, needs_bond: bool = False
    ) -> None:
        self.att_error = att_error
        self.needs_bond = needs_bond
        super().__init__(cause)


class PairingError(TransportError):
    """No bond came about."""


class BondLostError(TransportError):
    """The device has forgotten the bond; a person has to pair it again."""


class StaleServicesError(TransportError):
    """The host believes in a table of services the device no longer has."""


class StackBusyError(TransportError):
    """The host says that it is connecting to the device already."""


class RadioError(TransportError):
    """The host's Bluetooth failed: its service, its bus or the adapter."""


class BufferFaultError(EdgeError):
    """The durable store failed."""


class BufferFullError(BufferFaultError):
    """No room: nothing of the request was stored."""


class BufferDamagedError(BufferFaultError):
    """The file cannot be trusted any more."""


class EnrolmentError(EdgeError):
    """The gateway cannot join the fleet, or what the cloud sent is not for it."""


class CommandStoreError(EdgeError):
    """The file of commands cannot be written or read."""


class UplinkError(EdgeError):
    """The way to the cloud failed."""


class UplinkUnreachableError(UplinkError):
    """The cloud did not answer; the same batch may be sent again.

    `is_silence`: the way was up all the while and yet no acknowledgement came. `is_vain`: the
    way had taken the batch, or should have; silence is the plainest case of it.
    """

    def __init__(self, cause: str, *, is_silence: bool = False, is_vain: bool = False) -> None:
        self.is_silence = is_silence
        self.is_vain = is_vain or is_silence
        super().__init__(cause)


class UplinkRejectedError(UplinkError):
    """The cloud refuses this batch as it stands; sending it again is no use.

    `reason` is the cloud's snake_case word for it; `too_large` asks for smaller batches.
    """

    def __init__(self, cause: str, *, reason: str, too_large: bool = False) -> None:
        self.reason = reason
        self.too_large = too_large
        super().__init__(cause)
