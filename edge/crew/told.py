"""What the crew told of the patient: it stays on board, for the screen and the handover."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from edge.crew.folder import write_durably
from edge.crew.news2 import Consciousness, SaturationScale

log = logging.getLogger(__name__)

FILE_NAME: Final = "patient.json"
_MOST_WORDS: Final = 200


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

    @property
    def is_short(self) -> bool:
        """Whether every word fits."""
        words = (self.family_name, self.given_name, self.complaint, self.allergies)
        return all(len(word) <= _MOST_WORDS for word in (*words, self.mechanism, self.injuries))


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What no device measures. Each answer that ages has its own time: when it was told last."""

    consciousness: Consciousness | None = None
    consciousness_at: datetime | None = None
    on_oxygen: bool | None = None
    on_oxygen_at: datetime | None = None
    scale: SaturationScale = SaturationScale.ONE
    is_pregnant: bool | None = None


class _Kept(msgspec.Struct):
    encounter_id: str
    patient: Patient = Patient()
    assessment: Assessment = Assessment()


@dataclass(slots=True)
class Told:
    """Of one encounter: another one begins with nothing. `keep` blocks on the disk."""

    folder: Path
    encounter_id: str = ""
    patient: Patient = field(default_factory=Patient)
    assessment: Assessment = field(default_factory=Assessment)

    def open(self, encounter_id: str) -> None:
        """Read what was told of this encounter; of another, nothing is left on the disk."""
        kept = _Kept(encounter_id)
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError):
            log.warning("what the crew told of the patient cannot be read")
        if kept.encounter_id != encounter_id:
            self._path.unlink(missing_ok=True)
            kept = _Kept(encounter_id)
        self.encounter_id = encounter_id
        self.patient, self.assessment = kept.patient, kept.assessment

    def keep(self, *, patient: Patient | None = None, assessment: Assessment | None = None) -> None:
        """Durable when this returns; BufferFaultError when it is not."""
        kept = _Kept(self.encounter_id, patient or self.patient, assessment or self.assessment)
        write_durably(self._path, msgspec.json.encode(kept))
        self.patient, self.assessment = kept.patient, kept.assessment

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME
