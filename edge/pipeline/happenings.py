"""What the gateway itself has to say: observations of its own, in the lane of events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from edge.buffer.recovery import Recovery
from edge.buffer.rows import from_microseconds
from edge.buffer.thinning import Dropped
from edge.clock import ClockQuality
from protocols.model.codes import SystemId
from protocols.model.identifiers import clockless_observation_id, marked_id
from protocols.model.observation import TextObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.nomenclature.private import GATEWAY_EVENT

_SECONDS: Final = "seconds"


def happening(text: str, *, gateway: SystemId, at: datetime) -> TextObservation:
    """Something that happened to the gateway at `at` (aware); `gateway` is its own System-Id.

    The same words at the same time are the same happening. They name no patient and no value.
    """
    identity = clockless_observation_id(
        system_id=gateway,
        type_code=GATEWAY_EVENT,
        received_at=at.astimezone(UTC).isoformat(),
        report_counter=0,
    )
    return TextObservation(
        observation_id=marked_id(identity, text),
        type=GATEWAY_EVENT,
        observed_at=ObservedTime(at, TimeQuality.RECEIVED),
        device=gateway,
        text=text,
    )


def teller_of(gateway: SystemId) -> Callable[[Dropped, datetime], TextObservation]:
    """What makes an observation of waveforms that gave way."""

    def tell(dropped: Dropped, at: datetime) -> TextObservation:
        return happening(dropped_in_words(dropped), gateway=gateway, at=at)

    return tell


def dropped_in_words(dropped: Dropped) -> str:
    """Which stretches of waveform are missing from now on, and why."""
    first, last = (
        from_microseconds(value).isoformat(timespec=_SECONDS)
        for value in (dropped.first_us, dropped.last_us)
    )
    which = "every second stretch" if dropped.is_thinned else "the oldest stretches"
    return (
        f"no room in the buffer: {which} of waveform dropped,"
        f" {dropped.rows} captured from {first} to {last}"
    )


def recovery_in_words(recovery: Recovery) -> str:
    """What was found at the start, and what came of it."""
    rest = "the rest is kept there" if recovery.is_complete else "more is read when there is room"
    return (
        f"the buffer's file was damaged and set aside as {recovery.set_aside.name}:"
        f" {recovery.salvaged} rows read from it, {rest}"
    )


def clock_step_in_words(seconds: float, quality: ClockQuality) -> str:
    """The wall clock was set, and what it is worth now."""
    return f"the gateway's clock was set by {seconds:+.1f} s and is {quality.value} now"
