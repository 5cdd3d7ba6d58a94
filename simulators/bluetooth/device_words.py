"""Devices as people name them on a command line.

oximeter                         the kind as it is
oximeter:2                       a second one, with its own address, name and System-Id
oximeter@shows-passkey:123456    it asks for pairing; see `PAIRINGS`
oximeter:2@just-works            both
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from simulators.bluetooth.peripheral import Pairing, Security
from simulators.bluetooth.personalities.base import BluetoothIdentity
from simulators.bluetooth.personalities.registry import BY_NAME, BluetoothKind
from simulators.bluetooth.place import another
from simulators.errors import DeviceSettingsError

PAIRINGS: Final = {
    "open": Pairing.NONE,
    "just-works": Pairing.JUST_WORKS,
    "shows-passkey": Pairing.SHOWS_PASSKEY,
    "takes-passkey": Pairing.TAKES_PASSKEY,
    "compares": Pairing.COMPARES,
}
_MOST: Final = 99
_PASSKEYS: Final = 1_000_000


def read_device(words: str) -> tuple[BluetoothKind, BluetoothIdentity]:
    """The kind of device and who it is; DeviceSettingsError for words that name none."""
    name, _, security = words.partition("@")
    name, _, number = name.partition(":")
    if name not in BY_NAME:
        raise DeviceSettingsError(f"There is no device {name!r}, only {', '.join(BY_NAME)}.")
    kind = BY_NAME[name]
    identity = kind.identity
    if number:
        identity = another(identity, _whole(number, words, 2, _MOST))
    if security:
        identity = replace(identity, security=_security(security, words))
    return kind, identity


def _security(text: str, words: str) -> Security:
    pairing, _, passkey = text.partition(":")
    if pairing not in PAIRINGS:
        raise DeviceSettingsError(f"{words!r}: pairing is one of {', '.join(PAIRINGS)}.")
    return Security(PAIRINGS[pairing], _whole(passkey or "0", words, 0, _PASSKEYS - 1))


def _whole(text: str, words: str, lowest: int, highest: int) -> int:
    if not text.isdecimal() or not lowest <= int(text) <= highest:
        raise DeviceSettingsError(f"{words!r}: give a number from {lowest} to {highest}.")
    return int(text)
