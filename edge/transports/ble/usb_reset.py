"""The last rung for an adapter that stays wedged: the USB device it is, reset.

Some controllers hang so that switching them off and on changes nothing; what helps is what a hand
would do, pull and plug. It takes a right the gateway has only where an operator gave it, so it is
off until the settings name a way. A dongle that needs it every hour is to be replaced: the waits
between resets double.

    authorized   the kernel is told that the device may not be used, and then that it may
    port         the device's port is reset in one call (USBDEVFS_RESET), by its node in /dev
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Final

from edge.clock import Clock
from edge.supervision import Backoff, BackoffPolicy

log = logging.getLogger(__name__)

_USBDEVFS_RESET: Final = 0x5514
"""linux/usbdevice_fs.h: _IO('U', 20)"""
_WIRELESS_CONTROLLER: Final = "e0"
"""USB class of controllers such as Bluetooth's."""


class UsbReset(Enum):
    """How an adapter may be reset."""

    NEVER = "never"
    AUTHORIZED = "authorized"
    PORT = "port"


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbResetPolicy:
    """`sysfs` and `devices`: where the kernel shows its devices, and their nodes. Seconds.

    `patience_seconds` an adapter may stay off although it was switched on; `away_seconds` it is
    not authorized; `again` the waits between two resets of one adapter.
    """

    way: UsbReset = UsbReset.NEVER
    sysfs: Path = Path("/sys")
    devices: Path = Path("/dev")
    patience_seconds: float = 15.0
    away_seconds: float = 1.0
    again: BackoffPolicy = field(
        default_factory=lambda: BackoffPolicy(first=60.0, most=3600.0, forgiven_after=21_600.0)
    )


def reset_port(node: Path) -> None:
    """Reset the device behind a node of /dev/bus/usb; OSError when that is not allowed."""
    descriptor = os.open(node, os.O_WRONLY | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _USBDEVFS_RESET)
    finally:
        os.close(descriptor)


@dataclass(slots=True)
class _Series:
    backoff: Backoff
    last: float
    not_before: float


class UsbResets:
    """The resets of one machine's adapters; `count` since the start."""

    def __init__(
        self, policy: UsbResetPolicy, clock: Clock, port: Callable[[Path], None] = reset_port
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._port = port
        self._places: dict[str, Path] = {}
        self._series: dict[str, _Series] = {}
        self.count = 0

    @property
    def is_allowed(self) -> bool:
        """Whether the settings allow it at all."""
        return self._policy.way is not UsbReset.NEVER

    def note(self, adapters: Iterable[str]) -> None:
        """These adapters are there: remember which USB devices they are."""
        if not self.is_allowed:
            return
        for adapter in adapters:
            place = self._find(adapter)
            if place is not None:
                self._places[adapter] = place

    def wedged(self, usable: Sequence[str]) -> tuple[str, ...]:
        """Adapters that are not usable although their USB devices are plugged in."""
        return tuple(
            adapter
            for adapter, place in self._places.items()
            if adapter not in usable and place.is_dir()
        )

    async def restore(self) -> None:
        """Authorize what a gateway that was killed in the middle of a reset left behind."""
        if self._policy.way is not UsbReset.AUTHORIZED:
            return
        for place in self._unauthorized():
            try:
                await asyncio.to_thread(_write, place / "authorized", "1")
                log.warning("adapter left unauthorized is authorized place=%s", place.name)
            except OSError as exc:
                log.warning(
                    "adapter stays unauthorized place=%s reason=%r", place.name, exc.strerror
                )

    async def reset(self, adapter: str) -> bool:
        """Reset it; False when that is not allowed, not possible or too soon; the log says so."""
        if not self.is_allowed:
            return False
        if not self._is_time(adapter):
            log.info("adapter not reset again yet adapter=%s", adapter)
            return False
        self.note((adapter,))
        place = self._places.get(adapter)
        if place is None:
            log.warning("adapter not reset adapter=%s reason=%r", adapter, "it is no USB device")
            return False
        log.warning("adapter reset over USB adapter=%s way=%s", adapter, self._policy.way.value)
        try:
            await self._reset(place)
        except OSError as exc:
            log.warning("adapter not reset adapter=%s reason=%r", adapter, exc.strerror)
            return False
        self.count += 1
        return True

    def _is_time(self, adapter: str) -> bool:
        now = self._clock.monotonic()
        series = self._series.get(adapter)
        if series is None or now - series.last >= self._policy.again.forgiven_after:
            series = self._series[adapter] = _Series(Backoff(self._policy.again), now, now)
        if now < series.not_before:
            return False
        series.last, series.not_before = now, now + series.backoff.next_wait()
        return True

    async def _reset(self, place: Path) -> None:
        if self._policy.way is UsbReset.PORT:
            await asyncio.to_thread(self._port, self._node(place))
            return
        authorized = place / "authorized"
        await asyncio.to_thread(_write, authorized, "0")
        try:
            await self._clock.sleep(self._policy.away_seconds)
        finally:
            await asyncio.to_thread(_write, authorized, "1")

    def _find(self, adapter: str) -> Path | None:
        """The folder of the USB device; the nearest one above the adapter that has a bus number."""
        shown = (self._policy.sysfs / "class" / "bluetooth" / adapter).resolve()
        return next((place for place in shown.parents if (place / "busnum").is_file()), None)

    def _node(self, place: Path) -> Path:
        bus, number = (int((place / name).read_text()) for name in ("busnum", "devnum"))
        return self._policy.devices / "bus" / "usb" / f"{bus:03d}" / f"{number:03d}"

    def _unauthorized(self) -> Iterator[Path]:
        for place in sorted((self._policy.sysfs / "bus" / "usb" / "devices").glob("*")):
            if _read(place / "bDeviceClass") == _WIRELESS_CONTROLLER and (
                _read(place / "authorized") == "0"
            ):
                yield place


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
