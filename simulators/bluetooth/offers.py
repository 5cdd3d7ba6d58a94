"""What a device offers over GATT: services, their characteristics, and how those are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from protocols.gatt.base import AnyCharacteristic, Property

Read = Callable[[], bytes]
Write = Callable[[bytes], Awaitable[None]]


class RefusedError(Exception):
    """A read or write is answered with this ATT error."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"ATT error 0x{code:02x}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One characteristic of a device: how it is read and written.

    `properties` where they differ from the service's own; `is_open` needs no security.
    """

    characteristic: AnyCharacteristic
    read: Read | None = None
    write: Write | None = None
    properties: Property | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ServiceOffer:
    """One primary service."""

    uuid: UUID
    offers: tuple[Offer, ...]
