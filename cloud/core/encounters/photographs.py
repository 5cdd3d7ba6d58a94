"""Photographs sent over HTTPS: an entry of the record, and its octets kept apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID, uuid4

from cloud.core.encounters.catalogue import PHOTOGRAPHS
from cloud.core.encounters.changing import conclude, settle
from cloud.core.encounters.crew_tables import AttachmentPartRow
from cloud.core.encounters.entries import entry_of_list
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.keeping import keep, kept_under
from cloud.core.encounters.operations import CLOCK_SKEW, MOST_SKEW, Operation, operation_of
from cloud.core.encounters.pictures import picture_of
from cloud.core.encounters.record import Photograph
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.errors import ConflictError, InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork

SENT_LATE: Final = "A photograph taken before the handover was sent after it."
_SENT_AS: Final = "sent_sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentPhotograph:
    """A photograph as it was sent. `photo_id` is made by the device and stays over retries;
    `sha256` is the digest the device worked out; `is_late`: the handover may be over.
    """

    photo_id: UUID
    device_id: str
    media_type: str
    octets: bytes
    sha256: bytes
    at: datetime
    by: str = ""
    is_late: bool = False


def keep_photograph(
    work: UnitOfWork, principal: Principal, encounter_id: str, sent: SentPhotograph
) -> tuple[Photograph, bool]:
    """The photograph's entry, and whether it is new; the same one again changes nothing.

    InvalidError `digest_differs`, `not_a_picture`, `media_type_differs`; ConflictError
    `photo_id_reused` for an id that stands for something else, `encounter_closed`.
    """
    row = to_change(work, principal, encounter_id)
    digest = hashlib.sha256(sent.octets)
    if digest.digest() != sent.sha256:
        raise InvalidError("digest_differs", "Send the picture again: it came as another one.")
    known = kept_under(work, principal, [sent.photo_id]).get(sent.photo_id)
    if known is not None:
        is_same = known.encounter_id == encounter_id and known.path == PHOTOGRAPHS
        if not is_same or known.value.get(_SENT_AS) != digest.hexdigest():
            raise ConflictError("photo_id_reused", "Give every photograph an id of its own.")
        return _entry(operation_of(known)), False
    operation = _operation(work, principal, row, sent, digest.hexdigest())
    keep(work, principal, row, [operation])
    settle(work, principal, row)
    conclude(work, principal, row, SENT_LATE if sent.is_late else "")
    return _entry(operation), True


def _operation(
    work: UnitOfWork, principal: Principal, row: EncounterRow, sent: SentPhotograph, digest: str
) -> Operation:
    picture = picture_of(sent.octets)
    if picture.media_type != sent.media_type:
        raise InvalidError(
            "media_type_differs", f"That picture is {picture.media_type}: say so as you send it."
        )
    attachment_id = uuid4()
    work.session.add(
        AttachmentPartRow(
            tenant_id=row.tenant_id,
            attachment_id=attachment_id,
            part=0,
            parts=1,
            octets=picture.octets,
            gateway_id=principal.client_id,
            sequence=0,
            received_at=work.now,
        )
    )
    value: dict[str, Any] = {
        "attachment_id": str(attachment_id),
        "media_type": picture.media_type,
        "octets": len(picture.octets),
        "sha256": hashlib.sha256(picture.octets).hexdigest(),
        _SENT_AS: digest,
        "by": sent.by,
    }
    return Operation(
        op_id=sent.photo_id,
        device_id=sent.device_id,
        path=PHOTOGRAPHS,
        value=value,
        at=sent.at,
        by=principal.client_id,
        flags=(CLOCK_SKEW,) if sent.at - work.now > MOST_SKEW else (),
    )


def _entry(operation: Operation) -> Photograph:
    entry = entry_of_list(PHOTOGRAPHS, operation.op_id, operation, operation.flags)
    return cast("Photograph", entry)
