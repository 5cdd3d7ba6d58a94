"""What a form carries from one page to the next, sealed: nobody else can write or read it.

It holds for one browser, for a while, and on the page it was made for; what belongs to a session
holds for that session alone. That is the whole defence against forged posts (sign-in included):
a stranger's page has no state for the victim's browser, and cannot give the browser its mark.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cloud.core.authorization.authorization_requests import ForeignFormError, PageError
from cloud.core.authorization.browsers import Browser
from cloud.core.kernel.vault import Vault, VaultError

LIFE: Final = timedelta(minutes=30)
LONGEST: Final = 32_768
_NOT_OURS: Final = "This form is not one of ours. Begin again."
SIGN_IN: Final = "sign-in"
CONSENT: Final = "consent"
ACCOUNT: Final = "account"
SIGN_OUT: Final = "sign-out"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """What the next page needs. `request` is an authorization request as it is stored.

    `pushed` is the `request_uri` it came by, `facts` what else the page keeps.
    """

    session_id: str = ""
    request: Mapping[str, Any] | None = None
    pushed: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """Whose request it is; empty without one."""
        return "" if self.request is None else str(self.request["client_id"])


class PageStates:
    """Seals and opens them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, kind: str, state: PageState, browser: Browser, *, now: datetime) -> str:
        """The value of a form's hidden field."""
        kept = {
            "until": int((now + LIFE).timestamp()),
            "browser": browser.mark_hash,
            "session_id": state.session_id,
            "request": state.request,
            "pushed": state.pushed,
            "facts": dict(state.facts),
        }
        sealed = self._vault.seal(json.dumps(kept).encode(), purpose=f"page:{kind}")
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, kind: str, sealed: str, browser: Browser, *, now: datetime) -> PageState:
        """What was sealed for this page and browser; ForeignFormError, or PageError when it was
        open too long.
        """
        if len(sealed) > LONGEST:
            raise ForeignFormError(_NOT_OURS)
        try:
            octets = base64.b64decode(sealed.encode("ascii"), altchars=b"-_", validate=True)
            kept = json.loads(self._vault.open(octets, purpose=f"page:{kind}"))
        except (ValueError, VaultError) as exc:
            raise ForeignFormError(_NOT_OURS) from exc
        if not browser.mark_hash or kept["browser"] != browser.mark_hash:
            raise ForeignFormError(
                "This form was not shown to this browser. Allow cookies here and begin again."
            )
        if kept["until"] <= now.timestamp():
            raise PageError("This page was open for too long. Begin again.")
        return PageState(
            session_id=kept["session_id"],
            request=kept["request"],
            pushed=kept["pushed"],
            facts=kept["facts"],
        )
