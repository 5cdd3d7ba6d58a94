"""Identifiers as the clinical surfaces write them: plain UUIDs.

Where we call an organisation `ten_0f3c...`, they say the UUID in it; both spellings are read.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator

from cloud.core.kernel.identifiers import public_id, uuid_of


def _without_prefix(value: object) -> object:
    if isinstance(value, str) and value.startswith(("ten_", "prd_", "app_")):
        return value.partition("_")[2]
    return value


Id = Annotated[UUID, BeforeValidator(_without_prefix)]
ClientPath = Annotated[
    str, Path(alias="id", max_length=80, description="`id` of the client, or its client_id.")
]


def wire_id(identifier: str) -> str:
    """The UUID in an identifier of ours."""
    return str(uuid_of(identifier))


def client_id_of(given: str) -> str:
    """The client a path means; what is no UUID is taken for a client id."""
    try:
        return public_id("app", UUID(given))
    except ValueError:
        return given
