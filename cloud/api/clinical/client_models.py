"""API clients and their credentials on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.api.clinical.identifiers import Id, wire_id
from cloud.api.shared.certificates import CertificateModel, certificate_model
from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.api.shared.words import Name, ScopeName
from cloud.core.authorization.client_certificates import certificates_of_all
from cloud.core.authorization.client_secrets import secrets_of_all
from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.profiles import CLIENT_CREDENTIALS
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.work import UnitOfWork

Scopes = Annotated[list[ScopeName], Field(min_length=1, max_length=100)]
GrantType = Literal["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"]
Status = Literal["active", "suspended"]


class ClientRequest(StrictModel):
    """An API client of one product of the caller's organisation."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Record system",
                    "org_id": "0190c2f0-7d4e-7f7a-8a4b-5d1f6f6b2f10",
                    "product_id": "0190c2f0-7d4e-7f7a-8a4b-5d1f6f6b2f11",
                    "scopes": ["cases:read", "patients:*"],
                }
            ]
        }
    )

    name: Name
    org_id: Id
    product_id: Id
    scopes: Scopes
    grant_types: list[GrantType] = Field(default=[CLIENT_CREDENTIALS], min_length=1, max_length=2)
    internal: bool = False


class ClientChange(StrictModel):
    """What is to be otherwise; at least one of these."""

    name: Name | None = None
    scopes: Scopes | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("at least one member is needed")
        return self


class SecretModel(BaseModel):
    """A secret by its last four characters; the whole of it is shown once."""

    id: str
    client_secret: str | None = None
    last4: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


class ClientModel(BaseModel):
    """An API client; its secrets are shown when they are made and never again."""

    id: str
    client_id: str
    client_secret: str | None = None
    name: str
    org_id: str
    product_id: str | None
    scopes: list[str]
    grant_types: list[str]
    internal: bool
    status: str
    created_at: datetime
    certificates: list[CertificateModel]
    secrets: list[SecretModel]


class ClientsModel(BaseModel):
    """Clients by age."""

    items: list[ClientModel]
    next_cursor: str | None


class SecretRequest(StrictModel):
    """When the secret is to end; never, when nothing is said."""

    expires_at: Timestamp | None = None


def client_model(work: UnitOfWork, row: ApplicationRow, *, secret: str = "") -> ClientModel:
    """A client as the wire shows it."""
    (model,) = client_models(work, [row])
    return model.model_copy(update={"client_secret": secret or None})


def client_models(work: UnitOfWork, rows: Sequence[ApplicationRow]) -> list[ClientModel]:
    """Several, their credentials read in one go."""
    names = [row.client_id for row in rows]
    certificates, secrets = certificates_of_all(work, names), secrets_of_all(work, names)
    return [
        ClientModel(
            id=wire_id(row.client_id),
            client_id=row.client_id,
            name=row.name,
            org_id=wire_id(row.tenant_id),
            product_id=None if row.product_id is None else wire_id(row.product_id),
            scopes=row.approved_scopes,
            grant_types=row.grant_types,
            internal=row.is_internal,
            status="active" if row.is_approved else row.status,
            created_at=row.created_at,
            certificates=[certificate_model(one) for one in certificates[row.client_id]],
            secrets=[secret_model(one) for one in secrets[row.client_id]],
        )
        for row in rows
    ]


def secret_model(row: ClientSecretRow, *, secret: str = "") -> SecretModel:
    """A secret as the wire shows it."""
    return SecretModel(
        id=row.secret_id,
        client_secret=secret or None,
        last4=row.last_four,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )
