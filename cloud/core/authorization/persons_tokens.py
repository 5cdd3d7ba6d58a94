"""Tokens that stand for a person who allowed it: access, refresh and ID token of one grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from cloud.core.authorization import profiles
from cloud.core.authorization.asking import Asked, TokenAnswer
from cloud.core.authorization.grant_tables import GrantRow, RefreshTokenRow
from cloud.core.authorization.id_tokens import SignIn, issue_id_token
from cloud.core.authorization.persons_scopes import within_roles
from cloud.core.authorization.refusals import invalid_grant
from cloud.core.authorization.secrets import key_hash, new_opaque
from cloud.core.authorization.subjects import session_name, subject_for
from cloud.core.authorization.tokens import TokenRequest, TokenService
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.scopes import OPENID, covered
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PersonsTokens:
    """Issues them."""

    tokens: TokenService
    vault: Vault

    def issue(
        self,
        work: UnitOfWork,
        asked: Asked,
        grant: GrantRow,
        scopes: tuple[str, ...],
        *,
        with_refresh: bool = True,
    ) -> TokenAnswer:
        """What a code or a refresh token gives; GrantError when person or scopes are gone."""
        user = work.session.get(UserRow, grant.user_id)
        if user is None or not user.is_active or user.tenant_id != grant.tenant_id:
            raise invalid_grant("The person can no longer sign in.")
        approved = (s for s in scopes if covered(asked.application.approved_scopes, s))
        allowed = within_roles(work, user, approved)
        if not allowed:
            raise invalid_grant("Application or person may no longer do what was allowed.")
        subject = subject_for(self.vault, asked.profile, asked.application, grant.user_id)
        access = self.tokens.issue(
            TokenRequest(
                application=asked.application,
                scopes=allowed,
                audience=asked.profile.audience,
                seconds=asked.governance.seconds(asked.profile.access_seconds),
                binding=asked.binding,
                user_id=user.user_id,
                user_epoch=user.epoch,
                subject=subject,
                hides_person=asked.profile.is_pairwise,
                grant_id=grant.grant_id,
                authenticated_at=int(grant.authenticated_at.timestamp()),
            ),
            now=work.now,
        )
        id_token = ""
        if OPENID in allowed:
            id_token = issue_id_token(
                self.tokens.ring,
                issuer=self.tokens.policy.issuer,
                application=asked.application,
                sign_in=SignIn(
                    subject=subject,
                    authenticated_at=grant.authenticated_at,
                    nonce=grant.nonce,
                    session_name=self._session_name(grant),
                ),
                access_token=access.access_token,
                now=work.now,
            )
        refresh = new_refresh_token(work, asked, grant) if with_refresh else ""
        return TokenAnswer(
            access=access, refresh_token=refresh, id_token=id_token, user_id=user.user_id
        )

    def _session_name(self, grant: GrantRow) -> str:
        if grant.session_id is None:
            return ""
        return session_name(self.vault, grant.client_id, grant.session_id)


def new_refresh_token(work: UnitOfWork, asked: Asked, grant: GrantRow) -> str:
    """The next token of the grant's family, empty where the client gets none."""
    if (
        not asked.profile.refresh_seconds
        or profiles.REFRESH_TOKEN not in asked.application.grant_types
        or not asked.governance.allow_refresh_tokens
    ):
        return ""
    token = new_opaque("vwr")
    work.session.add(
        RefreshTokenRow(
            token_hash=key_hash(token),
            grant_id=grant.grant_id,
            created_at=work.now,
            expires_at=work.now + timedelta(seconds=asked.profile.refresh_seconds),
        )
    )
    return token


def end_grants(work: UnitOfWork, *which: ColumnElement[bool], reason: str) -> None:
    """End those of these grants that have not ended."""
    for grant in work.session.scalars(
        select(GrantRow).where(GrantRow.revoked_at.is_(None), *which)
    ):
        end_grant(work, grant, reason=reason)


def end_grant(work: UnitOfWork, grant: GrantRow, *, reason: str) -> None:
    """Everything issued from it ends; a grant that ended already keeps its first reason."""
    if grant.revoked_at is None:
        grant.revoked_at, grant.revoked_for = work.now, reason
