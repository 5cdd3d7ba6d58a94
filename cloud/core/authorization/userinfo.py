"""What a client may know of the person its token stands for (OIDC Core, 5.3)."""

from __future__ import annotations

from typing import Any, Final

from cloud.core.authorization.client_authentication import find_client
from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.subjects import subject_for
from cloud.core.identity.people import claims_of
from cloud.core.identity.tables import UserRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ForbiddenError, UnauthenticatedError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import OPENID, PROFILE_READ
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database

SEALED_CLAIMS: Final = (
    "gender",
    "birthdate",
    "phone_number",
    "mobile_phone_number",
    "address",
    "insurance_company_id",
    "insurance_number",
)
"""What is kept sealed of a person, and told to whoever may read their profile."""


def userinfo(
    database: Database, clock: Clock, vault: Vault, profile: Profile, principal: Principal
) -> dict[str, Any]:
    """The claims the token's scopes open; the `sub` is that of the client's ID tokens.

    UnauthenticatedError for a token that stands for nobody, ForbiddenError `insufficient_scope`
    without `openid`; that is audited too.
    """
    with database.begin(now=clock()) as work:
        application = find_client(work, principal.client_id)
        user = work.session.get(UserRow, principal.user_id) if principal.user_id else None
        if application is None or user is None or user.tenant_id != principal.tenant_id:
            raise UnauthenticatedError(token_sent=True)
        is_open = principal.may(OPENID)
        outcome = "success" if is_open else "denied"
        audit.record(work, principal, "read", "userinfo", user.user_id, outcome=outcome)
        if is_open:
            subject = subject_for(vault, profile, application, user.user_id)
            return {"sub": subject, **_profile(vault, principal, user)}
    raise ForbiddenError(
        "insufficient_scope", "Ask for the scope openid.", details={"required": [OPENID]}
    )


def _profile(vault: Vault, principal: Principal, user: UserRow) -> dict[str, Any]:
    if not principal.may(PROFILE_READ):
        return {}
    held = claims_of(vault, user)
    return {
        "given_name": user.given_name,
        "family_name": user.family_name,
        "name": user.full_name,
        "email": user.email,
        **{name: held[name] for name in SEALED_CLAIMS if held.get(name) is not None},
    }
