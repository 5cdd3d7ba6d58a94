"""Connections to identity providers on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel
from cloud.api.shared.words import Name
from cloud.core.federation.provider_metadata import certificate_of
from cloud.core.federation.reading import MOST_OCTETS
from cloud.core.federation.service_provider import ServiceProvider
from cloud.core.federation.tables import SamlConnectionRow

Metadata = Annotated[str, StringConstraints(min_length=1, max_length=MOST_OCTETS)]
Role = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Roles = Annotated[list[Role], Field(max_length=10)]
Told = Literal["email", "given_name", "family_name"]
AttributeNames = Annotated[
    dict[Told, Annotated[str, StringConstraints(min_length=1, max_length=200)]],
    Field(max_length=3),
]
Flag = Annotated[bool, Field(strict=True)]


class SamlConnectionRequest(StrictModel):
    """An identity provider to connect. `metadata` is its document as text; nothing is fetched.

    `has_key` makes a key for this connection: requests are signed with it, and assertions may come
    encrypted. With `provisions` people nobody knew yet are let in, with these `roles`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "County accounts",
                    "metadata": '<md:EntityDescriptor entityID="https://idp.county.example">...',
                    "provisions": True,
                    "roles": ["dispatcher"],
                }
            ]
        }
    )

    name: Name
    metadata: Metadata
    has_key: Flag = False
    provisions: Flag = False
    roles: Roles = Field(default_factory=list)
    attribute_names: AttributeNames = Field(default_factory=dict)


class SamlConnectionChange(StrictModel):
    """What becomes different; what is left out stays. `has_key` false takes the connection's key
    away, true gives it one where it has none.
    """

    name: Name | None = None
    metadata: Metadata | None = None
    has_key: Flag | None = None
    provisions: Flag | None = None
    roles: Roles | None = None
    attribute_names: AttributeNames | None = None
    is_paused: Flag | None = None


class SamlCertificateModel(BaseModel):
    """A certificate the identity provider signs with: SHA-256 of it, and its end."""

    sha256: str
    not_after: datetime


class SamlServiceModel(BaseModel):
    """What the identity provider's administrator enters of us, or reads out of our metadata."""

    entity_id: str
    metadata_url: str
    acs_url: str
    login_url: str


class SamlConnectionModel(BaseModel):
    """A connection, without its key."""

    id: str
    name: str
    idp_entity_id: str
    idp_sign_in_url: str
    idp_certificates: list[SamlCertificateModel]
    metadata_valid_until: datetime | None = None
    has_key: bool
    provisions: bool
    roles: list[str]
    attribute_names: dict[str, str]
    status: Literal["active", "paused", "ended"]
    service: SamlServiceModel
    created_at: datetime
    updated_at: datetime
    last_used_at: datetime | None = None


class SamlConnectionsModel(BaseModel):
    """The tenant's connections that have not ended, the oldest first."""

    connections: list[SamlConnectionModel]


def connection_model(row: SamlConnectionRow, issuer: str) -> SamlConnectionModel:
    """A connection as it is shown."""
    own = ServiceProvider(issuer, row.connection_id)
    return SamlConnectionModel.model_validate(
        {
            "id": row.connection_id,
            "name": row.name,
            "idp_entity_id": row.entity_id,
            "idp_sign_in_url": row.sign_in_address,
            "idp_certificates": [_certificate(one) for one in row.certificates],
            "metadata_valid_until": row.metadata_valid_until,
            "has_key": bool(row.own_certificate),
            "provisions": row.provisions,
            "roles": row.roles,
            "attribute_names": row.attribute_names,
            "status": row.status,
            "service": {
                "entity_id": own.entity_id,
                "metadata_url": own.entity_id,
                "acs_url": own.answer_address,
                "login_url": own.sign_in_address,
            },
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "last_used_at": row.last_used_at,
        }
    )


def _certificate(encoded: str) -> dict[str, object]:
    certificate = certificate_of(encoded)
    return {
        "sha256": certificate.fingerprint(SHA256()).hex(),
        "not_after": certificate.not_valid_after_utc,
    }
