"""Photographs and signatures of an encounter, for the facility the patient is brought to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from cloud.core.encounters.crew import attachment
from cloud.core.encounters.finding import find
from cloud.core.encounters.projections import check_destination
from cloud.core.encounters.record import EncounterRecord
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.signatures import picture_type
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by what its octets are, not by what somebody called them."""

    media_type: str
    octets: bytes


def read_picture(
    work: UnitOfWork, principal: Principal, encounter_id: str, attachment_id: UUID
) -> Picture:
    """A picture of an encounter; the read is audited.

    ForbiddenError `not_the_destination`; NotFoundError `attachment_not_found` for one that is not
    this encounter's or not whole yet; ConflictError `attachment_damaged` for octets that are not
    those which were told of.
    """
    row = find(work, principal, encounter_id)
    check_destination(work, principal, row)
    told = _told(record_of(work, principal, row)).get(attachment_id)
    octets = None if told is None else attachment(work, principal, attachment_id)
    if told is None or octets is None:
        raise NotFoundError("attachment_not_found", "Use an attachment of this encounter.")
    audit.record(work, principal, "read-attachment", "encounter", encounter_id)
    if hashlib.sha256(octets).hexdigest() != told:
        raise ConflictError("attachment_damaged", "What was received is not what was sent.")
    return Picture(picture_type(octets), octets)


def _told(record: EncounterRecord) -> dict[UUID, str]:
    """The SHA-256 of each picture the record speaks of."""
    told = {one.attachment_id: one.sha256 for one in record.photographs}
    signatures = (act.data.get("signature") for act in record.acts)
    return told | {UUID(one["attachment_id"]): one["sha256"] for one in signatures if one}
