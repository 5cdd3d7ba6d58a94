"""The handover as a PDF, for whichever surface is asked for it."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from cloud.api.shared.services import Services
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters.gathering import gather_handover
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.report.handover_pdf import Printed, handover_pdf

PDF: Final = "application/pdf"


def paper(services: Services, caller: Principal, encounter_id: str) -> Response:
    """Identified where the caller may know who it is; audited as an export of its own."""
    with services.database.begin(now=services.clock()) as work:
        handover = gather_handover(work, services.vault, caller, encounter_id, "pdf")
        printed = Printed(by=_name(work, caller), at=work.now)
    content = handover_pdf(handover, printed)
    name = f"handover-{encounter_id}-v{handover.version}.pdf"
    return Response(
        content,
        media_type=PDF,
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _name(work: UnitOfWork, caller: Principal) -> str:
    """What to call who prints: the person, and the application they use."""
    user = work.session.get(UserRow, caller.user_id) if caller.user_id else None
    application = work.session.get(ApplicationRow, caller.client_id)
    used = caller.client_id if application is None else application.name
    return used if user is None else f"{user.full_name} ({used})"
