"""Patients on the wire: what callers tell of them, and what they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.record import NextOfKin, PatientIdentity

Sex = Literal["male", "female", "other", "unknown"]
PersonId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
_Line = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
_Short = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$"
    ),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


BirthDate = Annotated[
    str,
    StringConstraints(pattern=r"^(18|19|20)\d{2}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$"),
]


class NextOfKinRequest(StrictModel):
    """Somebody to call."""

    name: _Line
    relationship: _Short | None = None
    phone: _Short | None = None


class IdentityRequest(StrictModel):
    """Who the patient is, as far as is known. `birth_date` may be a year or a month only."""

    family_name: _Line | None = None
    given_name: _Line | None = None
    birth_date: BirthDate | None = None
    sex: Sex | None = None
    nhs_number: _Short | None = None
    nhs_number_status: Literal["verified", "unverified"] | None = None
    address: Annotated[tuple[_Line, ...], Field(max_length=5)] = ()
    city: _Line | None = None
    postcode: _Short | None = None
    phone: _Short | None = None
    email: _Line | None = None
    next_of_kin: NextOfKinRequest | None = None
    gp_practice: _Line | None = None
    deceased_at: Timestamp | None = None

    def identity(self) -> PatientIdentity:
        """As the core has it."""
        told = {
            name: getattr(self, name)
            for name in IdentityRequest.model_fields
            if name != "next_of_kin" and getattr(self, name) is not None
        }
        kin = self.next_of_kin
        if kin is not None:
            told["next_of_kin"] = NextOfKin(**kin.model_dump(exclude_none=True))
        return PatientIdentity(**told)


class PatientRequest(IdentityRequest):
    """The same, and the caller's own id of the person, of which a pseudonym is kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"family_name": "Smith", "sex": "female", "birth_date": "1981-04"},
            ]
        }
    )

    person_id: PersonId | None = None

    def told(self) -> ToldPatient:
        """As the core has it."""
        return ToldPatient(person_id=self.person_id or "", identity=self.identity())


class CorrectionRequest(StrictModel):
    """The whole of what is known now, and why it was written otherwise."""

    identity: IdentityRequest
    reason: Reason


class UnlinkRequest(StrictModel):
    """Why it was the wrong patient."""

    reason: Reason


Told = Annotated[str | None, BeforeValidator(lambda text: text or None)]
"""A text, absent while it is empty."""


class NextOfKinModel(BaseModel):
    """Somebody to call."""

    name: str
    relationship: Told = None
    phone: Told = None


class IdentityModel(BaseModel):
    """Who the patient is; shown at the destination and nowhere else."""

    family_name: Told = None
    given_name: Told = None
    birth_date: Told = None
    sex: Told = None
    nhs_number: Told = None
    nhs_number_status: str
    address: list[str]
    city: Told = None
    postcode: Told = None
    phone: Told = None
    email: Told = None
    next_of_kin: NextOfKinModel | None = None
    gp_practice: Told = None
    deceased_at: datetime | None = None


class PatientModel(BaseModel):
    """The person behind a pseudonym of this tenant; `identity` is there at the destination only."""

    pseudonym: str
    status: str | None = None
    age_band: str | None = None
    sex: str | None = None
    postcode_area: str | None = None
    identity: IdentityModel | None = None


class PatientLinkModel(BaseModel):
    """That the encounter was a patient's. `entered_in_error`: it was the wrong patient."""

    patient_id: str
    since: datetime
    until: datetime | None = None
    entered_in_error: bool
    reason: str | None = None
    merged: bool


class PatientLinksModel(BaseModel):
    """Whose the encounter was and is, oldest first."""

    links: list[PatientLinkModel]
