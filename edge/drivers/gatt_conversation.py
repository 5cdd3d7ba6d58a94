"""What is said on one GATT link: which characteristics are used, and what their values mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from edge.recorder.recording import Recording
from edge.transports.ble.base import Attribute
from edge.transports.ble.quirks import PRIVATE_PROFILES, Quirk
from protocols.gatt import current_time, date_time, device_information, elapsed_time, racp_codec
from protocols.gatt.base import GattProfile, ProfileSession, Property
from protocols.gatt.cgm_session_values import STATUS
from protocols.gatt.glucose import GlucoseSession
from protocols.gatt.racp_codec import RECORD_ACCESS
from protocols.gatt.racp_retrieval import KINDS
from protocols.gatt.registry import find_profile
from protocols.gatt.transcriber import Transcriber, Transcript

CLOCKS: Final = (
    elapsed_time.CURRENT_ELAPSED_TIME.uuid,
    current_time.CURRENT_TIME.uuid,
    date_time.DATE_TIME.uuid,
)
"""The clocks of the three services, the one that says most first."""
_SENT: Final = Property.NOTIFY | Property.INDICATE


class Conversation:
    """The profile sessions of one link. They share `transcriber`.

    `subscriptions` in the order they are to be switched on: what a device keeps for its reader
    comes by indication, at once, and is lost for whoever is late. `readings` in the order they
    are to be read: who it is, then what its values need to be understood.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        quirk: Quirk,
        transcriber: Transcriber,
        recording: Recording | None = None,
    ) -> None:
        self.transcriber = transcriber
        self._recording = recording or Recording()
        self._sessions: dict[str, ProfileSession] = {}
        self._profiles: dict[int, GattProfile] = {}
        for attribute in attributes:
            profile = _profile_of(attribute, quirk)
            if profile is not None:
                self._profiles[attribute.handle] = profile
                if profile.name not in self._sessions:
                    self._sessions[profile.name] = profile.open_session(transcriber)
        known = [item for item in attributes if item.handle in self._profiles]
        self.record_points = tuple(
            item for item in known if item.uuid == RECORD_ACCESS.uuid and item.service in KINDS
        )
        self.clocks = tuple(
            item for uuid in CLOCKS for item in known if item.uuid == uuid and _can_read(item)
        )
        self.subscriptions = tuple(
            sorted((item for item in known if self._is_worth_hearing(item)), key=_urgency)
        )
        self.readings = tuple(
            sorted(
                (item for item in known if _can_read(item) and item.uuid not in CLOCKS),
                key=_reading_order,
            )
        )

    def _is_worth_hearing(self, attribute: Attribute) -> bool:
        """Battery and clock are asked for: a host sends what is read to whoever listens, too."""
        about = self._profiles[attribute.handle].name in _ABOUT_THE_DEVICE
        is_point = attribute in self.record_points
        return bool(attribute.properties & _SENT) and (is_point or not about)

    @property
    def has_measurements(self) -> bool:
        """Whether anything is there that could tell of a patient."""
        return any(profile.name not in _ABOUT_THE_DEVICE for profile in self._profiles.values())

    @property
    def profile_names(self) -> tuple[str, ...]:
        """The profiles of the link, in the device's order."""
        return tuple(self._sessions)

    def note(self, attribute: Attribute, octets: bytes, *, now: float, utc: datetime) -> None:
        """Record a value (`now`: monotonic seconds when it came)."""
        self._recording.take(octets, monotonic=now, utc=utc, channel=attribute.handle)

    def hear(self, attribute: Attribute, octets: bytes, *, now: float, utc: datetime) -> Transcript:
        """What a value says, recorded; DecodeError for octets that its document does not know."""
        self.note(attribute, octets, now=now, utc=utc)
        profile = self._profiles[attribute.handle]
        return self._sessions[profile.name].value_received(attribute.uuid, octets, utc=utc)

    def release_waiting(self, *, utc: datetime) -> Transcript | None:
        """What waited for records that did not come, at the end of a retrieval."""
        for session in self._sessions.values():
            if isinstance(session, GlucoseSession):
                return session.release_waiting(utc=utc)
        return None


_ANYWHERE: Final[dict[UUID, GattProfile]] = {
    date_time.DATE_TIME.uuid: date_time.PROFILE,
    RECORD_ACCESS.uuid: racp_codec.PROFILE,
}
"""Characteristics that live inside other services."""
_ABOUT_THE_DEVICE: Final = frozenset(
    {"battery", "current_time", "date_time", "device_information", "elapsed_time", "record_access"}
)


def _profile_of(attribute: Attribute, quirk: Quirk) -> GattProfile | None:
    """The profile that reads the characteristic, None when there is none we may open."""
    if attribute.uuid in _ANYWHERE:
        return _ANYWHERE[attribute.uuid]
    profile = find_profile(attribute.service)
    if profile is None or attribute.uuid not in {item.uuid for item in profile.characteristics}:
        return None
    if profile.name in PRIVATE_PROFILES and profile.name not in quirk.profiles:
        return None
    return profile


def _can_read(attribute: Attribute) -> bool:
    return bool(attribute.properties & Property.READ)


def _reading_order(attribute: Attribute) -> int:
    if attribute.service == device_information.PROFILE.service:
        return 0
    return 2 if attribute.uuid == STATUS.uuid else 1  # a state counts from the session's start


def _urgency(attribute: Attribute) -> int:
    if attribute.uuid == RECORD_ACCESS.uuid:
        return 0  # its answers have to be on before anything is asked
    return 1 if attribute.properties & Property.INDICATE else 2
