"""Documents of an encounter: made once a version, kept, given out the same for ever.

What a document looks like and how it is signed is not known here: the maker and the signer are
handed in.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cloud.core.encounters.document_tables import EncounterDocumentRow
from cloud.core.encounters.finding import find
from cloud.core.encounters.gathering import gathered, note_export
from cloud.core.encounters.handover import Handover
from cloud.core.encounters.projections import Projection, project, pseudonymised
from cloud.core.encounters.record_codec import record_in
from cloud.core.encounters.record_tables import EncounterVersionRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.versions import version_of, versions_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

_DETAIL: Final = "document"
_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class Document:
    """An unsigned document's octets and its signature; `version` None for a preliminary one."""

    octets: bytes
    signature: Mapping[str, Any]
    version: int | None


@dataclass(frozen=True, slots=True)
class Maker:
    """How a document is made and signed.

    `write` gives its octets, `sign` a signature over them, and `stands` says whether a signature
    made earlier can still be verified.
    """

    write: Callable[[Handover], bytes]
    sign: Callable[[bytes], Mapping[str, Any]]
    stands: Callable[[Mapping[str, Any]], bool]


def document(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    encounter_id: str,
    maker: Maker,
    *,
    version: int | None = None,
    shown: Projection | None = None,
    is_kept: bool = True,
) -> Document:
    """The document of a version, None for the newest; the export is audited and told.

    What we send by ourselves is `shown` in the projection of who gets it, and not told again.

    Before the handover there are no versions: then it is preliminary, made anew and not kept, as it
    always is without `is_kept`. A version that nobody asked for while it was the newest is made of
    its record, of what devices had given until the next version, and of who the patient is known to
    be now. NotFoundError for an encounter or version there is not, ForbiddenError as `project`.
    """
    row = find(work, principal, encounter_id)
    projection = shown or project(work, vault, principal, row)
    note_export(work, principal, row, projection, _DETAIL, is_told=shown is None)
    kept = versions_of(work, principal, encounter_id) if is_kept else []
    if version is None and not kept:
        octets = maker.write(gathered(work, principal, row, projection))
        return Document(octets, maker.sign(octets), None)
    wanted = kept[-1] if version is None else version_of(work, principal, encounter_id, version)
    later = next((one for one in kept if one.version > wanted.version), None)
    held = _held(work, principal, wanted, projection)
    if held is None:
        _lock(work, principal, wanted)
        held = _held(work, principal, wanted, projection)
    if held is None:
        handover = _as_of(gathered(work, principal, row, projection), row, wanted, later)
        held = _keep(work, vault, wanted, projection, maker, handover)
    octets = zlib.decompress(vault.open(held.sealed, purpose=_purpose(held)))
    if not maker.stands(held.signature):
        held.signature = dict(maker.sign(octets))
    return Document(octets, held.signature, wanted.version)


def _as_of(
    handover: Handover,
    row: EncounterRow,
    wanted: EncounterVersionRow,
    later: EncounterVersionRow | None,
) -> Handover:
    """The handover as it stood at a version."""
    record = record_in(wanted.record)
    if handover.identity is None:
        record = pseudonymised(record, row.crew_ids)
    observations = handover.observations
    if later is not None:
        observations = [one for one in observations if one.received_at < later.at]
    return replace(
        handover,
        record=record,
        version=wanted.version,
        updated_at=wanted.at,
        observations=observations,
    )


def _held(
    work: UnitOfWork, principal: Principal, wanted: EncounterVersionRow, projection: Projection
) -> EncounterDocumentRow | None:
    return work.session.scalars(
        scoped(principal, EncounterDocumentRow).where(
            EncounterDocumentRow.encounter_id == wanted.encounter_id,
            EncounterDocumentRow.version == wanted.version,
            EncounterDocumentRow.projection == _name(projection),
        )
    ).one_or_none()


def _lock(work: UnitOfWork, principal: Principal, wanted: EncounterVersionRow) -> None:
    """Of two callers at a time, the second is given what the first keeps."""
    work.session.scalars(
        scoped(principal, EncounterVersionRow)
        .where(EncounterVersionRow.row_id == wanted.row_id)
        .with_for_update()
    ).one()


def _keep(
    work: UnitOfWork,
    vault: Vault,
    wanted: EncounterVersionRow,
    projection: Projection,
    maker: Maker,
    handover: Handover,
) -> EncounterDocumentRow:
    octets = maker.write(handover)
    row = EncounterDocumentRow(
        tenant_id=wanted.tenant_id,
        encounter_id=wanted.encounter_id,
        version=wanted.version,
        projection=_name(projection),
        made_at=work.now,
        signature=dict(maker.sign(octets)),
    )
    row.sealed = vault.seal(zlib.compress(octets, _LEVEL), purpose=_purpose(row))
    work.session.add(row)
    work.session.flush()
    return row


def _name(projection: Projection) -> str:
    return "identified" if projection.is_identified else "pseudonymised"


def _purpose(row: EncounterDocumentRow) -> str:
    return f"encounter-document:{row.encounter_id}:{row.version}:{row.projection}"
