"""A browser as it calls: what binds our forms to it, whose session it holds, whom it knows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cloud.core.authorization.secrets import key_hash
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.kernel.vault import Vault, VaultError


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The values of its cookies, each empty where it sent none.

    `mark` is random and there before anybody signs in: our forms carry its hash, so that a form
    shown to one browser is refused from another. `known` names the accounts that signed in here
    before (see `sign_in_limit`).
    """

    mark: str = ""
    session: str = ""
    known: str = ""
    caller: Caller = field(default_factory=Caller)

    @property
    def mark_hash(self) -> str:
        """What a form says of the browser it is for; empty where there is no mark."""
        return key_hash(self.mark) if self.mark else ""


def account_of(tenant_id: str, email: str) -> str:
    """One account at the door, whether or not there is such a person."""
    return key_hash(f"{tenant_id}\x1f{email.strip().lower()}")


class KnownBrowsers:
    """Writes and reads what a browser remembers of the accounts that signed in on it."""

    MOST = 5
    _PURPOSE = "known-browser"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def device_of(self, known: str, account: str) -> str:
        """The browser's own name for the limits of this account; empty where it is a stranger."""
        kept = self._read(known)
        return str(kept.get(account, ""))

    def is_ours(self, known: str) -> bool:
        """Whether anybody ever signed in on it."""
        return bool(self._read(known))

    def remember(self, known: str, account: str, device: str) -> str:
        """The cookie's next value, with this account as the newest of the last few."""
        kept = self._read(known)
        kept.pop(account, None)
        kept[account] = device
        newest = dict(list(kept.items())[-self.MOST :])
        sealed = self._vault.seal(json.dumps(newest).encode(), purpose=self._PURPOSE)
        return sealed.hex()

    def _read(self, known: str) -> dict[str, Any]:
        try:
            opened = self._vault.open(bytes.fromhex(known), purpose=self._PURPOSE)
        except (ValueError, VaultError):
            return {}
        kept: dict[str, Any] = json.loads(opened)
        return kept
