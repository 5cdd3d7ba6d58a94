"""The errors bluetoothd answers with, by name and text, as 5.66 sends them."""

from __future__ import annotations

from typing import Final

from bumble.att import ATT_Error, ErrorCode

_PREFIX: Final = "org.bluez.Error."
ABORTED: Final = "le-connection-abort-by-local"
CANCELED: Final = "br-connection-canceled"
TOO_MANY: Final = "le-connection-concurrent-connection-limit"


class BluezError(Exception):
    """An error reply: `name` as on the bus (short names get bluetoothd's prefix) and its text."""

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name if "." in name else _PREFIX + name
        self.text = text
        super().__init__(f"{self.name}: {text}")


def failed(text: str) -> BluezError:
    """The one for everything."""
    return BluezError("Failed", text)


def in_progress(text: str = "Operation already in progress") -> BluezError:
    """Somebody else does it already."""
    return BluezError("InProgress", text)


def not_connected() -> BluezError:
    """No link."""
    return BluezError("NotConnected", "Not Connected")


def does_not_exist() -> BluezError:
    """No such object to work on."""
    return BluezError("DoesNotExist", "Does Not Exist")


def not_ready() -> BluezError:
    """The adapter is off."""
    return BluezError("NotReady", "Resource Not Ready")


def unknown_object(path: str, interface: str, member: str, signature: str) -> BluezError:
    """The bus library's own answer for a path without that method."""
    return BluezError(
        "org.freedesktop.DBus.Error.UnknownObject",
        f'Method "{member}" with signature "{signature}" on interface "{interface}" '
        f"doesn't exist at {path}",
    )


_ATT: Final = {
    ErrorCode.READ_NOT_PERMITTED: ("NotPermitted", "Read not permitted"),
    ErrorCode.WRITE_NOT_PERMITTED: ("NotPermitted", "Write not permitted"),
    ErrorCode.INSUFFICIENT_AUTHENTICATION: ("NotPermitted", "Not paired"),
    ErrorCode.INSUFFICIENT_ENCRYPTION: ("NotPermitted", "Not paired"),
    ErrorCode.INSUFFICIENT_ENCRYPTION_KEY_SIZE: ("NotPermitted", "Not paired"),
    ErrorCode.REQUEST_NOT_SUPPORTED: ("NotSupported", "Operation is not supported"),
    ErrorCode.INSUFFICIENT_AUTHORIZATION: ("NotAuthorized", "Not authorized"),
    ErrorCode.INVALID_OFFSET: ("InvalidArguments", "Invalid offset"),
    ErrorCode.INVALID_ATTRIBUTE_LENGTH: ("InvalidArguments", "Invalid Length"),
}
_CCCD_IMPROPERLY_CONFIGURED: Final = 0xFD


def att_failed(error: ATT_Error) -> BluezError:
    """What bluetoothd makes of an ATT error response."""
    if error.error_code == _CCCD_IMPROPERLY_CONFIGURED:
        return BluezError(
            "ImproperlyConfigured",
            "Client Characteristic Configuration Descriptor improperly configured",
        )
    if error.error_code in _ATT:
        name, text = _ATT[ErrorCode(error.error_code)]
        return BluezError(name, text)
    return failed(f"Operation failed with ATT error: 0x{error.error_code:02x}")
