"""What may be done in a person's name at all, now: their roles, and who they are themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cloud.core.identity.people import roles_of, scopes_of_roles
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.scopes import OPENID, PROFILE_READ, intersection
from cloud.core.kernel.work import UnitOfWork

OF_ONESELF: Final = (OPENID, PROFILE_READ)
"""What needs no role: everybody may say who they are."""


def within_roles(work: UnitOfWork, user: UserRow, scopes: Iterable[str]) -> tuple[str, ...]:
    """The part of these scopes that the person holds, in the narrower form of each."""
    held = scopes_of_roles(roles_of(work, user))
    return intersection(scopes, (*held, *OF_ONESELF))
