"""The services by which a device's own clock is read and set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from protocols.errors import DecodeError
from protocols.gatt import current_time, elapsed_time
from protocols.gatt.current_time import CurrentTime
from protocols.gatt.date_time import DATE_TIME
from protocols.gatt.elapsed_time import ClockState, CurrentElapsedTime, ElapsedTime
from protocols.gatt.fields import DateTime
from protocols.model.clock_mapping import Timeline
from simulators.bluetooth.offers import Offer, RefusedError, ServiceOffer
from simulators.bluetooth.personalities.base import Personality, service_of

T = TypeVar("T")
_OUT_OF_RANGE: Final = 0xFF
_INVALID_LENGTH: Final = 0x0D
_EPOCH: Final = datetime(2000, 1, 1)  # noqa: DTZ001  # of a device's own timeline


def current_time_service(personality: Personality) -> ServiceOffer:
    """CTS over the device's own clock."""

    def read() -> bytes:
        return current_time.CURRENT_TIME.encode(CurrentTime.of(personality.local, reason=0))

    async def write(octets: bytes) -> None:
        set_clock(personality, _decoded(octets, current_time.CURRENT_TIME.decode).at)

    offer = Offer(characteristic=current_time.CURRENT_TIME, read=read, write=write)
    return service_of(current_time.PROFILE, offer)


def date_time_offer(personality: Personality) -> Offer:
    """Date Time, which some makers put into the service of the measurement."""

    def read() -> bytes:
        return DATE_TIME.encode(DateTime.of(personality.local))

    async def write(octets: bytes) -> None:
        set_clock(personality, _decoded(octets, DATE_TIME.decode).at)

    return Offer(characteristic=DATE_TIME, read=read, write=write)


def elapsed_now(personality: Personality) -> ElapsedTime:
    """The device's clock as an Elapsed Time of UTC, whole seconds."""
    seconds = (personality.local - _EPOCH) // timedelta(seconds=1)
    return ElapsedTime(value=seconds, timeline=Timeline.UTC)


def elapsed_time_service(personality: Personality) -> ServiceOffer:
    """ETS over the device's own clock, which counts UTC."""
    characteristic = elapsed_time.CURRENT_ELAPSED_TIME

    def read() -> bytes:
        state = ClockState(status=0, capabilities=0)
        return characteristic.encode(CurrentElapsedTime(time=elapsed_now(personality), state=state))

    async def write(octets: bytes) -> None:
        at = _decoded(octets, characteristic.decode).time.at
        set_clock(personality, at if isinstance(at, datetime) else None)

    return service_of(
        elapsed_time.PROFILE, Offer(characteristic=characteristic, read=read, write=write)
    )


def set_clock(personality: Personality, local: datetime | None) -> None:
    """Show this time from now on; RefusedError for no time at all."""
    if local is None:
        raise RefusedError(_OUT_OF_RANGE)
    utc = personality.bedside.utc
    personality.clock = personality.clock.set_to(local, utc)
    personality.truth.note("clock-set", at=utc, local=local.isoformat())


def _decoded(octets: bytes, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(octets)
    except DecodeError as error:
        raise RefusedError(_INVALID_LENGTH) from error
