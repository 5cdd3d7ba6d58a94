"""Dropping what can no longer be used, so that the tables stay as large as what is in use.

Codes are kept as long as what came of them may live: a code that comes twice ends all of it. The
audit keeps every id for ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, exists, or_

from cloud.core.authorization import proofs
from cloud.core.authorization.board_tables import BoardSessionRow
from cloud.core.authorization.grant_tables import (
    AuthorizationCodeRow,
    GrantRow,
    PushedRequestRow,
    RefreshTokenRow,
    RevokedTokenRow,
    SessionRow,
)
from cloud.core.authorization.profiles import PROFILES
from cloud.core.kernel.work import UnitOfWork

_SLACK: Final = timedelta(days=1)
_LONGEST: Final = timedelta(seconds=max(one.refresh_seconds for one in PROFILES)) + _SLACK


def forget_over(work: UnitOfWork) -> None:
    """Drop proofs, requests, codes, tokens, grants and sessions whose time is over."""
    recently, long_ago = work.now - _SLACK, work.now - _LONGEST
    proofs.forget_old(work)
    work.session.execute(delete(PushedRequestRow).where(PushedRequestRow.expires_at <= recently))
    work.session.execute(delete(RevokedTokenRow).where(RevokedTokenRow.expires_at <= recently))
    work.session.execute(delete(RefreshTokenRow).where(RefreshTokenRow.expires_at <= recently))
    work.session.execute(
        delete(AuthorizationCodeRow).where(AuthorizationCodeRow.expires_at <= long_ago)
    )
    work.session.execute(delete(BoardSessionRow).where(BoardSessionRow.expires_at <= recently))
    is_in_use = or_(
        exists().where(BoardSessionRow.grant_id == GrantRow.grant_id),
        exists().where(RefreshTokenRow.grant_id == GrantRow.grant_id),
        exists().where(AuthorizationCodeRow.grant_id == GrantRow.grant_id),
    )
    work.session.execute(
        delete(GrantRow)
        .where(GrantRow.created_at <= long_ago, ~is_in_use)
        .execution_options(synchronize_session=False)
    )
    has_grants = exists().where(GrantRow.session_id == SessionRow.session_id)
    work.session.execute(
        delete(SessionRow)
        .where(SessionRow.expires_at <= recently, ~has_grants)
        .execution_options(synchronize_session=False)
    )
