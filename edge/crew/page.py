"""What the page's routes work with, put together once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.commands.encounter import Binding, EncounterOnBoard
from edge.commands.station import Station
from edge.crew.board import CrewBoard
from edge.crew.desk import CrewDesk, RefusedError
from edge.crew.nhs_number import parse_nhs_number
from edge.crew.photographs import Photographs
from edge.crew.pin import PinStore, PinThrottle
from edge.crew.policy import CrewPolicy
from edge.crew.requests import Deed, PatientDetails, Same, Shift
from edge.crew.requests import Told as ToldRequest
from edge.crew.sessions import Session, Sessions
from edge.crew.told import Assessment, Patient, Told
from edge.crew.viewers import frame
from protocols.model.crew import CrewEvent, CrewEventKind
from protocols.model.identifiers import marked_id

BEAT_SECONDS: Final = 2.0
UNNAMED: Final = "crew"
_BY_BUTTON: Final = frozenset(
    {
        CrewEventKind.DRUG,
        CrewEventKind.SHOCK,
        CrewEventKind.CPR_STARTED,
        CrewEventKind.CPR_STOPPED,
        CrewEventKind.CIRCULATION_RETURNED,
        CrewEventKind.AIRWAY,
        CrewEventKind.ECG_TAKEN,
        CrewEventKind.NOTE,
        CrewEventKind.EARLY_WARNING,
        CrewEventKind.HANDED_OVER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewPage:
    """One vehicle's page. `by` of every event is the member signed in on the screen."""

    policy: CrewPolicy
    vehicle_id: str
    pins: PinStore
    throttle: PinThrottle
    sessions: Sessions
    board: CrewBoard
    desk: CrewDesk
    told: Told
    photographs: Photographs
    encounters: EncounterOnBoard
    clock: Clock
    station: Station | None = None
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def record(self, session: Session, deed: Deed) -> CrewEvent:
        """A quick button; RefusedError for a kind that no button has."""
        if deed.kind not in _BY_BUTTON:
            raise RefusedError("There is no such button.")
        details = tuple(deed.details.items())
        if deed.kind == CrewEventKind.EARLY_WARNING:
            # Worked out here: the page's own sum is only shown.
            if unfit := self.board.fitness.unfit:
                raise RefusedError(f"NEWS2 is not made for {unfit}. Nothing is taken down.")
            details = self.board.score_details()
        return await self.desk.record(
            deed.kind,
            by=self.author(session),
            event_id=deed.id,
            ago=timedelta(seconds=deed.ago),
            text=deed.text,
            details=details,
        )

    async def set_shift(self, session: Session, shift: Shift) -> None:
        """Who is on board from now on."""
        kind = CrewEventKind.SHIFT_BEGUN if shift.members else CrewEventKind.SHIFT_ENDED
        names = tuple((f"crew_{place}", who) for place, who in enumerate(shift.members, start=1))
        await self.desk.record(
            kind,
            by=self.author(session),
            event_id=shift.id,
            details=names,
            text=", ".join(shift.members),
            encounter="",
        )

    async def begin_encounter(self, session: Session, reference: str) -> None:
        """Begin one with no dispatch at hand; the event first, so that it is known to the cloud."""
        if self.encounters.current is not None:
            raise RefusedError("Release the encounter on board first.")
        if self._is_released(reference):
            raise RefusedError("That encounter was released. Begin another one.")
        crew = tuple((f"crew_{place}", who) for place, who in enumerate(self.board.shift, start=1))
        event = await self.desk.record(
            CrewEventKind.ENCOUNTER_BEGUN,
            by=self.author(session),
            # One event over all tries: the disk may refuse the binding that follows it.
            event_id=marked_id(UUID(reference), "begun"),
            details=crew,
            encounter=reference,
        )
        self.encounters.begin(
            Binding(encounter_id=reference, started_at=event.at, is_from_dispatch=False)
        )
        await self._pass_on_early(session)

    def _is_released(self, reference: str) -> bool:
        return any(
            event.kind == CrewEventKind.ENCOUNTER_RELEASED and event.encounter == reference
            for event in self.desk.journal.events
        )

    async def confirm_encounter(self, session: Session) -> None:
        """The crew says that dispatch's encounter is theirs."""
        if self.encounters.current is None:
            raise RefusedError("There is no encounter to confirm.")
        await self.desk.record(CrewEventKind.ENCOUNTER_CONFIRMED, by=self.author(session))
        await self._pass_on_early(session)

    async def _pass_on_early(self, session: Session) -> None:
        """Details told before the encounter was known are said once more, of this encounter."""
        if self.told.patient != Patient():
            await self._pass_on_patient(session)

    async def release_encounter(self, session: Session) -> None:
        """The patient has left the vehicle."""
        if self.encounters.current is None:
            raise RefusedError("There is no encounter on board.")
        await self.desk.record(CrewEventKind.ENCOUNTER_RELEASED, by=self.author(session))
        self.encounters.end()

    async def tell_patient(self, session: Session, given: PatientDetails) -> None:
        """Keep the details on board; sent up is only what the projection may tell."""
        number = parse_nhs_number(given.nhs_number) if given.nhs_number.strip() else None
        if number is None and given.nhs_number.strip():
            raise RefusedError("That NHS number's check digit is wrong. Look at it again.")
        born = _date(given.born, self.clock.utc().date())
        patient = Patient(
            family_name=given.family_name,
            given_name=given.given_name,
            nhs_number=str(number or ""),
            born=born,
            age_years=given.age_years,
            sex=given.sex,  # type: ignore[arg-type]  # the request's pattern allows these words alone
            complaint=given.complaint,
            allergies=given.allergies,
            mechanism=given.mechanism,
            injuries=given.injuries,
        )
        async with self._telling:
            await asyncio.to_thread(self.told.keep, patient=patient, at=self.clock.utc())
        await self._pass_on_patient(session, given.id)

    async def settle_aside(self, session: Session, given: Same) -> None:
        """Whether what was told before this encounter is of its patient."""
        async with self._telling:
            await asyncio.to_thread(self.told.settle, is_same=given.is_same)
        if given.is_same:
            await self._pass_on_patient(session, given.id)
        self.board.show_state()

    async def _pass_on_patient(self, session: Session, event_id: UUID | None = None) -> None:
        """Sent up is only what the projection may tell."""
        patient = self.told.patient
        age = patient.age(self.clock.utc().date())
        is_named = bool(patient.family_name)
        identity = "checked number" if patient.nhs_number else "named" if is_named else "unknown"
        pairs = (
            ("sex", patient.sex),
            ("age_years", "" if age is None else str(age)),
            ("allergies", patient.allergies),
        )
        await self.desk.record(
            CrewEventKind.PATIENT_DETAILS,
            by=self.author(session),
            event_id=event_id,
            details=(*(pair for pair in pairs if pair[1]), ("identity", identity)),
        )

    async def assess(self, told: ToldRequest) -> None:
        """Keep what no device measures; an answer that is not given anew keeps its time."""
        async with self._telling:
            assessment = _answered(self.told.assessment, told, self.clock.utc())
            now = self.clock.utc()
            await asyncio.to_thread(self.told.keep, assessment=assessment, at=now)
        self.board.show_state()

    def author(self, session: Session) -> str:
        """Whose deed it is."""
        return session.member or UNNAMED

    async def frames(self, session: Session) -> AsyncIterator[bytes]:
        """A screen's stream: everything, then what changes, until it locks or goes away."""
        with self.board.viewers.watching() as viewer:
            while self.sessions.is_live(session):
                if viewer.is_behind:
                    viewer.is_behind = False
                    yield frame("snapshot", {**self.board.snapshot(), "member": session.member})
                taken = await viewer.wait(BEAT_SECONDS)
                if not self.sessions.is_live(session):
                    break
                for message in taken:
                    yield message
                if not taken:
                    yield frame("beat", {"now": self.clock.utc().timestamp()})
            yield frame("locked", {})


def _answered(before: Assessment, told: ToldRequest, now: datetime) -> Assessment:
    level, oxygen = told.consciousness, told.on_oxygen
    return Assessment(
        consciousness=before.consciousness if level is None else level,
        consciousness_at=before.consciousness_at if level is None else now,
        on_oxygen=before.on_oxygen if oxygen is None else oxygen,
        on_oxygen_at=before.on_oxygen_at if oxygen is None else now,
        scale=told.scale or before.scale,
        is_pregnant=before.is_pregnant if told.is_pregnant is None else told.is_pregnant,
    )


def _date(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        born = date.fromisoformat(text)
    except ValueError as exc:
        raise RefusedError("That is no date.") from exc
    if not date(1890, 1, 1) <= born <= today:
        raise RefusedError("That date of birth cannot be.")
    return born
