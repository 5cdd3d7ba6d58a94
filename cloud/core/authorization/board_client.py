"""The board as a client of its own authorization server: one for each tenant, made when needed.

It is public, with PKCE, and comes back to this service alone, so no consent page stands before it:
what a person allows goes to nobody else.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.exc import IntegrityError

from cloud.core.authorization import profiles
from cloud.core.authorization.governance import Governance
from cloud.core.authorization.tables import APPROVED, KIND_BOARD, ApplicationRow
from cloud.core.kernel.scopes import EPCR_HANDOVER, EPCR_READ, EPCR_WRITE
from cloud.core.kernel.work import UnitOfWork

BOARD_SCOPES: Final = (EPCR_READ, EPCR_WRITE, EPCR_HANDOVER)
"""What the board may do at most; a person's roles make it less."""
RETURN_PATH: Final = "/board/signed-in"
_NAME: Final = "Hospital board"


def board_client(work: UnitOfWork, tenant_id: str, issuer: str) -> ApplicationRow:
    """The board of a tenant, registered with the address this service is reached by."""
    client_id = f"board_{tenant_id.rpartition('_')[2]}"
    row = work.session.get(ApplicationRow, client_id)
    if row is None:
        row = _made(work, client_id, tenant_id)
    address = f"{issuer}{RETURN_PATH}"
    if row.redirect_uris != [address]:
        row.redirect_uris = [address]
    return row


def _made(work: UnitOfWork, client_id: str, tenant_id: str) -> ApplicationRow:
    made = ApplicationRow(
        client_id=client_id,
        tenant_id=tenant_id,
        name=_NAME,
        kind=KIND_BOARD,
        profiles=[profiles.PLATFORM.name],
        auth_methods=[profiles.NONE],
        grant_types=[profiles.AUTHORIZATION_CODE],
        redirect_uris=[],
        post_logout_redirect_uris=[],
        requested_scopes=list(BOARD_SCOPES),
        approved_scopes=list(BOARD_SCOPES),
        governance=Governance(allow_refresh_tokens=False).stored(),
        status=APPROVED,
        created_at=work.now,
        changed_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(made)
    except IntegrityError:
        # Another sign-in of this tenant's first made it at the same moment.
        return work.session.get_one(ApplicationRow, client_id)
    return made
