"""How a person and their session are called towards a client (OIDC Core, 8)."""

from __future__ import annotations

import hashlib
import hmac

from cloud.core.authorization.profiles import Profile
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel import base64url
from cloud.core.kernel.vault import Vault, VaultError


def subject_for(vault: Vault, profile: Profile, application: ApplicationRow, user_id: str) -> str:
    """The `sub` of a person at a client.

    Pairwise ones hang on the client itself. The host of its redirect addresses (8.1) would be
    shared by all native applications, and would change with an address.
    """
    if not profile.is_pairwise:
        return user_id
    content = "\x1f".join((application.tenant_id, application.client_id, user_id))
    digest = hmac.new(vault.derive("pairwise-subjects"), content.encode(), hashlib.sha256).digest()
    return base64url.encoded(digest)


def sealed_person(vault: Vault, client_id: str, user_id: str, epoch: int) -> str:
    """A person and their epoch for a token whose client must not know who they are.

    Another one each time, and good in tokens of this client only.
    """
    return base64url.encoded(
        vault.seal(f"{epoch} {user_id}".encode(), purpose=f"person:{client_id}")
    )


def opened_person(vault: Vault, client_id: str, sealed: str) -> tuple[str, int]:
    """Person and epoch; VaultError for what was not sealed for this client."""
    epoch, _, user_id = vault.open(_octets(sealed), purpose=f"person:{client_id}").partition(b" ")
    return user_id.decode(), int(epoch)


def session_name(vault: Vault, client_id: str, session_id: str) -> str:
    """The `sid` of a session at a client: always the same there, and another one elsewhere."""
    return base64url.encoded(vault.seal_alike(session_id.encode(), purpose=f"session:{client_id}"))


def session_of_name(vault: Vault, client_id: str, name: str) -> str:
    """The session a client calls so; VaultError for a name that is not its own."""
    return vault.open_alike(_octets(name), purpose=f"session:{client_id}").decode()


def _octets(text: str) -> bytes:
    try:
        return base64url.decoded(text)
    except ValueError as exc:
        raise VaultError("no base64url") from exc
