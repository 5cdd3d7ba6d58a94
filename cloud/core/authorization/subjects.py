"""How a person is called towards a client: alike everywhere, or not (OIDC Core, 8)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import Vault


def subject_for(vault: Vault, profile: Profile, application: ApplicationRow, user_id: str) -> str:
    """The `sub` of a person at a client.

    Pairwise ones hang on the client itself. The host of its redirect addresses (8.1) would be
    shared by all native applications, and would change with an address.
    """
    if not profile.is_pairwise:
        return user_id
    content = "\x1f".join((application.tenant_id, application.client_id, user_id))
    digest = hmac.new(vault.derive("pairwise-subjects"), content.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
