"""A device's changes of an encounter on the wire (offline sync)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.core.encounters.catalogue import MOST_TEXT
from cloud.core.encounters.taking import MOST_COUNT, MOST_OPERATIONS

DeviceId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:@-]{1,80}$")]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST_COUNT)]


class OperationRequest(StrictModel):
    """One thing told. `path` is a field, a list, or `list/<op_id>` for an entry of it; `value` by
    path. `vector` counts, by device, what the sender knew of, this operation included.
    """

    op_id: UUID
    path: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    value: Any
    at: Timestamp
    vector: Annotated[dict[DeviceId, Count], Field(min_length=1, max_length=64)]


class ChangeRequest(StrictModel):
    """What a device told since its last change; the same again changes nothing.

    `sent_at` is the device's clock now: more than ten minutes off, its operations are flagged.
    `reason` is why the record is amended after the handover; without it nothing new is taken then.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "tablet-7",
                    "ops": [
                        {
                            "op_id": "2b0d7b3d-1bbd-4a3e-8f4f-55d3f1f2a7c1",
                            "path": "vitals",
                            "value": {
                                "type": "gcs",
                                "values": {"eye": 3, "verbal": 4, "motor": 6},
                            },
                            "at": "2026-11-23T10:06:00Z",
                            "vector": {"tablet-7": 1},
                        }
                    ],
                }
            ]
        }
    )

    device_id: DeviceId
    ops: Annotated[tuple[OperationRequest, ...], Field(min_length=1, max_length=MOST_OPERATIONS)]
    sent_at: Timestamp | None = None
    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TEXT)]
        | None
    ) = None


class LostModel(BaseModel):
    """An operation that does not count, and the one that does in its place."""

    op_id: UUID
    winner_op_id: UUID
    path: str
    changed_at: datetime


class ConflictModel(BaseModel):
    """An id that stands for another operation; what was sent under it is kept beside."""

    op_id: UUID
    reason: Literal["op_id_reused"] = "op_id_reused"


class FlaggedModel(BaseModel):
    """What is remarkable about an operation that was kept all the same."""

    op_id: UUID
    flags: list[str]


class ChangedModel(BaseModel):
    """How the operations stand now.

    `superseded` lists those of the change that lost, and earlier ones of the device that lost to
    another's since, until a vector of the device shows that it knows the winner. Adopt `vector`.
    """

    applied: list[UUID]
    superseded: list[LostModel]
    conflicts: list[ConflictModel]
    flagged: list[FlaggedModel]
    version: int
    vector: dict[str, int]


class ChangesModel(BaseModel):
    """A page of what a device told that does not count, by the time it lost; `next_cursor` is
    null at the end.
    """

    superseded: list[LostModel]
    conflicts: list[ConflictModel]
    version: int
    vector: dict[str, int]
    next_cursor: str | None = None
