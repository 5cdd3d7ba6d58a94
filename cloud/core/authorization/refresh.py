"""Refresh tokens: a new one for each old one, and a family that ends when one comes back late.

A client that never saw our answer sends the old token again. Where the profile allows it, that
is forgiven within a minute and a few times (`Profile.reuse_seconds`); after that, and anywhere
else at once, somebody holds a token that is not theirs, and the whole family ends.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked, TokenAnswer
from cloud.core.authorization.grant_tables import GrantRow, RefreshTokenRow
from cloud.core.authorization.persons_tokens import PersonsTokens, end_grant
from cloud.core.authorization.refusals import (
    GrantError,
    invalid_grant,
    invalid_request,
    invalid_scope,
)
from cloud.core.authorization.secrets import key_hash
from cloud.core.kernel.scopes import named_within
from cloud.core.kernel.work import UnitOfWork

LOG: Final = logging.getLogger("vitalwire.authorization")
MOST_REUSES: Final = 5
_VOID: Final = "The refresh token is used, expired, or was never given: ask the person again."


class Refresh:
    """RFC 6749 6 with rotation (RFC 9700, 4.14)."""

    name = profiles.REFRESH_TOKEN

    def __init__(self, persons: PersonsTokens) -> None:
        self._persons = persons

    def answer(self, work: UnitOfWork, asked: Asked) -> TokenAnswer:
        """A fresh pair of the same family."""
        token = asked.form.get("refresh_token", "")
        if not token:
            raise invalid_request("Send refresh_token.")
        row = work.session.scalars(
            select(RefreshTokenRow)
            .where(RefreshTokenRow.token_hash == key_hash(token))
            .with_for_update()
        ).one_or_none()
        if row is None:
            raise invalid_grant(_VOID)
        grant = work.session.get(GrantRow, row.grant_id, with_for_update=True)
        if grant is None:
            raise AssertionError("a refresh token belongs to a grant")
        if (
            grant.client_id != asked.application.client_id
            or grant.profile != asked.profile.name
            or grant.revoked_at is not None
            or row.expires_at <= work.now
        ):
            raise invalid_grant(_VOID)
        if grant.bound_to and grant.bound_to != asked.key:
            raise GrantError("invalid_dpop_proof", "Prove the key the refresh token is bound to.")
        if row.rotated_at is not None and not _is_forgiven(asked, row, work):
            end_grant(work, grant, reason="refresh_reused")
            LOG.warning("event=refresh_token_reused grant=%s", grant.grant_id)
            raise invalid_grant(_VOID)
        if not asked.governance.allow_refresh_tokens:
            raise invalid_grant("The application gets no refresh tokens: ask the person again.")
        # RFC 6749 6: never more than was allowed, all of it when nothing is named.
        scopes = named_within(asked.form.get("scope", ""), tuple(grant.scopes))
        if scopes is None:
            raise invalid_scope("Ask for what the person allowed, or for less.")
        answer = self._persons.issue(work, asked, grant, scopes)
        if row.rotated_at is None:
            row.rotated_at = work.now
        row.successors += 1
        return answer


def _is_forgiven(asked: Asked, row: RefreshTokenRow, work: UnitOfWork) -> bool:
    grace = timedelta(seconds=asked.profile.reuse_seconds)
    if row.rotated_at is None or not grace:
        return row.rotated_at is None
    return work.now - row.rotated_at <= grace and row.successors <= MOST_REUSES
