"""Jobs on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobRequest(BaseModel):
    """What is to be done, and whom to tell when it has come to its end."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[str, Field(max_length=40, description="One of `GET /v1/jobs/kinds`.")]
    parameters: Annotated[
        dict[str, str], Field(max_length=20, description="What this kind has to be told.")
    ] = {}
    callback_url: Annotated[
        str | None,
        Field(max_length=2000, description="Where the end is posted to, signed like a webhook."),
    ] = None
    callback_secret: Annotated[
        str | None,
        Field(max_length=256, description="What signs the callback; without one it is made."),
    ] = None


class ProgressModel(BaseModel):
    """How far a job is; `total` once it is known."""

    done: int
    total: int | None = None


class JobModel(BaseModel):
    """One job. `callback_secret` is shown once, when it was made for the caller."""

    id: str
    kind: str
    status: JobStatus
    parameters: dict[str, Any]
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    progress: ProgressModel | None = None
    reason: str | None = None
    trace_id: str | None = None
    result_ref: str | None = None
    result_media_type: str | None = None
    result_octets: int | None = None
    callback_secret: str | None = None


class JobsModel(BaseModel):
    """A page of jobs."""

    jobs: list[JobModel]
    next_cursor: str | None = None


class JobParameterModel(BaseModel):
    """One thing a kind of job has to be told."""

    name: str
    description: str
    sample: str


class JobKindModel(BaseModel):
    """A kind of job; `usable` says whether the caller may start it."""

    name: str
    description: str
    any_of_scopes: list[str]
    result_media_type: str
    parameters: list[JobParameterModel]
    usable: bool


class JobKindsModel(BaseModel):
    """Every kind of job there is."""

    kinds: list[JobKindModel]
