"""How often tokens may be asked for, and passwords tried: by address before all else, by client or
browser once it is known.

Only what a client proved to be its own counts against it, so nobody can use up another's limit by
naming it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from cloud.api.shared.authentication import on_platform
from cloud.api.shared.rate_limits import (
    ADMINISTRATION,
    LOGIN_BY_ADDRESS,
    TOKENS_BY_ADDRESS,
    TOKENS_BY_CLIENT,
    site_of,
)
from cloud.api.shared.services import AllServices, Services
from cloud.core.authorization.browsers import Browser
from cloud.core.authorization.client_authentication import Presented, claimed_client
from cloud.core.authorization.secrets import key_hash
from cloud.core.kernel.principal import Principal


def admit_address(request: Request, services: Services) -> None:
    """Count a request of its address; ThrottledError when it is one too many."""
    services.limits.hit(request, TOKENS_BY_ADDRESS, site_of(request))


def admit_client(request: Request, services: Services, presented: Presented) -> None:
    """ThrottledError for a client that had too many tokens, GrantError for an unreadable one."""
    services.limits.look(request, TOKENS_BY_CLIENT, claimed_client(presented))


def count_client(request: Request, services: Services, presented: Presented) -> None:
    """Count a token that the client was given; what is one too many is refused the next time."""
    services.limits.count(request, TOKENS_BY_CLIENT, claimed_client(presented))


def counted(
    request: Request, services: AllServices, caller: Annotated[Principal, Depends(on_platform)]
) -> None:
    """Count an administrative call of its client; ThrottledError when it is one too many."""
    services.limits.hit(request, ADMINISTRATION, caller.tenant_id, caller.client_id)


def admit_sign_in(request: Request, services: Services, browser: Browser) -> None:
    """Count an attempt of its address, or of its browser where somebody signed in on it before;
    ThrottledError when it is one too many.

    So a neighbour who tries passwords behind the same address keeps nobody out who was there
    before. What may be guessed of one account is `SignInLimit`'s to say; this spares the machine.
    """
    who = [site_of(request)]
    if services.authorization.sign_ins.is_known(browser):
        who.append(key_hash(browser.known))
    services.limits.hit(request, LOGIN_BY_ADDRESS, *who)
