"""How a person is called towards a client: alike everywhere, or not (OIDC Core, 8)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlsplit

from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import Vault


def subject_for(vault: Vault, profile: Profile, application: ApplicationRow, user_id: str) -> str:
    """The `sub` of a person at a client.

    Pairwise ones hang on the client's sector: the host of its redirect addresses when they share
    one, else the client itself (OIDC Core, 8.1).
    """
    if not profile.is_pairwise:
        return user_id
    hosts = {urlsplit(uri).hostname or "" for uri in application.redirect_uris}
    sector = hosts.pop() if len(hosts) == 1 else application.client_id
    content = "\x1f".join((application.tenant_id, sector, user_id))
    digest = hmac.new(vault.derive("pairwise-subjects"), content.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
