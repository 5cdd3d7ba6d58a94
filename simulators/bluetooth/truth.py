"""What a Bluetooth device measured, in the journal every ledger is held against.

The journal gets the record as the sensor made it; the octets go another way. So a fault of a
codec shows as a difference.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from protocols.gatt.base import AnyCharacteristic, GattProfile, ProfileSession
from protocols.gatt.transcriber import Transcriber
from protocols.model.device import DeviceInfo
from simulators.journal import Journal


class Truth:
    """One device's side of the journal."""

    def __init__(self, journal: Journal, info: DeviceInfo) -> None:
        self._journal = journal
        self._transcriber = Transcriber(info)
        self._sessions: dict[str, ProfileSession] = {}

    def made(
        self,
        profile: GattProfile,
        characteristic: AnyCharacteristic,
        record: object,
        *,
        at: datetime,
        kept: bool = False,
    ) -> tuple[UUID, ...]:
        """A record came into being at `at`; `kept` when the device still has it tomorrow.

        The ids of its readings. Those of kept records and of stamped ones are the ids that a
        gateway works out; a live value without a stamp is identified by its reception, so its
        id here is the journal's own.
        """
        session = self._sessions.get(profile.name)
        if session is None:
            session = self._sessions[profile.name] = profile.open_session(self._transcriber)
        draft = self._transcriber.begin(utc=at, stored=kept)
        session.transcribe(characteristic, record, draft)
        observations = draft.finish().observations
        for observation in observations:
            self._journal.made(observation, live=not kept, at=at)
        return tuple(observation.observation_id for observation in observations)

    def about(self, event: str, ids: tuple[UUID, ...], *, at: datetime) -> None:
        """Something happened to these readings: sent, confirmed, unheard, dropped."""
        self._journal.about(event, ids, at=at)

    def note(self, event: str, *, at: datetime, **facts: object) -> None:
        """Something happened to the device."""
        self._journal.note(event, at=at, **facts)
