"""People of an organisation, made by its administrators so that tokens can be exchanged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from cloud.api.clinical.callers import ClientsAdmin
from cloud.api.clinical.clients import check_organisation
from cloud.api.clinical.identifiers import Id, wire_id
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.api.shared.words import Name
from cloud.core.identity.people import LONGEST_EMAIL, NewPerson, create_person
from cloud.core.kernel import audit

router = APIRouter(
    prefix="/v1/user-management/admin/users", tags=["Clinical auth"], route_class=StrictRoute
)


class ExternalModel(StrictModel):
    """What another issuer calls a person: `iss` and `sub` of its ID tokens."""

    issuer: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    sub: Annotated[str, StringConstraints(min_length=1, max_length=255)]


class MembershipModel(StrictModel):
    """What a person is in an organisation."""

    org_id: Id
    role: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class UserRequest(StrictModel):
    """A person of the caller's organisation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "email": "anna@hospital.example",
                    "given_name": "Anna",
                    "family_name": "Adler",
                    "external": {"issuer": "https://login.hospital.example", "sub": "a-1"},
                    "memberships": [
                        {"org_id": "0190c2f0-7d4e-7f7a-8a4b-5d1f6f6b2f10", "role": "clinician"}
                    ],
                }
            ]
        }
    )

    email: Annotated[str, StringConstraints(min_length=3, max_length=LONGEST_EMAIL)]
    given_name: Name
    family_name: Name
    external: ExternalModel | None = None
    memberships: Annotated[list[MembershipModel], Field(max_length=20)] = Field(default=[])


class MembershipShown(BaseModel):
    """What a person is in an organisation."""

    org_id: str
    role: str


class UserModel(BaseModel):
    """A person."""

    id: str
    email: str
    given_name: str
    family_name: str
    external: ExternalModel | None = None
    memberships: list[MembershipShown]
    status: str
    created_at: datetime


@router.post(
    "",
    status_code=201,
    response_model=UserModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Make a person known",
)
def create_user(
    request: Request, body: UserRequest, caller: ClientsAdmin, work: Work, services: AllServices
) -> Response:
    """Whom another issuer means by its subject, and what they may do here at most."""
    for membership in body.memberships:
        check_organisation(caller, membership.org_id)
    external = body.external

    def produce() -> tuple[int, BaseModel]:
        row = create_person(
            work,
            services.vault,
            tenant_id=caller.tenant_id,
            person=NewPerson(
                email=body.email,
                given_name=body.given_name,
                family_name=body.family_name,
                roles=tuple(dict.fromkeys(one.role for one in body.memberships)),
                issuer="" if external is None else external.issuer,
                subject="" if external is None else external.sub,
            ),
        )
        audit.record(work, caller, "user.created", "user", row.user_id)
        return 201, UserModel(
            id=wire_id(row.user_id),
            email=row.email,
            given_name=row.given_name,
            family_name=row.family_name,
            external=external,
            memberships=[
                MembershipShown(org_id=str(one.org_id), role=one.role) for one in body.memberships
            ],
            status=row.status,
            created_at=row.created_at,
        )

    return answer_once(request, work, caller, body, produce)
