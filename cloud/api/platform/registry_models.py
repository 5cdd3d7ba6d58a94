"""Items of the control plane's registries on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel
from cloud.api.shared.words import Name
from cloud.core.registries.tables import DESCRIPTION_LENGTH, WORD_LENGTH, RegistryItemRow

Description = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=DESCRIPTION_LENGTH,
        pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$",
    ),
]
Value = Annotated[str, StringConstraints(max_length=200)]
AttributeName = Annotated[str, StringConstraints(min_length=1, max_length=WORD_LENGTH)]
Attributes = Annotated[dict[AttributeName, Value], Field(max_length=20)]
AttributeChanges = Annotated[dict[AttributeName, Value | None], Field(max_length=20)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=WORD_LENGTH)]


class RegistryItemRequest(StrictModel):
    """What to register. Which attributes there are, the registry says."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Gateway 4.2",
                    "attributes": {"version": "4.2.0", "target": "gateway"},
                }
            ]
        }
    )

    name: Name
    description: Description = ""
    attributes: Attributes = Field(default_factory=dict)


class RegistryItemChange(StrictModel):
    """What becomes different; what is left out stays. An attribute that is null goes."""

    name: Name | None = None
    description: Description | None = None
    attributes: AttributeChanges | None = None


class RegistryStatusRequest(StrictModel):
    """What it becomes."""

    status: Word


class RegistryItemModel(BaseModel):
    """One item; `next_statuses` are those that may follow."""

    id: str
    name: str
    description: str
    attributes: dict[str, str]
    status: str
    next_statuses: list[str]
    version: int
    created_at: datetime
    created_by: str
    updated_at: datetime


class RegistryItemsModel(BaseModel):
    """Items by age; `next_cursor` is null at the end."""

    items: list[RegistryItemModel]
    next_cursor: str | None = None


def item_model(row: RegistryItemRow, following: tuple[str, ...]) -> RegistryItemModel:
    """An item as it is shown."""
    return RegistryItemModel(
        id=row.item_id,
        name=row.name,
        description=row.description,
        attributes=row.attributes,
        status=row.status,
        next_statuses=list(following),
        version=row.version,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )
