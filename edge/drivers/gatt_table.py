"""Whether the host's table of a device's services is still the device's own.

A host keeps the table it read once. Another firmware has other services, or the same ones at
other handles; a host that was not told reads one thing and calls it another. Three signs show it:
the device's own Database Hash or firmware is another one, the device says that a handle is out of
place, or it suddenly is somebody else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from edge.drivers.gatt_memory import GattMemory
from edge.errors import AttributeRefusedError, StaleServicesError
from edge.transports.ble.base import Attribute
from protocols.gatt.base import Property
from protocols.gatt.uuids import assigned_uuid
from protocols.model.device import DeviceInfo

log = logging.getLogger(__name__)

_DATABASE_HASH: Final = assigned_uuid(0x2B2A)
_OUT_OF_PLACE: Final = frozenset({0x01, 0x0A, 0x12})
"""ATT errors invalid handle, attribute not found, database out of sync."""
_WRITE_NOT_PERMITTED: Final = 0x03
"""What says so of the switch of its own values has something else at that handle."""


class ServiceTable:
    """The host's table on one link, held against what is remembered of the links before.

    A table that is out of date ends the link with StaleServicesError; how often in a row that was
    in vain stands in `memory.renewals`.
    """

    def __init__(
        self, memory: GattMemory, attributes: Sequence[Attribute], *, bonded: bool, name: str
    ) -> None:
        self._memory = memory
        self._rows = frozenset((item.handle, item.service, item.uuid) for item in attributes)
        self._bonded = bonded
        self._name = name
        self._is_odd = False
        self.hash_attribute = next(
            (
                item
                for item in attributes
                if item.uuid == _DATABASE_HASH and item.properties & Property.READ
            ),
            None,
        )

    @property
    def is_to_be_checked_first(self) -> bool:
        """Whether the hash can tell before anything is switched on; a value heard under a wrong
        table is confirmed to the device and of no use."""
        return self.hash_attribute is not None and bool(self._memory.table)

    def refused(self, exc: AttributeRefusedError, *, is_switch: bool = False) -> None:
        """The device refuses something; StaleServicesError when that is for its handle.

        `is_switch`: its values were to be switched on.
        """
        is_wrong = is_switch and exc.att_error == _WRITE_NOT_PERMITTED
        if exc.att_error not in _OUT_OF_PLACE and not is_wrong:
            return
        self._is_odd = True
        # A bonded device's link is made anew first, for the host compares by itself then.
        if self._memory.renewals < (2 if self._bonded else 1):
            self._renew("the host's table of its services is out of date")

    def compare(self, sign: bytes) -> None:
        """`sign`: the Database Hash, or the firmware of a device that has none.

        Another sign is a reason only where the host's table did not change with it; with a bond,
        which would have to go too, only the hash is.
        """
        memory = self._memory
        if memory.table and sign and memory.table != sign:
            log.warning("services changed device=%s bonded=%s", self._name, self._bonded)
            is_sure = self.hash_attribute is not None or not self._bonded
            if memory.rows == self._rows and is_sure:
                self._renew("its firmware changed, its services are read anew")
        memory.table, memory.rows = sign or memory.table, self._rows

    def recognize(self, device: DeviceInfo) -> None:
        """The device that was read must be the one it was before."""
        memory, told = self._memory, device.system_id
        if told == memory.by_address:
            return
        known = memory.known_as
        if known not in (None, told):
            log.warning("identity changed device=%s", self._name)
            self._renew("it calls itself another device, its services are read anew")
        memory.known_as = told

    def holds(self) -> None:
        """The link is set up."""
        if not self._is_odd:
            self._memory.renewals = 0

    def _renew(self, reason: str) -> None:
        self._memory.renewals += 1
        raise StaleServicesError(reason)
