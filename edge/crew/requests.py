"""What the page may ask, read strictly: an unknown member or a wrong type is refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

import msgspec
from starlette.requests import Request

from edge.crew.desk import RefusedError
from protocols.model.early_warning import Consciousness, SaturationScale

MOST_OCTETS: Final = 64 << 10
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Line = Annotated[str, msgspec.Meta(max_length=500)]
Short = Annotated[str, msgspec.Meta(max_length=120)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class Body(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every request is: fields by name, nothing else."""


class Unlock(Body):
    """The PIN, and who is working on this screen."""

    pin: Annotated[str, msgspec.Meta(max_length=64)]
    member: Short = ""


class SignIn(Body):
    """Who is working on this screen now."""

    member: Word


class Shift(Body):
    """Who is on board; empty ends the shift."""

    id: UUID
    members: Annotated[tuple[Word, ...], msgspec.Meta(max_length=8)]


class Deed(Body):
    """A quick button. `ago` is how many seconds ago it was, by the screen's own running clock."""

    id: UUID
    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    ago: Seconds = 0.0
    text: Line = ""
    details: dict[Short, Short] = {}


class Undo(Body):
    """Take an event back."""

    id: UUID
    undoes: UUID


class Begin(Body):
    """Begin an encounter on board; the id is made by the page, so that a retry begins one."""

    id: UUID


class Told(Body):
    """What no device measures: only the answers that were given now, the others stay as old."""

    consciousness: Consciousness | None = None
    on_oxygen: bool | None = None
    scale: SaturationScale | None = None
    is_pregnant: bool | None = None


class PatientDetails(Body):
    """Typed or scanned; the number is checked, the rest is taken as it is."""

    id: UUID
    family_name: Short = ""
    given_name: Short = ""
    nhs_number: Short = ""
    born: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    age_years: Annotated[int, msgspec.Meta(ge=0, le=130)] | None = None
    sex: Annotated[str, msgspec.Meta(pattern=r"^(female|male|other|unknown)?$")] = ""
    complaint: Short = ""
    allergies: Short = ""
    mechanism: Short = ""
    injuries: Short = ""


class Same(Body):
    """Whether what was told before this encounter is of its patient."""

    id: UUID
    is_same: bool


class PairingAnswer(Body):
    """The person's answer to a device that waits."""

    request: int
    passkey: Annotated[int, msgspec.Meta(ge=0, le=999_999)] | None = None
    accept: bool = True


class Address(Body):
    """A device that can be heard, or was paired."""

    address: Word


class Code(Body):
    """A scanned or typed code of a device; the id is made by the page, for retries.

    `kind` is told for a device that does not say it itself.
    """

    id: UUID
    code: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    kind: Literal[
        "", "defib", "ecg", "oximeter", "bp", "glucose", "etco2", "thermometer", "multiparameter"
    ] = ""


class AtStation(Body):
    """Whether the vehicle is at its station."""

    is_here: bool


B = TypeVar("B", bound=Body)


async def read(request: Request, kind: type[B]) -> B:
    """The request's body; RefusedError in a sentence when it is not what the page sends."""
    try:
        return msgspec.json.decode(await read_octets(request, MOST_OCTETS), type=kind)
    except msgspec.DecodeError as exc:
        raise RefusedError("The page sent something this gateway does not understand.") from exc


async def read_octets(request: Request, most: int) -> bytes:
    """The raw body, at most so many octets; RefusedError above."""
    octets = bytearray()
    async for chunk in request.stream():
        octets += chunk
        if len(octets) > most:
            raise RefusedError("That is too large.")
    return bytes(octets)
