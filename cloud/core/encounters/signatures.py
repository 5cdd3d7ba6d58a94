"""Signatures by hand: pictures, kept as the photographs are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from cloud.core.encounters.crew_tables import AttachmentPartRow
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

MOST_OCTETS: Final = 262_144
_BEGINNINGS: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
"""What a picture may be, and how its octets begin."""
UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A picture of a signature."""

    media_type: str
    octets: bytes


def keep_signature(work: UnitOfWork, principal: Principal, signature: Signature) -> dict[str, Any]:
    """Keep the picture; what an act says of it.

    InvalidError `invalid_signature` for octets that are not of their type, or too many.
    """
    is_picture = picture_type(signature.octets) == signature.media_type
    if not is_picture or len(signature.octets) > MOST_OCTETS:
        raise InvalidError(
            "invalid_signature",
            f"Send a PNG or JPEG picture of at most {MOST_OCTETS} octets.",
            details={"fields": ["signature"]},
        )
    attachment_id = uuid4()
    work.session.add(
        AttachmentPartRow(
            tenant_id=principal.tenant_id,
            attachment_id=attachment_id,
            part=0,
            parts=1,
            octets=signature.octets,
            gateway_id=principal.client_id,
            sequence=0,
            received_at=work.now,
        )
    )
    return {
        "attachment_id": str(attachment_id),
        "media_type": signature.media_type,
        "octets": len(signature.octets),
        "sha256": hashlib.sha256(signature.octets).hexdigest(),
    }


def picture_type(octets: bytes) -> str:
    """The media type of a picture, as its octets say; that of unknown octets for anything else."""
    found = (name for name, begins in _BEGINNINGS.items() if octets.startswith(begins))
    return next(found, UNKNOWN_TYPE)
