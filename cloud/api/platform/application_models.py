"""Applications and their tokens on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.shared.strict_json import StrictModel
from cloud.api.shared.words import Name, ScopeName
from cloud.core.authorization.client_secrets import LONGEST_GRACE
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.profiles import SECRET_BASIC
from cloud.core.authorization.service_tokens import LONGEST, SANDBOX_LONGEST, USUAL
from cloud.core.authorization.tables import ApplicationRow

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Scopes = Annotated[list[ScopeName], Field(max_length=100)]
Uri = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Uris = Annotated[list[Uri], Field(max_length=50)]
GrantType = Literal["authorization_code", "client_credentials", "refresh_token"]
AuthMethod = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]
Way = Literal["platform", "portal"]


class ApplicationRequest(StrictModel):
    """An application to register.

    `token_endpoint_auth_method` `none` makes it a public one, without a secret. `profiles` says
    whose tokens it gets: the platform's, the patient portal's, or both.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Hospital board",
                    "grant_types": ["client_credentials"],
                    "redirect_uris": [],
                    "requested_scopes": ["argus:epcr:read"],
                }
            ]
        }
    )

    name: Name
    grant_types: Annotated[list[GrantType], Field(min_length=1, max_length=3)]
    redirect_uris: Uris = Field(default=[])
    requested_scopes: Scopes = Field(default=[])
    post_logout_redirect_uris: Uris = Field(default=[])
    token_endpoint_auth_method: AuthMethod = Field(default=SECRET_BASIC)
    profiles: list[Way] = Field(default=["platform"], min_length=1, max_length=2)
    product_id: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: Uri | None = None


class ApplicationChange(StrictModel):
    """What is to be otherwise; at least one of these."""

    name: Name | None = None
    redirect_uris: Uris | None = None
    post_logout_redirect_uris: Uris | None = None
    requested_scopes: Scopes | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: Uri | None = None
    status: Literal["approved", "suspended"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one member is needed")
        return self


class ApprovalRequest(StrictModel):
    """The scopes to approve; without them, those that were requested."""

    scopes: Scopes | None = None


class PlacementRequest(StrictModel):
    """The facility an application belongs to, as encounters name their destination; null for none.

    With `argus:epcr:handover` it learns who the patients are that are brought there.
    """

    facility_id: (
        Annotated[
            str,
            StringConstraints(
                strip_whitespace=True,
                min_length=1,
                max_length=80,
                pattern=r"^[^\x00-\x1f\x7f]+$",
            ),
        ]
        | None
    )


class HeldSecretModel(BaseModel):
    """A secret by its last four characters, and when it was last used."""

    id: str
    last4: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class ApplicationModel(BaseModel):
    """An application; its secret is in the answer that makes it and in no other.

    `secrets` tells those it has apart, where one application is asked for.
    """

    client_id: str
    client_secret: str | None = None
    name: str
    grant_types: list[str]
    redirect_uris: list[str]
    requested_scopes: list[str]
    approved_scopes: list[str]
    tenant_id: str
    status: str
    governance: dict[str, bool | int | list[str]]
    profiles: list[str]
    token_endpoint_auth_method: str
    post_logout_redirect_uris: list[str]
    product_id: str | None = None
    facility_id: str | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    created_at: datetime
    secrets: list[HeldSecretModel] | None = None


class ApplicationsModel(BaseModel):
    """The tenant's applications by age."""

    apps: list[ApplicationModel]
    next_cursor: str | None


class GovernanceModel(BaseModel):
    """All the flags of one application."""

    client_id: str
    governance: dict[str, bool | int | list[str]]


class RotationRequest(StrictModel):
    """How many seconds the secrets before the new one stay good."""

    grace_seconds: Annotated[int, Field(ge=0, le=int(LONGEST_GRACE.total_seconds()))] | None = None


class RotatedModel(BaseModel):
    """A new secret, shown once; the ones before it end then."""

    client_id: str
    client_secret: str | None = None
    previous_secret_expires_at: datetime | None = None


class ServiceTokenRequest(StrictModel):
    """A token for some approved scopes, at most 90 days."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scopes": ["argus:epcr:read"], "ttl_seconds": 2592000}]}
    )

    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=100)]
    ttl_seconds: Annotated[int, Field(ge=60, le=LONGEST)] = USUAL
    description: Text = ""


class ServiceTokenModel(BaseModel):
    """A service token; the token itself is shown once."""

    jti: str
    token: str | None = None
    scopes: list[str]
    description: str
    created_at: datetime
    created_by: str
    expires_at: datetime


class ServiceTokensModel(BaseModel):
    """The service tokens of an application that are good now, newest first."""

    service_tokens: list[ServiceTokenModel]


ScenarioName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,39}$")]


class SandboxRequest(StrictModel):
    """A token for the sandbox and the scenarios it is to play."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scenarios": ["chest_pain"], "ttl_seconds": 3600}]}
    )

    scenarios: Annotated[list[ScenarioName], Field(min_length=1, max_length=20)]
    ttl_seconds: Annotated[int, Field(ge=60, le=SANDBOX_LONGEST)] = 3600


class SandboxModel(BaseModel):
    """A sandbox token; the token itself is shown once."""

    token: str | None = None
    expires_at: datetime
    audience: str
    scopes: list[str]
    sandbox_host: str
    scenarios: list[str]


def application_model(row: ApplicationRow, *, secret: str = "") -> ApplicationModel:
    """An application as the wire shows it."""
    members = {
        name: getattr(row, name)
        for name in ApplicationModel.model_fields
        if name not in ("client_secret", "token_endpoint_auth_method", "secrets")
    }
    return ApplicationModel(
        client_secret=secret or None, token_endpoint_auth_method=row.auth_methods[0], **members
    )


def held_secrets(rows: Iterable[ClientSecretRow]) -> list[HeldSecretModel]:
    """Secrets as the wire shows them."""
    return [
        HeldSecretModel(
            id=row.secret_id,
            last4=row.last_four,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
        )
        for row in rows
    ]
