"""Turning the signing keys: new ones sign, the old ones verify until what they signed is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, or_, select

from cloud.core.authorization import keys
from cloud.core.authorization.service_tokens import last_to_end
from cloud.core.authorization.tables import SigningKeyRow
from cloud.core.kernel import audit, outbox
from cloud.core.kernel.errors import ConflictError, NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork

AT_MOST_EVERY: Final = timedelta(minutes=10)
SKEW: Final = timedelta(minutes=10)
MOST_RETIRING: Final = 6
"""So many keys that sign no more are published at most, unless the operator wants more."""


def rotate_keys(
    work: UnitOfWork, vault: Vault, principal: Principal, *, is_operator: bool = False
) -> list[SigningKeyRow]:
    """New keys sign from now on; they serve every tenant, so whoever turns them is audited twice.

    ConflictError `rotated_recently` or `too_many_signing_keys`: a tenant that turned them over and
    over would fill the published set for all. Nothing holds the operator back, who may have to
    hurry.
    """
    published = keys.signing_keys(work)
    if not is_operator:
        _check_pace(published, work)
    signing_since = min(
        (row.created_at for row in published if row.retiring_at is None), default=work.now
    )
    # What was made before these keys were there they did not sign.
    last = last_to_end(work, since=signing_since - SKEW)
    keep_for = keys.OVERLAP if last is None else max(keys.OVERLAP, last - work.now + SKEW)
    made = keys.rotate(work, vault, keep_for=keep_for)
    for row in made:
        _note(work, principal, "key.rotated", row.kid)
    outbox.publish(
        work,
        tenant_id=principal.tenant_id,
        event_type="auth.key.rotated",
        resource_type="signing_key",
        resource_id=made[0].kid,
        data={"kids": [row.kid for row in made]},
    )
    return made


def retire_key(work: UnitOfWork, principal: Principal, kid: str) -> None:
    """End a key at once, with every token it signed: for one that leaked. NotFoundError."""
    if not keys.retire(work, kid):
        raise NotFoundError("key_not_found", "Use the id of a key that is still published.")
    _note(work, principal, "key.retired", kid)


def all_keys(
    work: UnitOfWork, *, after: tuple[datetime, str] | None = None, limit: int | None = None
) -> Sequence[SigningKeyRow]:
    """Every key there ever was, newest first, from the one after `after` (time and id)."""
    statement = select(SigningKeyRow).order_by(SigningKeyRow.created_at.desc(), SigningKeyRow.kid)
    if after is not None:
        at, kid = after
        statement = statement.where(
            or_(
                SigningKeyRow.created_at < at,
                and_(SigningKeyRow.created_at == at, SigningKeyRow.kid > kid),
            )
        )
    return work.session.scalars(statement.limit(limit)).all()


def status_of(row: SigningKeyRow, work: UnitOfWork) -> str:
    """active (it signs), retiring (it verifies) or retired."""
    if row.retired_at is not None and row.retired_at <= work.now:
        return "retired"
    return "active" if row.retiring_at is None else "retiring"


def _check_pace(published: Sequence[SigningKeyRow], work: UnitOfWork) -> None:
    turned = [row.retiring_at for row in published if row.retiring_at is not None]
    if any(at > work.now - AT_MOST_EVERY for at in turned):
        raise ConflictError("rotated_recently", "The keys are newer than ten minutes already.")
    # All that are published now will sign no more then.
    if len(published) > MOST_RETIRING:
        raise ConflictError(
            "too_many_signing_keys", "Ask the operator, or wait until older keys are over."
        )


def _note(work: UnitOfWork, principal: Principal, action: str, kid: str) -> None:
    audit.record(work, principal, action, "signing_key", kid)
    if principal.tenant_id != audit.INSTALLATION:
        everybodys = replace(principal, tenant_id=audit.INSTALLATION)
        audit.record(work, everybodys, action, "signing_key", kid)
