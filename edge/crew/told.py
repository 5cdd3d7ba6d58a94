"""What the crew told of the patient: it stays on board, for the screen and the handover."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from edge.commands.encounter import Binding
from edge.crew.folder import write_durably
from edge.errors import BufferFaultError
from protocols.model.early_warning import Consciousness, SaturationScale

log = logging.getLogger(__name__)

FILE_NAME: Final = "patient.json"
_SAME_PATIENT: Final = timedelta(hours=1)
"""What was told so shortly before an encounter began is of its patient."""


class Patient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Typed or scanned; everything may be missing. `nhs_number` passed its check digit."""

    family_name: str = ""
    given_name: str = ""
    nhs_number: str = ""
    born: date | None = None
    age_years: int | None = None
    sex: Literal["", "female", "male", "other", "unknown"] = ""
    complaint: str = ""
    allergies: str = ""
    mechanism: str = ""
    injuries: str = ""

    def age(self, today: date) -> int | None:
        """Whole years, from the date of birth where it is known."""
        if self.born is None:
            return self.age_years
        before = (today.month, today.day) < (self.born.month, self.born.day)
        return max(0, today.year - self.born.year - before)


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What no device measures. Each answer that ages has its own time: when it was told last."""

    consciousness: Consciousness | None = None
    consciousness_at: datetime | None = None
    on_oxygen: bool | None = None
    on_oxygen_at: datetime | None = None
    scale: SaturationScale = SaturationScale.ONE
    is_pregnant: bool | None = None


class Aside(msgspec.Struct, frozen=True):
    """What was told before another encounter came: a person says whether it is the same patient."""

    patient: Patient = Patient()
    assessment: Assessment = Assessment()


class _Kept(msgspec.Struct):
    encounter_id: str
    patient: Patient = Patient()
    assessment: Assessment = Assessment()
    at: datetime | None = None
    is_begun_here: bool = False
    aside: Aside | None = None

    @property
    def is_empty(self) -> bool:
        return (self.patient, self.assessment) == (Patient(), Assessment())


@dataclass(slots=True)
class Told:
    """Of one encounter, or of none yet, for any thread. What blocks on the disk is said to.

    `aside` waits for a person: the encounter changed, and nobody knows whether the patient did.
    """

    folder: Path
    _kept: _Kept = field(default_factory=lambda: _Kept(""))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def encounter_id(self) -> str:
        """Whose it is; empty before an encounter is known."""
        return self._kept.encounter_id

    @property
    def patient(self) -> Patient:
        """Who it is."""
        return self._kept.patient

    @property
    def assessment(self) -> Assessment:
        """What no device measures."""
        return self._kept.assessment

    @property
    def aside(self) -> Aside | None:
        """What waits for the answer whether it is the same patient."""
        return self._kept.aside

    def open(self, binding: Binding | None) -> None:
        """Go on with what was told of this encounter; blocks on the disk.

        What was told before any encounter goes along with the one that begins then. What was told
        long before, or of an encounter begun on board that dispatch's replaces, is set aside. Of
        every other encounter nothing is left on the disk.
        """
        with self._lock:
            self._open(binding)

    def _open(self, binding: Binding | None) -> None:
        before = self._read()
        now = _Kept("") if binding is None else _next(before, binding)
        if before is not None and before.encounter_id == now.encounter_id:
            self._kept = before
            return
        self._kept = now
        try:
            if now.is_empty and now.aside is None:
                self._path.unlink(missing_ok=True)
            else:
                self._write()
        except (OSError, BufferFaultError):
            log.warning("what the crew told of the patient cannot be kept")

    def keep(
        self,
        *,
        patient: Patient | None = None,
        assessment: Assessment | None = None,
        at: datetime | None = None,
    ) -> None:
        """Durable when this returns; BufferFaultError when it is not."""
        given = {"patient": patient, "assessment": assessment, "at": at}
        with self._lock:
            self._replace({name: value for name, value in given.items() if value is not None})

    def settle(self, *, is_same: bool) -> None:
        """The answer about what was set aside; durable when this returns.

        Of the same patient it is taken over, but for what was told anew meanwhile.
        """
        with self._lock:
            aside = self.aside
            changes: dict[str, object] = {"aside": None}
            if aside is not None and is_same:
                changes["patient"] = _merged(self.patient, aside.patient)
                changes["assessment"] = _merged(self.assessment, aside.assessment)
            self._replace(changes)

    def forget(self, since: datetime) -> bool:
        """Let go of what was told last before `since`, or nobody knows when; whether there was any.

        Blocks on the disk; OSError when it refuses.
        """
        with self._lock:
            kept = self._kept
            is_young = kept.at is not None and kept.at >= since
            if is_young or (kept.is_empty and kept.aside is None):
                return False
            self._path.unlink(missing_ok=True)
            self._kept = _Kept(kept.encounter_id, is_begun_here=kept.is_begun_here)
            return True

    def _replace(self, changes: Mapping[str, object]) -> None:
        before = self._kept
        self._kept = msgspec.structs.replace(before, **changes)
        try:
            self._write()
        except BufferFaultError:
            self._kept = before
            raise

    def _write(self) -> None:
        write_durably(self._path, msgspec.json.encode(self._kept))

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            # Nothing was told, or the disk did not take what is only in memory.
            return self._kept
        except (OSError, msgspec.DecodeError):
            log.warning("what the crew told of the patient cannot be read")
            return None

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME


def _next(before: _Kept | None, binding: Binding) -> _Kept:
    now = _Kept(binding.encounter_id, is_begun_here=not binding.is_from_dispatch)
    if before is None or before.is_empty:
        return now
    if not before.encounter_id:
        since = binding.started_at - _SAME_PATIENT
        if before.at is not None and before.at >= since:
            return msgspec.structs.replace(
                now, patient=before.patient, assessment=before.assessment, at=before.at
            )
    elif not before.is_begun_here or not binding.is_from_dispatch:
        return now
    return msgspec.structs.replace(
        now, at=before.at, aside=Aside(before.patient, before.assessment)
    )


_T = TypeVar("_T", Patient, Assessment)


def _merged(newer: _T, older: _T) -> _T:
    plain = type(newer)()
    told = {
        name: value
        for name in newer.__struct_fields__
        if (value := getattr(newer, name)) != getattr(plain, name)
    }
    return msgspec.structs.replace(older, **told)
